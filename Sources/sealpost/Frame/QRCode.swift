/// A QR code of 60 digits, which is what a safety number has: ISO/IEC 18004 version 2, error correction M, numeric.
///
/// Only this one size is needed, so the tables of the standard are constants here. The mask is always pattern 0: the
/// standard's scoring of masks eases reading and is not needed for it.
struct QRCode {
    static let digits = 60
    /// Modules a side, without the quiet zone of four around it.
    static let size = 25
    private static let dataBytes = 28
    private static let correctionBytes = 16

    /// Whether the module in that row and column is dark.
    private(set) var isDark = [[Bool]](repeating: [Bool](repeating: false, count: size), count: size)
    private var isFixed = [[Bool]](repeating: [Bool](repeating: false, count: size), count: size)

    /// Nil unless `number` is 60 decimal digits.
    init?(_ number: String) {
        let values = number.utf8.map { Int($0) - Int(UInt8(ascii: "0")) }
        guard values.count == Self.digits, values.allSatisfy((0...9).contains) else { return nil }
        drawPatterns()
        let data = Self.data(values)
        draw(data + Self.correction(for: data))
    }

    /// The code in half-height blocks, dark on light, with its quiet zone.
    var lines: [String] {
        let quiet = 4
        func dark(_ row: Int, _ column: Int) -> Bool {
            let range = 0..<Self.size
            return range.contains(row) && range.contains(column) && isDark[row][column]
        }
        return stride(from: -quiet, to: Self.size + quiet, by: 2).map { row in
            (-quiet..<Self.size + quiet).map { column in
                switch (dark(row, column), dark(row + 1, column)) {
                case (false, false): "█"
                case (false, true): "▀"
                case (true, false): "▄"
                case (true, true): " "
                }
            }
            .joined()
        }
    }

    // MARK: The bits

    /// Mode, count, ten bits for three digits, and the terminator with zeros up to the last byte.
    private static func data(_ values: [Int]) -> [UInt8] {
        var bits: [Bool] = []
        func append(_ value: Int, _ count: Int) {
            for shift in stride(from: count - 1, through: 0, by: -1) { bits.append(value >> shift & 1 == 1) }
        }
        append(0b0001, 4)
        append(values.count, 10)
        for start in stride(from: 0, to: values.count, by: 3) {
            append(values[start] * 100 + values[start + 1] * 10 + values[start + 2], 10)
        }
        append(0, dataBytes * 8 - bits.count)
        return (0..<dataBytes).map { index in
            bits[index * 8..<index * 8 + 8].reduce(0) { $0 << 1 | ($1 ? 1 : 0) }
        }
    }

    /// The Reed–Solomon remainder of `data` over GF(256) with the polynomial 0x11d and roots 2^0 … 2^15.
    private static func correction(for data: [UInt8]) -> [UInt8] {
        var generator: [UInt8] = [1]
        var root: UInt8 = 1
        for _ in 0..<correctionBytes {
            var next = generator + [0]
            for (index, factor) in generator.enumerated() { next[index + 1] ^= multiply(factor, root) }
            generator = next
            root = multiply(root, 2)
        }
        var remainder = [UInt8](repeating: 0, count: correctionBytes)
        for byte in data {
            let factor = byte ^ remainder.removeFirst()
            remainder.append(0)
            for index in 0..<correctionBytes { remainder[index] ^= multiply(generator[index + 1], factor) }
        }
        return remainder
    }

    private static func multiply(_ left: UInt8, _ right: UInt8) -> UInt8 {
        var product = 0
        for shift in stride(from: 7, through: 0, by: -1) {
            product = product << 1 ^ (product >> 7) * 0x11d
            product ^= Int(right >> shift & 1) * Int(left)
        }
        return UInt8(product)
    }

    // MARK: The picture

    private mutating func fix(_ row: Int, _ column: Int, _ dark: Bool) {
        guard (0..<Self.size).contains(row), (0..<Self.size).contains(column) else { return }
        isDark[row][column] = dark
        isFixed[row][column] = true
    }

    private mutating func drawPatterns() {
        for index in 0..<Self.size {
            fix(6, index, index % 2 == 0)
            fix(index, 6, index % 2 == 0)
        }
        for (row, column) in [(3, 3), (3, Self.size - 4), (Self.size - 4, 3)] { drawRings(row, column, radius: 4) }
        drawRings(18, 18, radius: 2)
        drawFormat()
    }

    /// Square rings around a middle: the finder's (with its light border) and the alignment pattern's.
    private mutating func drawRings(_ row: Int, _ column: Int, radius: Int) {
        for y in -radius...radius {
            for x in -radius...radius {
                let ring = max(abs(x), abs(y))
                fix(row + y, column + x, radius == 4 ? ring != 2 && ring != 4 : ring != 1)
            }
        }
    }

    /// Level M and mask 0 are five zero bits; so their check bits are zero too, and what is drawn is the standard's
    /// mask for them, 101010000010010, most significant bit first, twice.
    private mutating func drawFormat() {
        let bits = (0..<15).map { 0b101_0100_0001_0010 >> $0 & 1 == 1 }
        for index in 0...5 { fix(index, 8, bits[index]) }
        fix(7, 8, bits[6])
        fix(8, 8, bits[7])
        fix(8, 7, bits[8])
        for index in 9..<15 { fix(8, 14 - index, bits[index]) }
        for index in 0..<8 { fix(8, Self.size - 1 - index, bits[index]) }
        for index in 8..<15 { fix(Self.size - 15 + index, 8, bits[index]) }
        fix(Self.size - 8, 8, true)
    }

    /// Two columns at a time from the right, upwards and downwards in turn, passing over what is fixed.
    private mutating func draw(_ bytes: [UInt8]) {
        var index = 0
        for pair in stride(from: Self.size - 1, through: 1, by: -2) {
            let right = pair <= 6 ? pair - 1 : pair
            for step in 0..<Self.size {
                let isUpward = (right + 1) & 2 == 0
                let row = isUpward ? Self.size - 1 - step : step
                for column in [right, right - 1] where !isFixed[row][column] {
                    let bit = index < bytes.count * 8 && bytes[index / 8] >> (7 - index % 8) & 1 == 1
                    isDark[row][column] = bit != ((row + column) % 2 == 0)
                    index += 1
                }
            }
        }
    }
}
