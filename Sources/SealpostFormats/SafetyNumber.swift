/// The 60 digits that two people compare to know that they hold each other's account keys
/// (Signal's numeric fingerprint, version 0, 5,200 rounds).
package enum SafetyNumber {
    static let rounds = 5_200

    /// The number for two accounts, the same from both sides.
    package static func digits<Hash: SafetyNumberHash>(
        _ one: (handle: String, accountKey: [UInt8]), _ other: (handle: String, accountKey: [UInt8]), hash: Hash.Type
    ) -> String {
        let sides = [half(one.handle, one.accountKey, Hash.self), half(other.handle, other.accountKey, Hash.self)]
        let ordered = sides[0].utf8.lexicographicallyPrecedes(sides[1].utf8) ? sides : [sides[1], sides[0]]
        return ordered[0] + ordered[1]
    }

    private static func half<Hash: SafetyNumberHash>(
        _ handle: String, _ accountKey: [UInt8], _ hash: Hash.Type
    ) -> String {
        let key = KeyEncoding.ed25519(accountKey)
        var digest = Hash.sha512([0, 0] + key + Array(handle.utf8) + key)
        for _ in 1..<rounds { digest = Hash.sha512(digest + key) }
        var text = ""
        for group in DecimalGroups.groups(of: digest) { text += group }
        return text
    }
}
