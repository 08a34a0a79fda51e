import SealpostFormats

/// Padding hides the length of a content: 80, then zeros up to one of few sizes.
package enum Padding {
    static let buckets = [256, 512, 1024, 2048, 4096]
    /// The biggest padded size in bytes.
    package static let maximumPadded = 258_048
    /// The longest content in bytes.
    package static let maximumContent = maximumPadded - 1

    /// Content, 80 and zeros; throws `contentTooLong`.
    package static func pad(_ content: [UInt8]) throws(RatchetError) -> [UInt8] {
        guard content.count <= maximumContent else { throw .contentTooLong(limit: maximumContent) }
        let size = paddedSize(content.count + 1)
        var padded = content
        padded.reserveCapacity(size)
        padded.append(0x80)
        padded.append(contentsOf: repeatElement(0, count: size - padded.count))
        return padded
    }

    /// The content; throws `invalidPadding` when there is no 80 before the trailing zeros.
    package static func unpad(_ padded: [UInt8]) throws(RatchetError) -> [UInt8] {
        guard let end = padded.lastIndex(where: { $0 != 0 }), padded[end] == 0x80 else { throw .invalidPadding }
        return Array(padded[..<end])
    }

    /// The size for so many bytes: the smallest bucket, above them Padmé (Nikitin et al., PURBs, 2019): only the
    /// upper ⌊log₂⌊log₂ n⌋⌋ + 1 bits below the highest one may be set.
    static func paddedSize(_ count: Int) -> Int {
        if let bucket = buckets.first(where: { count <= $0 }) { return bucket }
        let exponent = Int.bitWidth - 1 - count.leadingZeroBitCount
        let significant = Int.bitWidth - exponent.leadingZeroBitCount
        let mask = (1 << (exponent - significant)) - 1
        return (count + mask) & ~mask
    }
}
