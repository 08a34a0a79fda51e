import CSodium

/// Whether two byte strings are equal, in time that depends on their lengths alone.
package func constantTimeEquals(_ one: [UInt8], _ other: [UInt8]) -> Bool {
    Sodium.start()
    guard one.count == other.count else { return false }
    guard !one.isEmpty else { return true }
    return sodium_memcmp(one, other, one.count) == 0
}
