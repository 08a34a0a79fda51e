extension [UInt8] {
    /// Bytes from hexadecimal digits; what is no digit is skipped.
    init(hex: String) {
        let digits = hex.compactMap { $0.hexDigitValue.map { UInt8($0) } }
        self = stride(from: 0, to: digits.count - 1, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }

    var hex: String {
        map { byte in
            let text = String(byte, radix: 16)
            return byte < 16 ? "0" + text : text
        }.joined()
    }
}
