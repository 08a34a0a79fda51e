import CSodium

/// A secret that exists by the thousand or for a moment: chain keys, message keys, prekey halves.
///
/// Copies share one allocation, which is wiped when the last of them goes; so values that hold it can be copied
/// and thrown away (a ratchet step that failed) without leaving keys behind. Not kept from swap: for keys that
/// stay there is `SecretBytes`.
package struct WipedBytes: Sendable, SecretMaterial {
    /// Sendable without the compiler's proof: the memory is written before `init` returns and only read until `deinit`.
    private final class Storage: @unchecked Sendable {
        let memory: UnsafeMutableRawBufferPointer

        init(count: Int) {
            memory = .allocate(byteCount: count, alignment: 16)
            memory.initializeMemory(as: UInt8.self, repeating: 0)
        }

        deinit {
            sodium_memzero(memory.bytes, memory.count)
            memory.deallocate()
        }
    }

    private let storage: Storage

    package var count: Int { storage.memory.count }

    /// Allocates and lets `fill` write all `count` bytes, which are zero before.
    package init<E: Error>(
        count: Int, filledBy fill: (UnsafeMutableRawBufferPointer) throws(E) -> Void
    ) throws(E) {
        Sodium.start()
        storage = Storage(count: count)
        try fill(storage.memory)
    }

    /// Copies bytes that came from somewhere else; wiping those is the caller's business.
    package init(copying bytes: some Collection<UInt8>) {
        self.init(count: bytes.count) { $0.copyBytes(from: bytes) }
    }

    /// New random bytes.
    package init(random count: Int) {
        self.init(count: count) { randombytes_buf($0.bytes, $0.count) }
    }

    /// A part of it, in an allocation of its own.
    package func part(_ range: Range<Int>) -> WipedBytes {
        withUnsafeBytes { bytes in
            let source = UnsafeRawBufferPointer(rebasing: bytes[range])
            return WipedBytes(count: source.count) { $0.copyMemory(from: source) }
        }
    }

    package borrowing func withUnsafeBytes<R: ~Copyable, E: Error>(
        _ body: (UnsafeRawBufferPointer) throws(E) -> R
    ) throws(E) -> R {
        let storage = self.storage
        defer { withExtendedLifetime(storage) {} }
        return try body(UnsafeRawBufferPointer(storage.memory))
    }
}

/// In constant time.
extension WipedBytes: Equatable {
    package static func == (one: WipedBytes, other: WipedBytes) -> Bool {
        guard one.count == other.count else { return false }
        guard one.count > 0 else { return true }
        return one.withUnsafeBytes { left in
            other.withUnsafeBytes { right in
                sodium_memcmp(left.bytes, right.bytes, left.count) == 0
            }
        }
    }
}

extension WipedBytes {
    /// Several secrets one after the other.
    package init(joining parts: [WipedBytes]) {
        self.init(count: parts.reduce(0) { $0 + $1.count }) { output in
            var position = 0
            for part in parts {
                part.withUnsafeBytes { bytes in
                    UnsafeMutableRawBufferPointer(rebasing: output[position..<position + bytes.count])
                        .copyMemory(from: bytes)
                }
                position += part.count
            }
        }
    }
}
