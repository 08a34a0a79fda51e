import SealpostCore
import SealpostFormats
import SealpostStore
import SodiumKit

extension DeviceListChange {
    /// What a signed device list asks the store to do, after everything that can be checked without the store: it is
    /// about this handle, signed by this key, and well formed. Throws `invalid_list` or `invalid_signature`.
    package init(
        verifying bytes: [UInt8], signature: [UInt8], handle: Handle, accountKey: [UInt8]
    ) throws(Problem) {
        let list: DeviceList
        do {
            list = try DeviceList.verified(
                bytes, signature: signature, handle: handle.description, accountKey: accountKey,
                crypto: SodiumFormatCrypto.self)
        } catch {
            throw Self.problem(error)
        }
        guard list.version <= UInt64(Int64.max) else {
            throw Problem(.invalidList, "list has a version that is too high", member: "list")
        }
        let entries = try list.entries.map { entry throws(Problem) in
            guard let device = DeviceNumber(entry.number) else {
                throw Problem(.invalidList, "list names a device number 0", member: "list")
            }
            return StoredDeviceList.Entry(device: device, identityKey: entry.identityKey)
        }
        self.init(
            list: StoredDeviceList(
                version: list.version, hash: SodiumFormatCrypto.sha256(bytes), bytes: bytes, signature: signature),
            previous: list.previous, entries: entries, accountKey: accountKey)
    }

    private static func problem(_ error: FormatError) -> Problem {
        switch error {
        case .invalidSignature:
            Problem(.invalidSignature, "signature must be the account key's over list", member: "signature")
        case .wrongHandle: Problem(.invalidList, "list is about another handle", member: "list")
        case .wrongAccountKey: Problem(.invalidList, "list names another account key", member: "list")
        case .invalidPublicKey: Problem(.invalidList, "list has a key that is not valid", member: "list")
        case .truncated, .trailingBytes, .wrongLabel, .unknownVersion, .unknownKind, .wrongLength, .invalidHandle,
            .invalidSuiteName, .versionZero, .unexpectedPredecessor, .numberZero, .unorderedDevices, .tooManyDevices:
            Problem(.invalidList, "list is not a device list: \(error)", member: "list")
        }
    }
}

extension DeviceListOutcome {
    /// Throws for everything but `.stored`.
    package func requireStored() throws(Problem) {
        switch self {
        case .stored:
            return
        case .conflict(let version, let hash):
            var problem = Problem(
                .listConflict, "the list must have the next version and name the hash of the stored one")
            problem.listVersion = version
            problem.listHash = hash.map { Base64($0) }
            throw problem
        case .noAccountKey:
            throw Problem(.noAccountKey, "set one with PUT /v1/account/key")
        case .otherAccountKey:
            throw Problem(.invalidList, "list names another account key", member: "list")
        case .unknownDevice(let device):
            throw Problem(
                .invalidList, "list names device \(device), which is not registered with that key", member: "list")
        case .unknownAccount:
            throw Problem.accountGone
        }
    }
}

extension Problem {
    /// The account of a token that is still valid was deleted.
    package static var accountGone: Problem { Problem(.invalidToken, "the account is gone") }
}
