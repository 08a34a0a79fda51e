import SealpostCore
import SealpostStore
import Synchronization

/// A real store behind a window: counts the calls that tests ask about, and holds one when a test wants it held.
final class WatchedStore: MailStore {
    private struct Holds {
        var deposit: Gate?
        var fetch: Gate?
        var heads: Gate?
        var failingHeads = 0
    }

    private let store: any MailStore
    private let fetchCount = Atomic(0)
    private let depositCount = Atomic(0)
    private let headSizes = Mutex<[Int]>([])
    private let holds = Mutex(Holds())

    init(_ store: any MailStore) {
        self.store = store
    }

    /// Fetches that were asked of the store, alone or in a batch.
    var fetches: Int { fetchCount.load(ordering: .relaxed) }
    /// Transactions of deposits.
    var depositCalls: Int { depositCount.load(ordering: .relaxed) }

    /// How many mailboxes each call of `heads` asked for.
    var headCalls: [Int] { headSizes.withLock { $0 } }

    /// Holds the answer of the next `heads`, when the store has been read.
    func holdHeads() -> Gate {
        holds.withLock { holds in
            let gate = Gate()
            holds.heads = gate
            return gate
        }
    }

    /// Makes so many calls of `heads` fail.
    func failHeads(_ count: Int) {
        holds.withLock { $0.failingHeads = count }
    }

    /// Holds the next call of `deposit` before it begins.
    func holdDeposit() -> Gate {
        holds.withLock { holds in
            let gate = Gate()
            holds.deposit = gate
            return gate
        }
    }

    /// Holds the answer of the next `fetch`, when the store has been read.
    func holdFetch() -> Gate {
        holds.withLock { holds in
            let gate = Gate()
            holds.fetch = gate
            return gate
        }
    }

    func deposit(_ deposits: [Deposit]) async throws(StoreError) -> [DepositOutcome] {
        depositCount.add(1, ordering: .relaxed)
        await holds.withLock { $0.deposit.take() }?.pass()
        return try await store.deposit(deposits)
    }

    func fetch(_ fetches: [Fetch]) async throws(StoreError) -> [FetchOutcome] {
        fetchCount.add(fetches.count, ordering: .relaxed)
        let outcomes = try await store.fetch(fetches)
        await holds.withLock { $0.fetch.take() }?.pass()
        return outcomes
    }

    func heads(of mailboxes: [MailboxKey]) async throws(StoreError) -> [MailboxKey: MailboxHead] {
        headSizes.withLock { $0.append(mailboxes.count) }
        let fails = holds.withLock { holds in
            defer { holds.failingHeads = max(0, holds.failingHeads - 1) }
            return holds.failingHeads > 0
        }
        if fails { throw .unavailable("for a test") }
        let heads = try await store.heads(of: mailboxes)
        await holds.withLock { $0.heads.take() }?.pass()
        return heads
    }
}

// MARK: - What is only handed on

extension WatchedStore {
    func migrate() async throws(StoreError) { try await store.migrate() }
    func check() async throws(StoreError) { try await store.check() }
    func close() async { await store.close() }

    func createAccount(_ account: NewAccount) async throws(StoreError) -> AccountCreation {
        try await store.createAccount(account)
    }

    func credentials(for login: Login) async throws(StoreError) -> Credentials? {
        try await store.credentials(for: login)
    }

    func account(_ id: AccountID) async throws(StoreError) -> Account? { try await store.account(id) }
    func account(named handle: Handle) async throws(StoreError) -> DirectoryEntry? {
        try await store.account(named: handle)
    }

    func changeAccount(_ id: AccountID, _ change: AccountChange) async throws(StoreError) -> AccountChangeOutcome {
        try await store.changeAccount(id, change)
    }

    func deleteAccount(_ id: AccountID) async throws(StoreError) -> Bool { try await store.deleteAccount(id) }

