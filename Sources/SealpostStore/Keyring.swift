import SealpostCore
import SodiumKit

/// The server's own keys: one secret from which a key for every purpose is derived, and those that it replaced.
///
/// New things are made under the current key. What an older key has sealed or signed is opened as long as that key is
/// in the ring; lookups by keyed hash try it for `lookupMemory` after it was replaced. Losing the keyring loses every
/// e-mail address and ends every session; mail is not under it.
package struct Keyring: Sendable {
    /// How long after its replacement a key still finds things: the longest life of a deposit's id and a week.
    package static let lookupMemory = Duration.days(37)

    /// In the order in which they were made.
    package let keys: [KeyringKey]
    package let current: KeyringKey

    package init(keys: [KeyringKey], current: UInt32) throws(KeyringError) {
        guard let key = keys.first(where: { $0.id == current }) else {
            throw .malformed("the current key \(current) is not among the keys")
        }
        guard Set(keys.map(\.id)).count == keys.count else { throw .malformed("two keys have the same id") }
        self.keys = keys.sorted { ($0.created, $0.id) < ($1.created, $1.id) }
        self.current = key
    }

    /// A ring of one new random key.
    package init(generatedAt time: Timestamp) throws(KeyringError) {
        let key = try KeyringKey(id: 1, created: time, secret: SecretBytes(random: KeyringKey.length))
        try self.init(keys: [key], current: key.id)
    }

    /// This ring with a new random key as the current one.
    package func rotated(at time: Timestamp) throws(KeyringError) -> Keyring {
        let id = (keys.map(\.id).max() ?? 0) + 1
        let key = try KeyringKey(id: id, created: time, secret: SecretBytes(random: KeyringKey.length))
        return try Keyring(keys: keys + [key], current: id)
    }

    /// The key of that id: tokens name the key that signed them.
    package func key(_ id: UInt32) -> KeyringKey? { keys.first { $0.id == id } }
}

// MARK: - Lookups

extension Keyring {
    /// The keys by which something may have been stored, the current one first.
    package func lookupKeys(at time: Timestamp) -> [KeyringKey] {
        guard keys.count > 1 else { return [current] }
        let known = keys.indices.filter { index in
            guard keys[index].id != current.id else { return false }
            guard index + 1 < keys.count else { return true }
            return keys[index + 1].created + Self.lookupMemory > time
        }
        return [current] + known.reversed().map { keys[$0] }
    }

    /// The keyed hashes (32 bytes) under which `value` may have been stored, the one to store it under first.
    package func lookupHashes(of value: [UInt8], for purpose: KeyPurpose, at time: Timestamp) -> [[UInt8]] {
        lookupKeys(at: time).map { $0.hash(value, for: purpose) }
    }
}

// MARK: - Sealing

/// Where a sealed value lies: it opens nowhere else.
package struct SealedPlace: Sendable, Hashable {
    package let table: String
    package let row: Int64
    package let column: String

    package init(table: String, row: Int64, column: String) {
        self.table = table
        self.row = row
        self.column = column
    }

    /// `str(table) || row i64 || str(column)`.
    var associatedData: [UInt8] {
        var bytes = [UInt8(truncatingIfNeeded: table.utf8.count)] + Array(table.utf8)
        bytes += withUnsafeBytes(of: row.bigEndian) { Array($0) }
        bytes += [UInt8(truncatingIfNeeded: column.utf8.count)] + Array(column.utf8)
        return bytes
    }
}

extension Keyring {
    /// `key id u32 || nonce 24 || ciphertext || tag` under the current key.
    package func seal(_ plaintext: [UInt8], at place: SealedPlace) throws(KeyringError) -> [UInt8] {
        let sealed: [UInt8]
        do {
            sealed = try XChaCha20Poly1305.seal(
                plaintext, authenticating: place.associatedData, key: current.secret(for: .seal).bytes)
        } catch {
            throw .unsealable
        }
        return withUnsafeBytes(of: current.id.bigEndian) { Array($0) } + sealed
    }

    /// What `seal` sealed at this place, under any key of the ring.
    package func unseal(_ sealed: [UInt8], at place: SealedPlace) throws(KeyringError) -> [UInt8] {
        guard sealed.count >= 4 else { throw .unsealable }
        let id = sealed[..<4].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        guard let key = key(id) else { throw .missingKey(id) }
        do {
            return try XChaCha20Poly1305.open(
                Array(sealed[4...]), authenticating: place.associatedData, key: key.secret(for: .seal).bytes)
        } catch {
            throw .unsealable
        }
    }
}
