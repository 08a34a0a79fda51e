import Crypto
import SealpostCore
import SealpostStore

/// Challenges that devices and account keys sign: not stored when given, spent in the store when used.
package struct Challenges: Sendable {
    private let keys: [SymmetricKey]
    private let clock: ServerClock
    private let store: any MailStore

    package init(keys: ServerKeys, clock: ServerClock, store: any MailStore) {
        self.keys = keys.all.map(\.challenge)
        self.clock = clock
        self.store = store
    }

    /// A new one: expiry u64 milliseconds || random 8 || MAC 16.
    package func make() -> (challenge: [UInt8], expires: Timestamp) {
        let expires = clock.now() + Limits.challengeLife
        var body = withUnsafeBytes(of: expires.milliseconds.bigEndian) { Array($0) }
        body += (0..<8).map { _ in UInt8.random(in: .min ... .max) }
        return (body + Self.code(of: body, key: keys[0]), expires)
    }

    /// Uses a challenge up; throws `invalid_challenge` for one that is not ours, too old or used before.
    ///
    /// Call it after the proof over the challenge was found good, so that nobody spends other people's.
    package func spend(_ challenge: [UInt8]) async throws {
        let expires = try check(challenge)
        guard try await store.spendChallenge(Array(SHA256.hash(data: challenge)), expires: expires) else {
            throw Self.invalid
        }
    }

    /// Throws `invalid_challenge` for one that is not ours or too old; tells when it expires.
    @discardableResult
    package func check(_ challenge: [UInt8]) throws(Problem) -> Timestamp {
        guard challenge.count == 32 else { throw Self.invalid }
        let body = Array(challenge[..<16])
        let isOurs = keys.contains { key in
            zip(Self.code(of: body, key: key), challenge[16...]).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
        }
        let expires = Timestamp(milliseconds: body[..<8].reduce(0) { $0 << 8 | Int64($1) })
        guard isOurs, clock.now() < expires else { throw Self.invalid }
        return expires
    }

    private static func code(of body: [UInt8], key: SymmetricKey) -> [UInt8] {
        Array(HMAC<SHA256>.authenticationCode(for: body, using: key).prefix(16))
    }

    private static var invalid: Problem {
        Problem(.invalidChallenge, "get a new one from POST /v1/sessions/challenge", member: "challenge")
    }
}
