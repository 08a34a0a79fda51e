import Ratchet
import SealpostCore
import SealpostFormats

/// The states of the protocol: each changes only inside a transaction, together with what it gave.
extension Transaction {
    private static let prekeysKey = "prekeys"

    func prekeys() throws -> PrekeyStore {
        guard let bytes = try bytes(Self.prekeysKey, in: .prekey) else { return PrekeyStore() }
        do {
            return try PrekeyStore(serialized: bytes)
        } catch {
            throw ProfileError.damaged("the prekeys")
        }
    }

    func setPrekeys(_ store: PrekeyStore) throws { try setBytes(store.serialized(), Self.prekeysKey, in: .prekey) }

    /// The sessions with a device, if its identity key is still the one that they were made with.
    func book(_ address: MailboxAddress, identityKey: [UInt8]) throws -> SessionBook? {
        guard let bytes = try bytes(address.description, in: .session) else { return nil }
        let book: SessionBook
        do {
            book = try SessionBook(serialized: bytes)
        } catch {
            throw ProfileError.damaged("the sessions with \(address)")
        }
        return book.peerIdentity == identityKey ? book : nil
    }

    func setBook(_ book: SessionBook, _ address: MailboxAddress) throws {
        try setBytes(book.serialized(), address.description, in: .session)
    }

    /// Throws `contentTooLarge` for what cannot be padded into an envelope, also not as the `sync` for one's own other
    /// devices, which is longer than the message itself.
    func checkSize(_ body: PlaintextBody) throws {
        let own = try address()
        let list = ListVersion(version: .max, hash: Base64([UInt8](repeating: 0, count: 32)))
        let head = PlaintextHead(
            v: PlaintextHead.version, id: String(repeating: "0", count: 64), at: Timestamp(milliseconds: 0), from: own,
            to: own, lists: .init(own: list, peer: list), kind: body.kind)
        let told = SyncedMessage(to: own.handle, id: head.id, at: head.at, body: body)
        // Three handles and two device numbers may be longer than one's own.
        let size = try Plaintext(head: head, body: .sync(told)).json().count + 3 * Handle.maximumLength + 2 * 10
        guard size <= Padding.maximumContent else {
            throw ClientError.contentTooLarge(limit: Padding.maximumContent)
        }
    }
}

extension Timestamp {
    /// Whole seconds since 1970, as the formats count them.
    var unixSeconds: UInt64 { UInt64(max(seconds, 0)) }
}