    func setAccountKey(_ change: DeviceListChange, of id: AccountID) async throws(StoreError) -> DeviceListOutcome {
        try await store.setAccountKey(change, of: id)
    }

    func changeDeviceList(_ change: DeviceListChange, of id: AccountID) async throws(StoreError) -> DeviceListOutcome {
        try await store.changeDeviceList(change, of: id)
    }

    func createSession(
        _ session: NewSession, of id: AccountID, verified: VerifiedCredential
    ) async throws(StoreError) -> SessionCreation {
        try await store.createSession(session, of: id, verified: verified)
    }

    func refreshSession(_ id: RecordID, number: Int64) async throws(StoreError) -> RefreshOutcome {
        try await store.refreshSession(id, number: number)
    }

    func session(_ id: RecordID) async throws(StoreError) -> Session? { try await store.session(id) }
    func sessions(of id: AccountID) async throws(StoreError) -> [Session] { try await store.sessions(of: id) }

    func endSession(_ session: RecordID, of id: AccountID) async throws(StoreError) -> Bool {
        try await store.endSession(session, of: id)
    }

    func spendChallenge(_ hash: [UInt8], expires: Timestamp) async throws(StoreError) -> Bool {
        try await store.spendChallenge(hash, expires: expires)
    }

    func createToken(_ token: NewToken) async throws(StoreError) -> TokenCreation { try await store.createToken(token) }
    func tokens(of id: AccountID) async throws(StoreError) -> [APIToken] { try await store.tokens(of: id) }

    func revokeToken(_ token: RecordID, of id: AccountID) async throws(StoreError) -> Bool {
        try await store.revokeToken(token, of: id)
    }

    func revocations(after number: Int64, limit: Int) async throws(StoreError) -> [Revocation] {
        try await store.revocations(after: number, limit: limit)
    }

    func registerDevice(_ device: NewDevice) async throws(StoreError) -> DeviceRegistration {
        try await store.registerDevice(device)
    }

    func devices(of id: AccountID) async throws(StoreError) -> [Device] { try await store.devices(of: id) }
    func removeDevice(_ device: MailboxKey) async throws(StoreError) -> Bool { try await store.removeDevice(device) }

    func openDevice(_ device: MailboxKey, last: UInt64, nonce: [UInt8]) async throws(StoreError) -> OpeningOutcome {
        try await store.openDevice(device, last: last, nonce: nonce)
    }

    func replacePrekeys(_ prekeys: LongLivedPrekeys, of device: MailboxKey) async throws(StoreError) -> PrekeyUpload {
        try await store.replacePrekeys(prekeys, of: device)
    }

    func appendPrekeys(
        oneTime: [OneTimeKey], oneTimeKEM: [SignedKey], of device: MailboxKey
    ) async throws(StoreError) -> PrekeyUpload {
        try await store.appendPrekeys(oneTime: oneTime, oneTimeKEM: oneTimeKEM, of: device)
    }

    func prekeyState(of device: MailboxKey) async throws(StoreError) -> PrekeyState? {
        try await store.prekeyState(of: device)
    }

    func claim(_ claims: [Claim]) async throws(StoreError) -> [ClaimOutcome] { try await store.claim(claims) }
    func knownClaim(_ claim: Claim) async throws(StoreError) -> ClaimOutcome? { try await store.knownClaim(claim) }
    func acknowledge(_ acks: [Ack]) async throws(StoreError) -> [AckOutcome] { try await store.acknowledge(acks) }
    func withdraw(_ withdrawal: Withdrawal) async throws(StoreError) -> MailboxKey? {
        try await store.withdraw(withdrawal)
    }

    func envelope(_ seq: Sequence, in mailbox: MailboxKey) async throws(StoreError) -> Envelope? {
        try await store.envelope(seq, in: mailbox)
    }

    func sweep(limit: Int) async throws(StoreError) -> SweepReport { try await store.sweep(limit: limit) }
}
