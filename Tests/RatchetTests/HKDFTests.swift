import Ratchet
import SodiumKit
import Testing

@Suite struct HKDFTests {
    struct Case: Sendable {
        let salt, inputKey, info: [UInt8]
        let output: String
    }

    @Test(arguments: [
        Case(
            salt: Array(0x00...0x0c), inputKey: [UInt8](repeating: 0x0b, count: 22), info: Array(0xf0...0xf9),
            output: "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"),
        Case(
            salt: Array(0x60...0xaf), inputKey: Array(0x00...0x4f), info: Array(0xb0...0xff),
            output: "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09"
                + "da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87"),
        Case(
            salt: [], inputKey: [UInt8](repeating: 0x0b, count: 22), info: [],
            output: "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"),
    ])
    func `RFC 5869 appendix A_1 to A_3`(known: Case) {
        let output = HKDF.derive(
            salt: WipedBytes(copying: known.salt), inputKey: WipedBytes(copying: known.inputKey), info: known.info,
            length: known.output.count / 2)
        #expect(hex(output) == known.output)
    }
}
