import SealpostCore

/// Everything that Sealpost keeps. The doc comments are the contract; the conformance suite in `SealpostTesting` holds
/// every store to it.
///
/// - Every call is one transaction: when it returns, its effect is on disk (P1); when it throws, it had no effect, or
///   repeating it is safe.
/// - Every change locks first and looks afterwards, in the order account, deposit token, mailbox or device, prekeys,
///   each by id, so that no call sees the world from before it waited.
/// - Times are the store's: no caller passes one in to be compared with.
/// - Batched calls answer in the order of the requests, one outcome each; one bad request never fails its neighbours.
///   Requests of one batch behave as if they had been made one after the other, in order.
package protocol MailStore: Sendable {
    // MARK: Life

    /// Brings the schema up to date; concurrent calls by several processes apply each migration once.
    func migrate() async throws(StoreError)
    /// Proves that the store can be read and is migrated.
    func check() async throws(StoreError)
    /// Finishes what is under way and closes the database; calls after it throw `.unavailable`.
    func close() async

    // MARK: Accounts

    /// Creates the account and its first session. A handle that was ever taken stays taken.
    func createAccount(_ account: NewAccount) async throws(StoreError) -> AccountCreation
    func credentials(for login: Login) async throws(StoreError) -> Credentials?
    func account(_ id: AccountID) async throws(StoreError) -> Account?
    /// What others may know of the account; nothing that is sealed is opened for it.
    func account(named handle: Handle) async throws(StoreError) -> DirectoryEntry?
    func changeAccount(_ id: AccountID, _ change: AccountChange) async throws(StoreError) -> AccountChangeOutcome
    /// Removes the account with everything of it and retires its handle; adds `.account` to the revocation log.
    /// Nothing of it is seen from then on; what may be many rows is erased by the next sweeps.
    func deleteAccount(_ id: AccountID) async throws(StoreError) -> Bool
    /// Sets the account key together with the list that it signs: version = stored + 1, previous = the stored hash.
    func setAccountKey(_ change: DeviceListChange, of id: AccountID) async throws(StoreError) -> DeviceListOutcome
    /// Compare and set; the same list again is `.stored`. Devices that it names become listed, others pending.
    func changeDeviceList(_ change: DeviceListChange, of id: AccountID) async throws(StoreError) -> DeviceListOutcome

    // MARK: Sessions and tokens

    /// Creates a session if what the sign-in was checked against is still the account's: checking takes time, and who
    /// changed the password meanwhile wants no session by the old one. Beyond `Limits.sessionsPerAccount` the one that
    /// was used least recently ends.
    func createSession(
        _ session: NewSession, of id: AccountID, verified: VerifiedCredential
    ) async throws(StoreError) -> SessionCreation
    func refreshSession(_ id: RecordID, number: Int64) async throws(StoreError) -> RefreshOutcome
    func session(_ id: RecordID) async throws(StoreError) -> Session?
    func sessions(of id: AccountID) async throws(StoreError) -> [Session]
    /// Ends the session and adds it to the revocation log; false if the account has no such session.
    func endSession(_ session: RecordID, of id: AccountID) async throws(StoreError) -> Bool
    /// Marks a challenge (its hash) as used until it expires; false if it was used before.
    func spendChallenge(_ hash: [UInt8], expires: Timestamp) async throws(StoreError) -> Bool
    /// Makes a token for the session's account, if the session is still there: what ended it also ended its authority.
    func createToken(_ token: NewToken) async throws(StoreError) -> TokenCreation
    func tokens(of id: AccountID) async throws(StoreError) -> [APIToken]
    /// Revokes the token and adds it to the revocation log; false if the account has no such token.
    func revokeToken(_ token: RecordID, of id: AccountID) async throws(StoreError) -> Bool
    /// Entries beyond `number` in order, at most `limit`.
    func revocations(after number: Int64, limit: Int) async throws(StoreError) -> [Revocation]

    // MARK: Devices and prekeys

    /// Registers a device, pending, and binds the session to it; the same key in the same account: the same number.
    func registerDevice(_ device: NewDevice) async throws(StoreError) -> DeviceRegistration
    func devices(of id: AccountID) async throws(StoreError) -> [Device]
    /// Removes the device's mailbox, keys, sessions and tokens; adds `.device` to the revocation log, and `.session` for
    /// each of its sessions: a bearer that is older than the binding names no device. Nothing of it is seen from then
    /// on, and the next sweeps erase its mail; ids of deposits stay known for their time. False if there is no such
    /// device.
    func removeDevice(_ device: MailboxKey) async throws(StoreError) -> Bool
    /// Takes the next opening number if `last` is the newest (0 at first).
    func openDevice(_ device: MailboxKey, last: UInt64, nonce: [UInt8]) async throws(StoreError) -> OpeningOutcome
    /// Replaces the three long-lived prekeys; an id that is held with another key is a conflict.
    func replacePrekeys(_ prekeys: LongLivedPrekeys, of device: MailboxKey) async throws(StoreError) -> PrekeyUpload
    /// Appends one-time prekeys, all or none. The same key again is fine, also when it was claimed since.
    func appendPrekeys(
        oneTime: [OneTimeKey], oneTimeKEM: [SignedKey], of device: MailboxKey
    ) async throws(StoreError) -> PrekeyUpload
    /// Counts, and the digest of `SealpostFormats` over what is held.
    func prekeyState(of device: MailboxKey) async throws(StoreError) -> PrekeyState?
    /// Takes bundles; one-time keys in upload order, each given once; a known request id gets the same answer (P5).
    func claim(_ claims: [Claim]) async throws(StoreError) -> [ClaimOutcome]
    /// What `claim` answers to a known request id; nil if it is not known. Takes nothing.
    func knownClaim(_ claim: Claim) async throws(StoreError) -> ClaimOutcome?

    // MARK: Mail

    /// Stores envelopes under the mailboxes' locks with the next sequence numbers, or answers a known id from what was
    /// stored then (P2, P3). Full mailboxes refuse, and count it, while others of the account take theirs.
    func deposit(_ deposits: [Deposit]) async throws(StoreError) -> [DepositOutcome]
    /// What follows a cursor, all parts from one snapshot. Stops at `Limits.fetchBytes`, but not before one item.
    /// An expired envelope is never returned, swept or not: its tombstone is. The fetch that ends a dormancy tells of
    /// it, and so do those of the day after it, until something new is acknowledged.
    func fetch(_ fetches: [Fetch]) async throws(StoreError) -> [FetchOutcome]
    /// How far mailboxes are and what their accounts look like, in one statement for at most `MailboxHead.limit` of
    /// them. A key that the answer lacks is that of a device that is gone. This is no fetch: a dormant device stays so.
    func heads(of mailboxes: [MailboxKey]) async throws(StoreError) -> [MailboxKey: MailboxHead]
    /// Erases what is acknowledged, and tombstones that end within it. One that acknowledges nothing new leaves what
    /// the mailbox says of a dormancy.
    func acknowledge(_ acks: [Ack]) async throws(StoreError) -> [AckOutcome]
    /// Takes back what is not yet acknowledged, leaving a tombstone; the mailbox if there was something.
    func withdraw(_ withdrawal: Withdrawal) async throws(StoreError) -> MailboxKey?
    func envelope(_ seq: Sequence, in mailbox: MailboxKey) async throws(StoreError) -> Envelope?

    // MARK: Upkeep

    /// Removes what is over, at most `limit` rows of each kind: envelopes (leaving tombstones), ids, claims, sessions,
    /// tokens, challenges, revocations, idempotency keys, and what removed devices and accounts had (P9).
    func sweep(limit: Int) async throws(StoreError) -> SweepReport
}
