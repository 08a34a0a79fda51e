import SealpostCore
import SealpostStore

extension PostgresStore {
    package func createAccount(_ account: NewAccount) async throws(StoreError) -> AccountCreation {
        try await write { try $0.createAccount(account) }
    }

    package func credentials(for login: Login) async throws(StoreError) -> Credentials? {
        try await read { try $0.credentials(for: login) }
    }

    package func account(_ id: AccountID) async throws(StoreError) -> Account? {
        try await read { try $0.account(id) }
    }

    package func account(named handle: Handle) async throws(StoreError) -> DirectoryEntry? {
        try await read { try $0.account(named: handle) }
    }

    package func changeAccount(
        _ id: AccountID, _ change: AccountChange
    ) async throws(StoreError) -> AccountChangeOutcome {
        try await write { try $0.changeAccount(id, change) }
    }

    package func deleteAccount(_ id: AccountID) async throws(StoreError) -> Bool {
        try await write { try $0.deleteAccount(id) }
    }

    package func setAccountKey(
        _ change: DeviceListChange, of id: AccountID
    ) async throws(StoreError) -> DeviceListOutcome {
        try await write { try $0.setAccountKey(change, of: id) }
    }

    package func changeDeviceList(
        _ change: DeviceListChange, of id: AccountID
    ) async throws(StoreError) -> DeviceListOutcome {
        try await write { try $0.changeDeviceList(change, of: id) }
    }
}

// MARK: - Sessions and tokens

extension PostgresStore {
    package func createSession(
        _ session: NewSession, of id: AccountID, verified: VerifiedCredential
    ) async throws(StoreError) -> SessionCreation {
        try await write { try $0.createSession(session, of: id, verified: verified) }
    }

    package func refreshSession(_ id: RecordID, number: Int64) async throws(StoreError) -> RefreshOutcome {
        try await write { try $0.refreshSession(id, number: number) }
    }

    package func session(_ id: RecordID) async throws(StoreError) -> Session? {
        try await read { try $0.session(id) }
    }

    package func sessions(of id: AccountID) async throws(StoreError) -> [Session] {
        try await read { try $0.sessions(of: id) }
    }

    package func endSession(_ session: RecordID, of id: AccountID) async throws(StoreError) -> Bool {
        try await write { try $0.endSession(session, of: id) }
    }

    package func spendChallenge(_ hash: [UInt8], expires: Timestamp) async throws(StoreError) -> Bool {
        try await write { try $0.spendChallenge(hash, expires: expires) }
    }

    package func createToken(_ token: NewToken) async throws(StoreError) -> TokenCreation {
        try await write { try $0.createToken(token) }
    }

    package func tokens(of id: AccountID) async throws(StoreError) -> [APIToken] {
        try await read { try $0.tokens(of: id) }
    }

    package func revokeToken(_ token: RecordID, of id: AccountID) async throws(StoreError) -> Bool {
        try await write { try $0.revokeToken(token, of: id) }
    }

    package func revocations(after number: Int64, limit: Int) async throws(StoreError) -> [Revocation] {
        try await read { try $0.revocations(after: number, limit: limit) }
    }
}
