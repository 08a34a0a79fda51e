import SealpostCore
import SealpostFormats
import SodiumKit

/// What a server says the device list of an account is; believed only after a check against the pinned account key.
struct ListOffer: Sendable {
    /// As the directory names it; a claim's answer names none, then the list's own counts.
    var accountKey: [UInt8]?
    var list: [UInt8]
    var signature: [UInt8]

    /// The account key that the offer, or else its list, names; nil if the list is none.
    var namedAccountKey: [UInt8]? { accountKey ?? (try? DeviceList(decoding: list).accountKey) }
}

/// A device list that was checked, byte for byte as it was signed.
struct SignedList: Codable, Hashable, Sendable {
    struct Device: Codable, Hashable, Sendable {
        var number: DeviceNumber
        /// Ed25519, 32 bytes.
        var identityKey: Base64
        /// When it was listed, in seconds since 1970.
        var added: UInt64
    }

    let bytes: Base64
    let signature: Base64
    let version: UInt64
    /// SHA-256 of the bytes.
    let hash: Base64
    let previous: Base64
    let devices: [Device]

    func device(_ number: DeviceNumber) -> Device? { devices.first { $0.number == number } }
    func device(withKey key: [UInt8]) -> Device? { devices.first { $0.identityKey.bytes == key } }
}

extension SignedList {
    /// Checks that the offer is a list about `handle`, names `accountKey` and is signed by it.
    init(checking offer: ListOffer, of handle: Handle, by accountKey: [UInt8]) throws(TrustFailure) {
        let list: DeviceList
        do {
            list = try DeviceList.verified(
                offer.list, signature: offer.signature, handle: handle.description, accountKey: accountKey,
                crypto: SodiumFormatCrypto.self)
        } catch {
            throw TrustFailure(handle, Self.reason(error))
        }
        self.init(list, signature: offer.signature)
    }

    /// A list that this device has signed itself.
    init(_ list: DeviceList, signature: [UInt8]) {
        bytes = Base64(list.encoded())
        self.signature = Base64(signature)
        version = list.version
        hash = Base64(list.hash(SodiumFormatCrypto.self))
        previous = Base64(list.previous)
        devices = list.entries.compactMap { entry in
            DeviceNumber(entry.number).map {
                Device(number: $0, identityKey: Base64(entry.identityKey), added: entry.added)
            }
        }
    }

    private static func reason(_ error: FormatError) -> TrustFailure.Reason {
        switch error {
        case .wrongHandle: .listForAnotherHandle
        case .wrongAccountKey, .invalidSignature: .listNotSigned
        default: .listMalformed
        }
    }
}
