import Crypto
import SealpostCore
import SealpostStore

/// Refresh tokens: the session's id and a number, with a MAC over both; nothing of them is stored but the number.
package struct RefreshTokens: Sendable {
    private let keys: [SymmetricKey]

    package init(keys: ServerKeys) {
        self.keys = keys.all.map(\.refresh)
    }

    /// base64url of id 16 || number i64 || HMAC-SHA-256 32.
    package func text(session: RecordID, number: Int64) -> String {
        let body = session.bytes + withUnsafeBytes(of: number.bigEndian) { Array($0) }
        return Base64URL.encode(body + HMAC<SHA256>.authenticationCode(for: body, using: keys[0]))
    }

    /// What a text names; nil unless this service made it.
    package func read(_ text: String) -> (session: RecordID, number: Int64)? {
        guard text.utf8.count <= 128, let bytes = Base64URL.decode(text), bytes.count == 56 else { return nil }
        let body = bytes[..<24]
        let isOurs = keys.contains {
            HMAC<SHA256>.isValidAuthenticationCode(bytes[24...], authenticating: body, using: $0)
        }
        guard isOurs, let session = RecordID(Array(bytes[..<16])) else { return nil }
        return (session, body[16...].reduce(0) { $0 << 8 | Int64($1) })
    }
}
