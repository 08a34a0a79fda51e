import CSodium

/// Bytes from the operating system's generator.
package enum Random {
    package static func bytes(_ count: Int) -> [UInt8] {
        Sodium.start()
        return newBytes(count) { buffer in
            randombytes_buf(buffer, count)
        }
    }

    /// A number below `bound`, every one as likely; 0 if `bound` is 0.
    package static func number(below bound: UInt32) -> UInt32 {
        Sodium.start()
        return randombytes_uniform(bound)
    }
}
