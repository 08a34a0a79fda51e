/// Digits that people compare: each group is five bytes as a big-endian number modulo 100,000, written with five digits.
enum DecimalGroups {
    static let count = 6

    static func groups(of hash: [UInt8]) -> [String] {
        (0..<count).map { group in
            var number: UInt64 = 0
            for byte in hash[(group * 5)..<(group * 5 + 5)] { number = number << 8 | UInt64(byte) }
            return digits(number % 100_000)
        }
    }

    private static func digits(_ number: UInt64) -> String {
        var text: [UInt8] = []
        for divisor in [10_000, 1_000, 100, 10, 1] as [UInt64] {
            text.append(0x30 + UInt8(truncatingIfNeeded: number / divisor % 10))
        }
        return String(decoding: text, as: UTF8.self)
    }
}
