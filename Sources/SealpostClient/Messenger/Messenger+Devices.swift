import SealpostCore
import SealpostFormats
import SodiumKit

extension Messenger {
    /// The code that this device shows while it waits for approval: six groups of five digits over its identity key and
    /// the account key as the server gave it to this device.
    public func linkCode() async throws(ClientError) -> String {
        try await profile.transaction { transaction in
            let device = try transaction.device()
            guard let number = device.number, let accountKey = device.accountKey else {
                throw ClientError.devicePending
            }
            let key = try DeviceKeys.load(in: transaction).identity.publicKey
            return LinkCode.text(device.handle, number, identityKey: key, accountKey: accountKey.bytes)
        }
    }

    /// Looks whether the account's list names this device by now.
    ///
    /// - Returns: false while it is pending. Throws `untrusted` if the server's list cannot be believed.
    public func checkApproval() async throws(ClientError) -> Bool {
        let device = try await device()
        switch device.phase {
        case .listed: return true
        case .removed: throw .deviceRemoved
        case .registering, .signedIn, .pending: break
        }
        try await refreshOwnList()
        return try await self.device().phase == .listed
    }

    /// Asks for the account's own list, takes it, and follows it: from pending to listed, from listed to removed.
    func refreshOwnList() async throws(ClientError) {
        try await refreshContact(try await device().handle)
        try await profile.transaction { try $0.followOwnList() }
    }

    /// The account's devices as the server tells them.
    public func devices() async throws(ClientError) -> [OwnDevice] {
        let own = try await device().number
        return try await api.devices().map { device in
            OwnDevice(
                number: device.device, name: device.name, state: device.state, created: device.created,
                lastSeen: device.lastSeen, isThisDevice: device.device == own)
        }
    }

    /// Lists a pending device, when the code that it shows is the one computed here.
    ///
    /// - Parameter code: what the new device shows; digits count, whatever stands between them.
    public func approve(_ number: DeviceNumber, code: String) async throws(ClientError) {
        try await requireAccountKey()
        try await ensureOpening()
        try await publishDraft()
        guard let device = try await api.devices().first(where: { $0.device == number }) else {
            throw .notFound("device \(number)")
        }
        let now = environment.now()
        try await profile.transaction { transaction in
            let own = try transaction.device()
            guard let accountKey = own.accountKey else { throw ClientError.notAccountKeyHolder }
            let expected = LinkCode.text(
                own.handle, number, identityKey: device.identityKey.bytes, accountKey: accountKey.bytes)
            guard code.filter(\.isWholeNumber) == expected.filter(\.isWholeNumber) else {
                throw ClientError.linkCodeMismatch
            }
            if try transaction.contact(own.handle)?.list.device(number)?.identityKey == device.identityKey { return }
            try transaction.draftList { devices in
                devices.filter { $0.number != number }
                    + [.init(number: number, identityKey: device.identityKey, added: now.unixSeconds)]
            }
        }
        try await publishDraft()
    }

    /// Takes a device off the list and removes it with its mailbox.
    public func removeDevice(_ number: DeviceNumber) async throws(ClientError) {
        try await requireAccountKey()
        try await ensureOpening()
        try await publishDraft()
        try await profile.transaction { transaction in
            let own = try transaction.device()
            guard own.number != number else {
                throw ClientError.invalidArgument("this device holds the account key and cannot remove itself")
            }
            guard try transaction.contact(own.handle)?.list.device(number) != nil else { return }
            try transaction.draftList { $0.filter { $0.number != number } }
        }
        try await publishDraft()
        do {
            try await api.removeDevice(number)
        } catch {
            guard case .refused(let problem) = error, problem.code == .notFound else { throw error }
        }
    }

    private func requireAccountKey() async throws(ClientError) {
        guard try await keys().account != nil else { throw .notAccountKeyHolder }
    }

    /// Brings a signed list to the server that is not known to be there yet.
    func publishDraft() async throws(ClientError) {
        let (device, own) = try await profile.transaction { transaction in
            let device = try transaction.device()
            return (device, try transaction.contact(device.handle))
        }
        guard let draft = device.draft, let accountKey = device.accountKey else { return }
        environment.reached(.listSigned)
        do throws(ClientError) {
            if let own {
                _ = try await api.setDeviceList(
                    DeviceListRequest(list: draft.bytes, signature: draft.signature), previous: own.list.hash.bytes)
            } else {
                _ = try await api.setAccountKey(
                    AccountKeyRequest(accountKey: accountKey, list: draft.bytes, signature: draft.signature))
            }
        } catch {
            guard case .refused(let problem) = error, problem.code == .listConflict else { throw error }
            try await resolveConflict(draft, accountKey: accountKey)
            return
        }
        environment.reached(.listAnswered)
        let now = environment.now()
        try await profile.transaction { try $0.adoptDraft(now: now) }
    }

    /// The server has another list than the draft's predecessor: the draft itself if its answer was lost. Whoever holds
    /// the account key signs every list, so one that is not known here is not to be believed, and the key stays: a
    /// server must not get a device to give up its account key for another one.
    private func resolveConflict(_ draft: SignedList, accountKey: Base64) async throws(ClientError) {
        let handle = try await device().handle
        let directory = try await api.directory(handle)
        let now = environment.now()
        if directory.accountKey == accountKey, directory.list == draft.bytes {
            try await profile.transaction { try $0.adoptDraft(now: now) }
            return
        }
        try await refreshContact(handle)
        throw .untrusted(TrustFailure(handle, .listForked, "version \(draft.version)"))
    }
}

extension LinkCode {
    static func text(
        _ handle: Handle, _ number: DeviceNumber, identityKey: [UInt8], accountKey: [UInt8]
    ) -> String {
        groups(
            handle: handle.description, number: number.value, identityKey: identityKey, accountKey: accountKey,
            crypto: SodiumFormatCrypto.self
        ).joined(separator: " ")
    }
}
