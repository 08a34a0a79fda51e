import SodiumKit

/// HKDF with SHA-256 (RFC 5869).
package enum HKDF {
    /// At most 255 blocks of 32 bytes.
    static let maximumLength = 255 * HMACSHA256.length

    /// `length` bytes of key material.
    package static func derive(
        salt: WipedBytes, inputKey: WipedBytes, info: StaticString, length: Int
    ) -> WipedBytes {
        derive(salt: salt, inputKey: inputKey, info: info.withUTF8Buffer { Array($0) }, length: length)
    }

    /// `length` bytes of key material, at most 8,160.
    package static func derive(salt: WipedBytes, inputKey: WipedBytes, info: [UInt8], length: Int) -> WipedBytes {
        // Lengths are constants of the protocol, never input.
        precondition(length <= maximumLength, "HKDF gives at most 8,160 bytes")
        var extract = HMACSHA256(key: salt)
        extract.update(inputKey)
        let key = extract.finalize()

        var blocks: [WipedBytes] = []
        var counter: UInt8 = 0
        while blocks.count * HMACSHA256.length < length {
            counter += 1
            var expand = HMACSHA256(key: key)
            if let last = blocks.last { expand.update(last) }
            expand.update(info)
            expand.update([counter])
            blocks.append(expand.finalize())
        }
        return WipedBytes(joining: blocks).part(0..<length)
    }

    /// The salt of all derivations that have none of their own: 32 zero bytes.
    static let zeroSalt = WipedBytes(copying: [UInt8](repeating: 0, count: 32))
}
