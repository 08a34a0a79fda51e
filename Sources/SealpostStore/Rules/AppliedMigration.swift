/// A step of the schema as the database's own list has it.
package struct AppliedMigration: Sendable {
    package var number: Int
    package var name: String
    /// SHA-256 of the file.
    package var checksum: [UInt8]
    package var leastRelease: Int

    package init(number: Int, name: String, checksum: [UInt8], leastRelease: Int) {
        self.number = number
        self.name = name
        self.checksum = checksum
        self.leastRelease = leastRelease
    }
}

extension [AppliedMigration] {
    /// Throws `incompatible` unless these, in order, are what this code knows, or newer steps that admit its release.
    ///
    /// - Parameter checksums: of the steps that this code knows, in order.
    package func verify(against checksums: [[UInt8]], release: Int) throws(StoreError) {
        for (index, step) in enumerated() {
            guard step.number == index + 1 else { throw .incompatible("migration \(index + 1) is missing") }
            guard step.leastRelease <= release else {
                throw .incompatible(
                    "its schema (\(step.name)) needs release \(step.leastRelease); this is \(release)")
            }
            guard index >= checksums.count || step.checksum == checksums[index] else {
                throw .incompatible("migration \(step.name) is not the one that was applied")
            }
        }
    }
}
