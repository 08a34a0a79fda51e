import Ratchet
import SealpostCore

extension Messenger {
    /// Makes an account with this machine as its first device, which holds the account key.
    ///
    /// Safe to repeat with the same password when it was interrupted: what the server has already done is taken up.
    public static func register(
        _ registration: Registration, at location: ProfileLocation, options: Options = Options()
    ) async throws(ClientError) -> Messenger {
        let (messenger, isResumed) = try await prepare(registration, at: location, options: options)
        do throws(ClientError) {
            if try await messenger.device().phase == .registering {
                let session = try await messenger.createAccount(registration, isResumed: isResumed)
                options.environment.reached(.sessionAnswered)
                try await messenger.noteSignedIn(session)
            }
            try await messenger.finishRegistration()
            return messenger
        } catch {
            try messenger.close()
            throw error
        }
    }

    /// Makes this machine a new device of an account that exists.
    ///
    /// Unless the account had no device yet, the device is pending afterwards: it shows `linkCode()`, and the device
    /// that holds the account key approves it. Safe to repeat when it was interrupted.
    public static func logIn(
        _ registration: Registration, at location: ProfileLocation, options: Options = Options()
    ) async throws(ClientError) -> Messenger {
        let (messenger, _) = try await prepare(registration, at: location, options: options)
        do throws(ClientError) {
            if try await messenger.device().phase == .registering {
                let session = try await messenger.api.signIn(
                    SignInRequest(handle: registration.handle, password: registration.password))
                options.environment.reached(.sessionAnswered)
                try await messenger.noteSignedIn(session)
            }
            try await messenger.finishRegistration()
            return messenger
        } catch {
            try messenger.close()
            throw error
        }
    }

    /// Starts a new session of this device when the one before has ended.
    public func signIn(password: String) async throws(ClientError) {
        let device = try await device()
        let session: SessionAnswer
        if let number = device.number {
            let challenge = try await api.challenge().challenge
            let proof = try await keys().identity.loginProof(
                challenge: challenge.bytes, handle: device.handle.description, number: number.value)
            session = try await api.signIn(
                SignInRequest(
                    handle: device.handle, password: password, device: number, challenge: challenge,
                    proof: Base64(proof)))
        } else {
            session = try await api.signIn(SignInRequest(handle: device.handle, password: password))
        }
        environment.reached(.sessionAnswered)
        if device.number == nil { try await noteSignedIn(session) } else { try await api.use(session) }
    }

    /// Starts a new session of this device with the account key, when the password is forgotten.
    public func signInWithAccountKey() async throws(ClientError) {
        let (device, keys) = (try await device(), try await keys())
        guard let account = keys.account, let number = device.number else { throw .notAccountKeyHolder }
        let challenge = try await api.challenge().challenge
        let handle = device.handle.description
        let session = try await api.signIn(
            SignInRequest(
                handle: device.handle, device: number, challenge: challenge,
                proof: Base64(
                    keys.identity.loginProof(challenge: challenge.bytes, handle: handle, number: number.value)),
                keySignature: Base64(account.key.signInProof(challenge: challenge.bytes, handle: handle))))
        environment.reached(.sessionAnswered)
        try await api.use(session)
    }

    /// Ends the session on the server and here; keys, contacts and messages stay.
    public func signOut() async throws(ClientError) {
        try await api.endSession("current")
        try await api.forgetSession()
    }
}

extension Messenger {
    /// Opens a profile that a registration left unfinished, or makes a new one, with fresh keys for the account.
    private static func prepare(
        _ registration: Registration, at location: ProfileLocation, options: Options
    ) async throws(ClientError) -> (Messenger, isResumed: Bool) {
        guard Limits.nameLength.contains(registration.deviceName.count) else {
            throw .invalidArgument("a device's name has 1 to 64 characters")
        }
        let (profile, found) = try await openUnfinished(location, options: options)
        options.environment.reached(.profileCreated)
        let isResumed = found?.handle == registration.handle && found?.server == registration.server
        if let found, found.phase != .registering {
            try profile.close()
            guard isResumed else { throw .profile(.exists(directory: location.directory)) }
            return (try await openStored(location, options: options), isResumed)
        }
        let record = DeviceRecord(
            server: registration.server, handle: registration.handle, name: registration.deviceName,
            phase: .registering)
        try await profile.transaction { transaction in
            try transaction.setDevice(record)
            if found == nil { try DeviceKeys.create(in: transaction) }
        }
        options.environment.reached(.keysStored)
        do {
            return (try Messenger(profile: profile, device: record, session: nil, options: options), isResumed)
        } catch {
            try profile.close()
            throw error
        }
    }

