import SealpostCore
import SealpostFormats
import SodiumKit

extension Messenger {
    /// Every account that this profile knows, but one's own, by handle.
    public func contacts() async throws(ClientError) -> [Contact] {
        try await profile.transaction { transaction in
            let own = try transaction.device().handle
            return try transaction.values(ContactRecord.self, in: .contact).filter { $0.handle != own }
                .map(Contact.init).sorted { $0.handle.description < $1.handle.description }
        }
    }

    /// What is known of an account; from the profile alone.
    public func contact(_ handle: Handle) async throws(ClientError) -> Contact {
        Contact(try await knownContact(handle))
    }

    /// Asks the server for the account, checks its list and pins its key if it is new.
    ///
    /// Throws `untrusted` when the server's answer cannot be believed; what was known stays.
    @discardableResult
    public func lookUp(_ handle: Handle) async throws(ClientError) -> Contact {
        Contact(try await refreshContact(handle))
    }

    /// The 60 digits to compare with the contact, the same on both sides; from the profile alone.
    ///
    /// - Parameter offered: for the account key that the server names now, to compare before it is accepted.
    public func safetyNumber(with handle: Handle, offered: Bool = false) async throws(ClientError) -> String {
        let (own, key) = try await profile.transaction { transaction in
            let device = try transaction.device()
            guard let key = device.accountKey else { throw ClientError.signedOut }
            guard let contact = try transaction.contact(handle) else {
                throw ClientError.notFound("contact \(handle)")
            }
            guard let theirs = offered ? contact.offer?.accountKey : contact.accountKey else {
                throw ClientError.notFound("new account key of \(handle)")
            }
            return ((handle: device.handle.description, accountKey: key.bytes), theirs.bytes)
        }
        return try await offPool { () throws(ClientError) in
            SafetyNumber.digits(
                own, (handle: handle.description, accountKey: key), hash: SodiumFormatCrypto.self)
        }
    }

    /// Notes that the user has compared safety numbers, or takes that back.
    public func setVerified(_ verified: Bool, _ handle: Handle) async throws(ClientError) {
        try await profile.transaction { transaction in
            guard var contact = try transaction.contact(handle) else {
                throw ClientError.notFound("contact \(handle)")
            }
            contact.verified = verified
            try transaction.setContact(contact)
        }
    }

    /// Accepts the account key that the server names now, on the user's word: pins it and starts its sessions anew.
    /// Mail to the contact goes out again. The contact counts as not verified.
    public func acceptAccountKey(of handle: Handle) async throws(ClientError) {
        try await decide(on: handle) { $0.acceptOffer() }
    }

    /// Keeps the pinned account key and forgets the other one, on the user's word. Mail goes out again to the devices
    /// that are known, until the server names another key again.
    public func rejectAccountKey(of handle: Handle) async throws(ClientError) {
        try await decide(on: handle) { $0.rejectOffer() }
    }

    private func decide(
        on handle: Handle, _ change: @escaping @Sendable (inout ContactRecord) -> Bool
    ) async throws(ClientError) {
        try await profile.transaction { transaction in
            guard var contact = try transaction.contact(handle), change(&contact) else {
                throw ClientError.notFound("new account key of \(handle)")
            }
            try transaction.setContact(contact)
            for var record in try transaction.outbox() where record.recipient == handle {
                record.nextAttempt = nil
                try transaction.setOutbox(record)
            }
        }
    }

    func knownContact(_ handle: Handle) async throws(ClientError) -> ContactRecord {
        try await profile.transaction { transaction in
            guard let contact = try transaction.contact(handle) else {
                throw ClientError.notFound("contact \(handle)")
            }
            return contact
        }
    }

    /// Asks the server for an account's list and takes it if it may be believed; tells and throws what is wrong.
    @discardableResult
    func refreshContact(_ handle: Handle) async throws(ClientError) -> ContactRecord {
        let answer = try await api.directory(handle)
        guard answer.handle == handle else {
            let failure = TrustFailure(handle, .listForAnotherHandle, "answered for \(answer.handle)")
            try await profile.transaction { try $0.warn(.trust(failure)) }
            throw .untrusted(failure)
        }
        guard let key = answer.accountKey, let list = answer.list, let signature = answer.signature else {
            let isKnown = try await profile.transaction { try $0.contact(handle) != nil }
            guard isKnown else {
                throw .refused(Problem(.noDevices, "\(handle) has no device that could take mail yet"))
            }
            let failure = TrustFailure(handle, .listWithheld)
            try await profile.transaction { try $0.warn(.trust(failure)) }
            throw .untrusted(failure)
        }
        return try await take(
            ListOffer(accountKey: key.bytes, list: list.bytes, signature: signature.bytes), of: handle)
    }

    /// Takes an offered list of an account into the profile; tells and throws what is wrong with it.
    @discardableResult
    func take(_ offer: ListOffer, of handle: Handle) async throws(ClientError) -> ContactRecord {
        let now = environment.now()
        let result = try await profile.transaction { try $0.take(offer, of: handle, now: now) }
        return try result.get()
    }
}

extension Transaction {
    /// Checks and stores an offered list. A failure is a value, not an error: what it left in the record (a changed
    /// account key, a warning) has to be committed.
    func take(_ offer: ListOffer, of handle: Handle, now: Timestamp) throws -> Result<ContactRecord, ClientError> {
        let device = try device()
        let isOwn = device.handle == handle
        // The key that the link code was computed over is one's own for ever: no other one can be offered or accepted.
        if isOwn, let pinned = device.accountKey?.bytes, let key = offer.namedAccountKey, key != pinned {
            let failure = TrustFailure(handle, .ownAccountKeyChanged)
            try warn(.trust(failure))
            return .failure(.untrusted(failure))
        }
        guard var contact = try contact(handle) else {
            let contact: ContactRecord
            do {
                contact = try ContactRecord(firstUse: handle, offer, now: now)
            } catch {
                try warn(.trust(error))
                return .failure(.untrusted(error))
            }
            try setContact(contact)
            if !isOwn { try warn(.newContact(handle)) }
            return .success(contact)
        }
        let before = contact
        do {
            _ = try contact.take(offer, now: now)
        } catch {
            if contact != before { try setContact(contact) }
            try warn(.trust(error))
            return .failure(.untrusted(error))
        }
        if contact != before { try setContact(contact) }
        return .success(contact)
    }
}
