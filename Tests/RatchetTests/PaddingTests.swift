import Ratchet
import Testing

@Suite struct PaddingTests {
    @Test(arguments: [
        (0, 256), (255, 256), (256, 512), (511, 512), (1_023, 1_024), (2_047, 2_048), (4_095, 4_096), (4_096, 4_352),
        (65_535, 65_536), (65_536, 67_584), (200_000, 200_704), (258_047, 258_048),
    ])
    func `a content gets the size of its bucket, above 4096 bytes that of Padmé`(content: Int, size: Int) throws {
        let padded = try Padding.pad([UInt8](repeating: 1, count: content))
        #expect(padded.count == size)
        #expect(padded[content] == 0x80)
        #expect(padded[(content + 1)...].allSatisfy { $0 == 0 })
        #expect(try Padding.unpad(padded).count == content)
    }

    @Test func `content that ends like padding comes back whole`() throws {
        for content in [[0x80], [0x80, 0, 0], [0], []] as [[UInt8]] {
            #expect(try Padding.unpad(try Padding.pad(content)) == content)
        }
    }

    @Test func `content that does not fit is refused with the limit`() {
        #expect(throws: RatchetError.contentTooLong(limit: 258_047)) {
            try Padding.pad([UInt8](repeating: 1, count: 258_048))
        }
    }

    @Test func `what has no mark is no padding`() {
        for padded in [[], [0, 0], [1], [0x81, 0], [0x80, 1]] as [[UInt8]] {
            #expect(throws: RatchetError.invalidPadding) { try Padding.unpad(padded) }
        }
    }
}
