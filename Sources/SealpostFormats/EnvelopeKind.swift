/// What an envelope is, as its first bytes tell.
package enum EnvelopeKind: Hashable, Sendable {
    /// `01 01`: carries a handshake and its first messages.
    case prekeyMessage
    /// `01 02`: a message of a session.
    case message
    /// `01 03`: hides its sender from the server.
    case sealed
    /// `01 04`: a stateless letter from a script.
    case letter
    /// `01 7f`: another suite, by its name.
    case foreign(String)

    static let suiteVersion: UInt8 = 0x01

    /// The word for it in JSON; a foreign one goes by its suite's name.
    package var word: String {
        switch self {
        case .prekeyMessage: "prekey_message"
        case .message: "message"
        case .sealed: "sealed"
        case .letter: "letter"
        case .foreign: "foreign"
        }
    }

    /// The kind of an envelope after a check of version, kind and least length: all that can be known without keys.
    package init(of envelope: [UInt8]) throws(FormatError) {
        var reader = ByteReader(envelope)
        let version = try reader.byte()
        guard version == Self.suiteVersion else { throw .unknownVersion(version) }
        let kind = try reader.byte()
        let least: Int
        switch kind {
        case 0x01: (self, least) = (.prekeyMessage, PrekeyMessage.leastLength)
        case 0x02: (self, least) = (.message, RatchetMessage.leastLength)
        case 0x03: (self, least) = (.sealed, Self.leastSealedLength)
        case 0x04: (self, least) = (.letter, Self.leastSealedLength)
        case 0x7f:
            let name = try reader.shortString()
            guard !name.isEmpty, name.allSatisfy({ (0x21...0x7e).contains($0) }) else { throw .invalidSuiteName }
            (self, least) = (.foreign(String(decoding: name, as: UTF8.self)), 3 + name.count + 1)
        default: throw .unknownKind(kind)
        }
        guard envelope.count >= least else { throw .truncated }
    }

    /// `01 03|04 || key_id u32 || enc || tag`.
    private static let leastSealedLength = 2 + 4 + KeyLength.sealingCiphertext + KeyLength.tag
}
