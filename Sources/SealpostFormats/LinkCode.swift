/// The code that a new device shows and the holder of the account key compares before it lists that device.
package enum LinkCode {
    /// SHA-256 of `"SealpostLink" || str(handle) || number u32 || IK || AK` as six groups of five digits.
    ///
    /// `accountKey` is what *this* side believes it to be: if the server gave the new device another one, codes differ.
    package static func groups<Crypto: FormatCrypto>(
        handle: String, number: UInt32, identityKey: [UInt8], accountKey: [UInt8], crypto: Crypto.Type
    ) -> [String] {
        var bytes: [UInt8] = []
        bytes.append(label: "SealpostLink")
        bytes.append(shortString: handle)
        bytes.append(uint32: number)
        return DecimalGroups.groups(of: Crypto.sha256(bytes + identityKey + accountKey))
    }
}
