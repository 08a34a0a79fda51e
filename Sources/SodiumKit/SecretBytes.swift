import CSodium

/// A long-lived secret in memory of its own: between guard pages, not swapped out, never copied by accident,
/// wiped when it goes.
///
/// Each takes several pages, so it is for keys that stay (keyring, identity); what exists by the thousand is
/// `WipedBytes`.
///
/// Sendable without the compiler's proof: the memory is written before `init` returns and only read until `deinit`.
package struct SecretBytes: ~Copyable, @unchecked Sendable, SecretMaterial {
    private let memory: UnsafeMutableRawPointer
    package let count: Int

    /// Allocates and lets `fill` write all `count` bytes, which are zero before.
    package init<E: Error>(
        count: Int, filledBy fill: (UnsafeMutableRawBufferPointer) throws(E) -> Void
    ) throws(E) {
        Sodium.start()
        // Fails only when the system has no memory left: there is no state in which to go on without the secret.
        guard let memory = sodium_malloc(count) else { preconditionFailure("out of memory for a secret") }
        sodium_memzero(memory, count)
        do {
            try fill(UnsafeMutableRawBufferPointer(start: memory, count: count))
        } catch {
            sodium_free(memory)
            throw error
        }
        sodium_mprotect_readonly(memory)
        self.memory = memory
        self.count = count
    }

    /// Copies bytes that came from somewhere else; wiping those is the caller's business.
    package init(copying bytes: [UInt8]) {
        self.init(count: bytes.count) { $0.copyBytes(from: bytes) }
    }

    /// New random bytes.
    package init(random count: Int) {
        self.init(count: count) { randombytes_buf($0.bytes, $0.count) }
    }

    package borrowing func withUnsafeBytes<R: ~Copyable, E: Error>(
        _ body: (UnsafeRawBufferPointer) throws(E) -> R
    ) throws(E) -> R {
        try body(UnsafeRawBufferPointer(start: memory, count: count))
    }

    /// A second copy in protected memory.
    package borrowing func copy() -> SecretBytes {
        let source = UnsafeRawBufferPointer(start: memory, count: count)
        return SecretBytes(count: count) { $0.copyMemory(from: source) }
    }

    deinit { sodium_free(memory) }
}
