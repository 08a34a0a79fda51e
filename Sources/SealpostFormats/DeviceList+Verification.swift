extension DeviceList {
    /// Reads a list and checks that it is about `handle`, names `accountKey`, is signed by it, and that every key
    /// in it is a canonical point of prime order.
    ///
    /// The order of versions, the predecessor's hash and what a client has pinned are the caller's to compare.
    package static func verified<Crypto: FormatCrypto>(
        _ bytes: [UInt8], signature: [UInt8], handle: String, accountKey: [UInt8], crypto: Crypto.Type
    ) throws(FormatError) -> DeviceList {
        let list = try DeviceList(decoding: bytes)
        guard list.handle.utf8.elementsEqual(handle.utf8) else { throw .wrongHandle }
        guard list.accountKey == accountKey else { throw .wrongAccountKey }
        guard Crypto.isValidPublicKey(accountKey) else { throw .invalidPublicKey }
        for entry in list.entries where !Crypto.isValidPublicKey(entry.identityKey) { throw .invalidPublicKey }
        guard Crypto.isValidSignature(signature, of: bytes, by: accountKey) else { throw .invalidSignature }
        return list
    }

    /// Whether this list is the direct successor of the list with these bytes: version one higher, hash matching.
    package func succeeds<Crypto: FormatCrypto>(_ predecessor: DeviceList, crypto: Crypto.Type) -> Bool {
        let (next, overflow) = predecessor.version.addingReportingOverflow(1)
        return !overflow && version == next && previous == predecessor.hash(crypto)
    }
}
