import SealpostFormats
import SodiumKit

/// The keys of an open profile, derived from its data key and kept in protected memory.
final class ProfileKeys: Sendable {
    private let records: SecretBytes
    private let names: SecretBytes
    private let generation: UInt32

    init(dataKey: borrowing SecretBytes, generation: UInt32) throws(SodiumError) {
        records = try SubkeyDerivation.derive(from: dataKey, label: "SealpostRecords")
        names = try SubkeyDerivation.derive(from: dataKey, label: "SealpostRecordNames")
        self.generation = generation
    }

    /// The name under which a record is stored: a keyed hash, so that the file tells no handles.
    func name(_ key: String, in table: Table) throws(SodiumError) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(shortString: table.rawValue)
        return try KeyedHash.hash(bytes + Array(key.utf8), key: names)
    }

    func seal(_ plaintext: [UInt8], name: [UInt8], in table: Table) throws(SodiumError) -> [UInt8] {
        try XChaCha20Poly1305.seal(plaintext, authenticating: authenticated(name, table), key: records)
    }

    /// Throws `damaged` for a record that was changed, or moved from another name or table.
    func open(_ sealed: [UInt8], name: [UInt8], in table: Table) throws(ProfileError) -> [UInt8] {
        do {
            return try XChaCha20Poly1305.open(sealed, authenticating: authenticated(name, table), key: records)
        } catch {
            throw .damaged("a record of \(table.rawValue)")
        }
    }

    /// `str(table) || name || generation u32`; the name stands for the key, whose keyed hash it is.
    private func authenticated(_ name: [UInt8], _ table: Table) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(shortString: table.rawValue)
        bytes += name
        bytes.append(uint32: generation)
        return bytes
    }
}
