/// Bytes that must not be printed, compared carelessly or left behind: what keyed functions take as their key.
package protocol SecretMaterial: ~Copyable {
    /// How many bytes.
    var count: Int { get }
    /// Lends the bytes; the pointer must not outlive the call.
    borrowing func withUnsafeBytes<R: ~Copyable, E: Error>(
        _ body: (UnsafeRawBufferPointer) throws(E) -> R
    ) throws(E) -> R
}

extension SecretMaterial where Self: ~Copyable {
    /// Lends the bytes in the form in which libsodium takes keys.
    borrowing func withBytes<R: ~Copyable, E: Error>(_ body: (UnsafePointer<UInt8>) throws(E) -> R) throws(E) -> R {
        try withUnsafeBytes { bytes throws(E) in
            try body(bytes.bytes)
        }
    }

    /// A copy outside protected memory, for what goes into a sealed record. Nobody wipes it.
    package borrowing func exposedBytes() -> [UInt8] { withUnsafeBytes { [UInt8]($0) } }
}
