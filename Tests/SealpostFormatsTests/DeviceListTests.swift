import SealpostFormats
import SodiumKit
import Testing

@Suite final class DeviceListTests {
    let account = Ed25519.SigningKey()
    let device = Ed25519.SigningKey()

    private func list(version: UInt64 = 1, previous: [UInt8] = DeviceList.noPredecessor) throws -> DeviceList {
        try DeviceList(
            handle: "alice", version: version, previous: previous, accountKey: account.publicKey,
            entries: [
                .init(number: 3, identityKey: device.publicKey, added: 1_700_000_000),
                .init(number: 1, identityKey: device.publicKey, added: 1_600_000_000),
            ])
    }

    private func check(_ bytes: [UInt8], signature: [UInt8]) throws(FormatError) -> DeviceList {
        try DeviceList.verified(
            bytes, signature: signature, handle: "alice", accountKey: account.publicKey,
            crypto: SodiumFormatCrypto.self)
    }

    @Test func `the bytes are those of the specification`() throws {
        let previous = [UInt8](repeating: 7, count: 32)
        let expected =
            Array("SealpostDL".utf8) + [1, 5] + Array("alice".utf8) + [0, 0, 0, 0, 0, 0, 1, 2] + previous
            + account.publicKey + [2]
            + [0, 0, 0, 1] + device.publicKey + [0, 0, 0, 0, 0x5f, 0x5e, 0x10, 0]
            + [0, 0, 0, 3] + device.publicKey + [0, 0, 0, 0, 0x65, 0x53, 0xf1, 0]
        #expect(try list(version: 258, previous: previous).encoded() == expected)
        #expect(try DeviceList(decoding: expected).entries.map(\.number) == [1, 3])
    }

    @Test func `a signed list verifies and comes back equal`() throws {
        let list = try list()
        let bytes = list.encoded()
        #expect(try check(bytes, signature: account.sign(bytes)) == list)
        #expect(list.hash(SodiumFormatCrypto.self) == SHA256.hash(bytes))
        #expect(list.entry(3)?.added == 1_700_000_000)
        #expect(list.entry(2) == nil)
    }

    @Test func `another signer, handle or account key is refused`() throws {
        let bytes = try list().encoded()
        #expect(throws: FormatError.invalidSignature) { try check(bytes, signature: device.sign(bytes)) }
        let signature = account.sign(bytes)
        #expect(throws: FormatError.wrongHandle) {
            try DeviceList.verified(
                bytes, signature: signature, handle: "alicf", accountKey: account.publicKey,
                crypto: SodiumFormatCrypto.self)
        }
        #expect(throws: FormatError.wrongAccountKey) {
            try DeviceList.verified(
                bytes, signature: signature, handle: "alice", accountKey: device.publicKey,
                crypto: SodiumFormatCrypto.self)
        }
    }

    @Test func `a list with an identity key of small order is refused though its signature is right`() throws {
        let small = [1] + [UInt8](repeating: 0, count: 31)
        let list = try DeviceList(
            handle: "alice", version: 1, previous: DeviceList.noPredecessor, accountKey: account.publicKey,
            entries: [.init(number: 1, identityKey: small, added: 0)])
        let bytes = list.encoded()
        #expect(throws: FormatError.invalidPublicKey) { try check(bytes, signature: account.sign(bytes)) }
    }

    @Test func `every cut, every added byte and every changed field is refused`() throws {
        let bytes = try list().encoded()
        for length in 0..<bytes.count {
            #expect(throws: FormatError.self) { try DeviceList(decoding: Array(bytes.prefix(length))) }
        }
        #expect(throws: FormatError.trailingBytes) { try DeviceList(decoding: bytes + [0]) }
        #expect(throws: FormatError.wrongLabel) { try DeviceList(decoding: changed(bytes, at: 0, to: 0x73)) }
        #expect(throws: FormatError.unknownVersion(2)) { try DeviceList(decoding: changed(bytes, at: 10, to: 2)) }
        #expect(throws: FormatError.invalidHandle) { try DeviceList(decoding: changed(bytes, at: 12, to: 0x41)) }
        #expect(throws: FormatError.versionZero) { try DeviceList(decoding: changed(bytes, at: 24, to: 0)) }
        #expect(throws: FormatError.unexpectedPredecessor) {
            try DeviceList(decoding: changed(bytes, at: 25, to: 1))
        }
        #expect(throws: FormatError.tooManyDevices(11)) { try DeviceList(decoding: changed(bytes, at: 89, to: 11)) }
        #expect(throws: FormatError.numberZero) { try DeviceList(decoding: changed(bytes, at: 93, to: 0)) }
        #expect(throws: FormatError.unorderedDevices) { try DeviceList(decoding: changed(bytes, at: 93, to: 3)) }
    }

    @Test func `one device cannot be listed twice, and not more than ten`() throws {
        let entry = DeviceList.Entry(number: 1, identityKey: device.publicKey, added: 0)
        #expect(throws: FormatError.unorderedDevices) {
            try DeviceList(
                handle: "alice", version: 1, previous: DeviceList.noPredecessor, accountKey: account.publicKey,
                entries: [entry, entry])
        }
        let many = (1...11).map { DeviceList.Entry(number: $0, identityKey: device.publicKey, added: 0) }
        #expect(throws: FormatError.tooManyDevices(11)) {
            try DeviceList(
                handle: "alice", version: 1, previous: DeviceList.noPredecessor, accountKey: account.publicKey,
                entries: many)
        }
    }

    @Test func `an empty list is a list`() throws {
        let list = try DeviceList(
            handle: "al", version: 1, previous: DeviceList.noPredecessor, accountKey: account.publicKey, entries: [])
        #expect(try DeviceList(decoding: list.encoded()) == list)
    }

    @Test func `only the next version over the same bytes succeeds`() throws {
        let first = try list()
        let hash = first.hash(SodiumFormatCrypto.self)
        #expect(try list(version: 2, previous: hash).succeeds(first, crypto: SodiumFormatCrypto.self))
        #expect(try !list(version: 3, previous: hash).succeeds(first, crypto: SodiumFormatCrypto.self))
        let other = [UInt8](repeating: 1, count: 32)
        #expect(try !list(version: 2, previous: other).succeeds(first, crypto: SodiumFormatCrypto.self))
    }

    private func changed(_ bytes: [UInt8], at index: Int, to value: UInt8) -> [UInt8] {
        var copy = bytes
        copy[index] = value
        return copy
    }
}
