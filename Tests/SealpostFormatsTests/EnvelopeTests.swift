import SealpostFormats
import Testing

@Suite struct EnvelopeTests {
    static let header = RatchetHeader(
        ratchetKey: [UInt8](repeating: 5, count: 32), previousCount: 0x0102_0304, number: 0x0506_0708)
    static let message = RatchetMessage(header: header, ciphertext: [UInt8](repeating: 9, count: 16))
    static let prekeyMessage = PrekeyMessage(
        handshake: .init(
            identityKey: [UInt8](repeating: 1, count: 32), ephemeralKey: [UInt8](repeating: 2, count: 32),
            signedPrekeyID: 3, oneTimePrekeyID: nil, kemPrekeyID: 4,
            kemCiphertext: [UInt8](repeating: 6, count: 1568)),
        message: message)

    @Test func `the bytes are those of the specification`() throws {
        let header = [UInt8](repeating: 5, count: 32) + [1, 2, 3, 4, 5, 6, 7, 8]
        #expect(Self.message.encoded() == [1, 2] + header + [UInt8](repeating: 9, count: 16))
        let handshake =
            [UInt8](repeating: 1, count: 32) + [UInt8](repeating: 2, count: 32)
            + [0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 4] + [UInt8](repeating: 6, count: 1568)
        #expect(
            Self.prekeyMessage.encoded() == [1, 1] + handshake + header + [UInt8](repeating: 9, count: 16))
    }

    @Test func `what was encoded comes back equal`() throws {
        #expect(try RatchetMessage(decoding: Self.message.encoded()) == Self.message)
        #expect(try PrekeyMessage(decoding: Self.prekeyMessage.encoded()) == Self.prekeyMessage)
        #expect(try RatchetHeader(decoding: Self.header.encoded()) == Self.header)
    }

    @Test func `an envelope tells its kind`() throws {
        #expect(try EnvelopeKind(of: Self.prekeyMessage.encoded()) == .prekeyMessage)
        #expect(try EnvelopeKind(of: Self.message.encoded()) == .message)
        let sealed = [UInt8](repeating: 0, count: 4 + 1120 + 16)
        #expect(try EnvelopeKind(of: [1, 3] + sealed) == .sealed)
        #expect(try EnvelopeKind(of: [1, 4] + sealed) == .letter)
        #expect(try EnvelopeKind(of: [1, 0x7f, 3, 0x6d, 0x6c, 0x73, 0]) == .foreign("mls"))
    }

    @Test func `an envelope one byte too short is refused, whatever its kind`() {
        let sealed = [UInt8](repeating: 0, count: 4 + 1120 + 15)
        for envelope in [
            Array(Self.prekeyMessage.encoded().dropLast()), Array(Self.message.encoded().dropLast()),
            [1, 3] + sealed, [1, 4] + sealed, [1, 0x7f, 3, 0x6d, 0x6c, 0x73], [1, 0x7f, 3, 0x6d], [1, 0x7f], [1], [],
        ] as [[UInt8]] {
            #expect(throws: FormatError.truncated) { try EnvelopeKind(of: envelope) }
        }
    }

    @Test func `other versions and kinds are refused by name`() {
        #expect(throws: FormatError.unknownVersion(2)) { try EnvelopeKind(of: [2, 1]) }
        #expect(throws: FormatError.unknownKind(5)) { try EnvelopeKind(of: [1, 5, 0, 0]) }
        #expect(throws: FormatError.invalidSuiteName) { try EnvelopeKind(of: [1, 0x7f, 0, 0, 0]) }
        #expect(throws: FormatError.invalidSuiteName) { try EnvelopeKind(of: [1, 0x7f, 2, 0x6d, 0x0a, 0]) }
    }

    @Test func `random and mutated bytes never crash a decoder, and what is accepted encodes to the same bytes`() {
        var generator = SystemRandomNumberGenerator()
        let seeds = [Self.prekeyMessage.encoded(), Self.message.encoded()]
        for round in 0..<3_000 {
            var bytes = seeds[round % 2]
            switch round % 3 {
            case 0: bytes = (0..<Int.random(in: 0..<200)).map { _ in .random(in: 0...255) }
            case 1: bytes = Array(bytes.prefix(Int.random(in: 0...bytes.count)))
            default:
                for _ in 0..<Int.random(in: 1...8) {
                    bytes[Int.random(in: 0..<bytes.count)] = UInt8.random(in: 0...255, using: &generator)
                }
            }
            _ = try? EnvelopeKind(of: bytes)
            if let message = try? RatchetMessage(decoding: bytes) { #expect(message.encoded() == bytes) }
            if let message = try? PrekeyMessage(decoding: bytes) { #expect(message.encoded() == bytes) }
            if let list = try? DeviceList(decoding: Array("SealpostDL".utf8) + [1] + bytes) {
                #expect(list.encoded() == Array("SealpostDL".utf8) + [1] + bytes)
            }
        }
    }
}
