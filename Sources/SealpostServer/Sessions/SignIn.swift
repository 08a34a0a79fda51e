import Hummingbird
import SealpostCore
import SealpostFormats
import SealpostStore
import SodiumKit

/// `POST /v1/sessions`: by password or by the account key, as a device or as none.
///
/// Unknown user and wrong password (or key) answer alike and in equal time.
struct SignIn: Sendable {
    let parts: Dependencies

    @Sendable func respond(_ call: Call) async throws -> Response {
        let request = try await call.body(SignInRequest.self)
        let login = try Self.login(request)
        try Self.checkShape(request)
        if let challenge = request.challenge {
            try parts.challenges.check(challenge.bytes)
        }
        let (credentials, verified) = try await authenticate(request, login, from: NetworkPrefix(call.context.peer))
        if let device = request.device {
            try await checkProof(request, device: device, of: credentials)
        }
        if let challenge = request.challenge {
            try await parts.challenges.spend(challenge.bytes)
        }
        let session = NewSession(id: .random(), device: request.device)
        switch try await parts.store.createSession(session, of: credentials.account, verified: verified) {
        case .created(let session):
            return try .json(try await parts.answer(for: session), status: .created)
        case .unknownAccount, .credentialChanged:
            throw Self.wrongCredentials
        case .unknownDevice:
            throw Self.invalidProof
        }
    }

    // MARK: The request's shape

    private static func login(_ request: SignInRequest) throws(Problem) -> Login {
        switch (request.handle, request.email) {
        case (let handle?, nil): return .handle(handle)
        case (nil, let email?): return .email(try InputRules.email(email))
        case (nil, nil): throw Problem(.missingMember, "handle or email is required", member: "handle")
        case (_?, _?): throw Problem(.invalidMember, "email cannot go with handle", member: "email")
        }
    }

    private static func checkShape(_ request: SignInRequest) throws(Problem) {
        switch (request.password, request.keySignature) {
        case (nil, nil):
            throw Problem(.missingMember, "password is required", member: "password")
        case (_?, _?):
            throw Problem(.invalidMember, "key_signature cannot go with password", member: "key_signature")
        case (let password?, nil):
            guard password.utf8.count <= 1024 else {
                throw Problem(.invalidMember, "password is too long", member: "password")
            }
        case (nil, _?):
            guard request.handle != nil else {
                throw Problem(.missingMember, "handle is required with key_signature", member: "handle")
            }
        }
        guard request.device != nil || request.proof == nil else {
            throw Problem(.missingMember, "device is required with proof", member: "device")
        }
        guard request.device == nil || request.proof != nil else {
            throw Problem(.missingMember, "proof is required with device", member: "proof")
        }
        let needsChallenge = request.device != nil || request.keySignature != nil
        guard needsChallenge == (request.challenge != nil) else {
            throw needsChallenge
                ? Problem(.missingMember, "challenge is required with proof and key_signature", member: "challenge")
                : Problem(.invalidMember, "challenge goes only with proof or key_signature", member: "challenge")
        }
    }

    // MARK: Who it is

    private func authenticate(
        _ request: SignInRequest, _ login: Login, from place: NetworkPrefix
    ) async throws -> (Credentials, VerifiedCredential) {
        let credentials = try await parts.store.credentials(for: login)
        let target = credentials.map { RateLimiter.Target.account($0.account) } ?? .unknown(login)
        try parts.limiter.beginSignIn(to: target, from: place)
        var verified: VerifiedCredential?
        if let password = request.password {
            do {
                if try await parts.passwords.verify(password, against: credentials?.passwordHash) {
                    verified = credentials?.passwordHash.map(VerifiedCredential.passwordHash)
                }
            } catch {
                // Nothing was tried.
                parts.limiter.signInSucceeded(to: target, from: place)
                throw error
            }
        } else if Self.isSignedByAccountKey(request, credentials) {
            verified = credentials?.accountKey.map(VerifiedCredential.accountKey)
        }
        guard let credentials, let verified else { throw Self.wrongCredentials }
        parts.limiter.signInSucceeded(to: target, from: place)
        return (credentials, verified)
    }

    /// A handle without an account (or key) is checked against a key that nobody has, for equal time.
    private static func isSignedByAccountKey(_ request: SignInRequest, _ credentials: Credentials?) -> Bool {
        guard let handle = request.handle, let challenge = request.challenge, let signature = request.keySignature
        else { return false }
        let isRight = Ed25519.isValidSignature(
            signature.bytes,
            of: SignedBytes.accountSignIn(challenge: challenge.bytes, handle: handle.description),
            by: credentials?.accountKey ?? nobodysKey)
        return isRight && credentials?.accountKey != nil
    }

    /// The public key of a seed that was thrown away.
    private static let nobodysKey = Ed25519.SigningKey().publicKey

    private func checkProof(
        _ request: SignInRequest, device: DeviceNumber, of credentials: Credentials
    ) async throws {
        let devices = try await parts.store.devices(of: credentials.account)
        guard let known = devices.first(where: { $0.number == device }), let challenge = request.challenge,
            let proof = request.proof,
            Ed25519.isValidSignature(
                proof.bytes,
                of: SignedBytes.loginProof(
                    challenge: challenge.bytes, handle: credentials.handle.description, number: device.value),
                by: known.identityKey)
        else { throw Self.invalidProof }
    }

    private static var wrongCredentials: Problem {
        Problem(.wrongCredentials, "check the name and the password")
    }

    private static var invalidProof: Problem {
        Problem(.invalidProof, "proof must be the registered device's signature over the challenge", member: "proof")
    }
}
