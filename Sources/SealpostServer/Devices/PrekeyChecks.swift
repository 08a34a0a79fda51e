import SealpostCore
import SealpostFormats
import SealpostStore
import SodiumKit

/// Public keys of a request, checked before the store sees them: ids, lengths, signatures by the identity key.
enum PrekeyChecks {
    static func check(_ prekeys: LongLivedPrekeys, identityKey: [UInt8]) throws(Problem) {
        let signed = prekeys.signedPrekey.body
        try named("signed_prekey") { () throws(FormatError) in
            try SignedPrekey(id: signed.id, key: signed.key.bytes, signature: signed.signature.bytes)
                .verify(by: identityKey, crypto: SodiumFormatCrypto.self)
        }
        try check(prekeys.lastResortKEMPrekey.body, identityKey: identityKey, member: "last_resort_kem_prekey")
        let sealing = prekeys.sealingKey.body
        try named("sealing_key") { () throws(FormatError) in
            try SealpostFormats.SealingKey(
                id: sealing.id, created: sealing.created, key: sealing.key.bytes, signature: sealing.signature.bytes
            ).verify(by: identityKey, crypto: SodiumFormatCrypto.self)
        }
        // The store counts in signed 64 bits; so does every clock that made this number.
        guard sealing.created <= UInt64(Int64.max) else {
            throw Problem(
                .invalidMember, "sealing_key.created must be a time in seconds since 1970",
                member: "sealing_key.created")
        }
    }

    static func check(_ upload: OneTimePrekeysRequest, identityKey: [UInt8]) throws(Problem) {
        let x25519 = "one_time_prekeys"
        let kem = "one_time_kem_prekeys"
        try check(count: upload.oneTimePrekeys?.count ?? 0, member: x25519)
        try check(count: upload.oneTimeKEMPrekeys?.count ?? 0, member: kem)
        for (index, key) in (upload.oneTimePrekeys ?? []).enumerated() {
            try named("\(x25519)[\(index)]") { () throws(FormatError) in
                try OneTimePrekey(id: key.body.id, key: key.body.key.bytes).verify()
            }
        }
        for (index, key) in (upload.oneTimeKEMPrekeys ?? []).enumerated() {
            try check(key.body, identityKey: identityKey, member: "\(kem)[\(index)]")
        }
    }

    private static func check(count: Int, member: String) throws(Problem) {
        guard count <= Limits.prekeysPerUpload else {
            throw Problem(
                .invalidMember, "\(member) must have at most \(Limits.prekeysPerUpload) keys", member: member)
        }
    }

    private static func check(_ key: SignedKey, identityKey: [UInt8], member: String) throws(Problem) {
        try named(member) { () throws(FormatError) in
            try KEMPrekey(id: key.id, key: key.key.bytes, signature: key.signature.bytes)
                .verify(by: identityKey, crypto: SodiumFormatCrypto.self)
        }
    }

    /// Says of which member a format's complaint is.
    private static func named(_ member: String, _ check: () throws(FormatError) -> Void) throws(Problem) {
        do {
            try check()
        } catch {
            switch error {
            case .invalidSignature:
                throw Problem(
                    .invalidSignature, "\(member).signature is not one by the identity key over this key",
                    member: "\(member).signature")
            case .wrongLength(let expected, let actual):
                throw Problem(
                    .invalidKey, "\(member).key must have \(expected) bytes, not \(actual)", member: "\(member).key")
            case .numberZero:
                throw Problem(.invalidMember, "\(member).id must be 1 or greater", member: "\(member).id")
            default:
                throw Problem(.invalidKey, "\(member) is not a valid key: \(error)", member: member)
            }
        }
    }
}