    private static func openUnfinished(
        _ location: ProfileLocation, options: Options
    ) async throws(ClientError) -> (Profile, DeviceRecord?) {
        let profile: Profile
        do {
            profile = try await Profile.create(at: location, passphrase: options.passphrase)
            return (profile, nil)
        } catch {
            guard case .profile(.exists) = error else { throw error }
        }
        profile = try await Profile.open(at: location, passphrase: options.passphrase)
        do throws(ClientError) {
            let found = try await profile.transaction { transaction in
                let device = try transaction.value(DeviceRecord.self, DeviceRecord.key, in: .state)
                let isFinished =
                    switch device?.phase {
                    case nil, .registering, .signedIn: false
                    case .pending: device?.draft == nil
                    case .listed, .removed: true
                    }
                guard !isFinished else { throw ProfileError.exists(directory: location.directory) }
                return device
            }
            return (profile, found)
        } catch {
            try profile.close()
            throw error
        }
    }

    /// Creates the account. If an interrupted registration may have created it already, signs in instead.
    private func createAccount(
        _ registration: Registration, isResumed: Bool
    ) async throws(ClientError) -> SessionAnswer {
        do {
            return try await api.register(
                RegisterRequest(
                    handle: registration.handle, password: registration.password, email: registration.email,
                    invite: registration.invite)
            ).session
        } catch {
            guard isResumed, case .refused(let problem) = error, problem.code == .handleTaken else { throw error }
            do {
                return try await api.signIn(
                    SignInRequest(handle: registration.handle, password: registration.password))
            } catch {
                throw .refused(problem)
            }
        }
    }

    private func noteSignedIn(_ session: SessionAnswer) async throws(ClientError) {
        try await api.use(session)
        try await profile.transaction { transaction in
            var device = try transaction.device()
            if device.phase == .registering { device.phase = .signedIn }
            try transaction.setDevice(device)
        }
    }

    func keys() async throws(ClientError) -> DeviceKeys {
        try await profile.transaction { try DeviceKeys.load(in: $0) }
    }
}

extension Messenger {
    /// Goes from "signed in" to "pending" or, with the account key, to "listed"; every step may be repeated.
    func finishRegistration() async throws(ClientError) {
        if try await device().phase == .signedIn { try await registerDevice() }
        guard try await device().phase == .pending else { return }
        try await uploadOneTimePrekeys()
        if try await keys().account != nil { try await publishDraft() }
    }

    /// Registers the device, pending. An account without an account key gets the one that this device makes.
    private func registerDevice() async throws(ClientError) {
        let device = try await device()
        let directory = try await api.directory(device.handle)
        let keys = try await self.keys()
        let prekeys = try await longLivedPrekeys()
        environment.reached(.prekeysStored)
        let challenge = try await api.challenge().challenge
        let proof = keys.identity.deviceProof(challenge: challenge.bytes, handle: device.handle.description)
        let answer = try await api.registerDevice(
            DeviceRequest(
                name: device.name, identityKey: Base64(keys.identity.publicKey), prekeys: prekeys,
                challenge: challenge, proof: Base64(proof)))
        environment.reached(.deviceAnswered)
        try await api.use(answer.session)
        try await noteRegisteredPrekeys()
        let now = environment.now()
        let failure: ClientError? = try await profile.transaction { transaction in
            var device = try transaction.device()
            device.phase = .pending
            device.number = answer.device
            if let key = directory.accountKey {
                device.accountKey = key
                // The account's list as this device first sees it; the code that people compare covers its key.
                if let offer = directory.offer,
                    case .failure(let error) = try transaction.take(offer, of: device.handle, now: now)
                {
                    return error
                }
            } else {
                device.accountKey = Base64(try DeviceKeys.createAccountKey(in: transaction))
            }
            try transaction.setDevice(device)
            guard directory.accountKey == nil else { return nil }
            let entry = SignedList.Device(
                number: answer.device, identityKey: Base64(keys.identity.publicKey), added: now.unixSeconds)
            try transaction.draftList { $0 + [entry] }
            return nil
        }
        if let failure { throw failure }
    }
}

extension DirectoryAnswer {
    /// The list that the server offers, if there is one.
    var offer: ListOffer? {
        guard let key = accountKey, let list, let signature else { return nil }
        return ListOffer(accountKey: key.bytes, list: list.bytes, signature: signature.bytes)
    }
}
