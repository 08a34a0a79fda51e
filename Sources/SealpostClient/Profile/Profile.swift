import Foundation
import GRDB
import SodiumKit

/// The state of one device in one encrypted SQLite file with one writer.
///
/// When a transaction returns, its effect is on disk (WAL with `synchronous=FULL`); when it throws, it had none.
final class Profile: Sendable {
    let location: ProfileLocation
    private let lock: ProfileLock
    private let database: DatabaseQueue
    private let keys: ProfileKeys

    private init(_ location: ProfileLocation, lock: ProfileLock, database: DatabaseQueue, keys: ProfileKeys) {
        self.location = location
        self.lock = lock
        self.database = database
        self.keys = keys
    }

    /// Runs `body` on the database's own thread, in one transaction. Cancelling the task does not interrupt it: what a
    /// handler did is noted also when the program was asked to end meanwhile.
    @discardableResult
    func transaction<Value: Sendable>(
        _ body: @escaping @Sendable (Transaction) throws -> Value
    ) async throws(ClientError) -> Value {
        let result: Result<Value, any Error> = await withCheckedContinuation { continuation in
            database.asyncWrite { [keys] db in
                try body(Transaction(db: db, keys: keys))
            } completion: { _, result in
                continuation.resume(returning: result)
            }
        }
        do {
            return try result.get()
        } catch {
            throw ClientError(storage: error)
        }
    }

    /// Writes everything into the one file and gives the lock back.
    func close() throws(ClientError) {
        do {
            try database.close()
            lock.release()
        } catch {
            throw ClientError(storage: error)
        }
    }
}

extension Profile {
    /// Makes a profile with a new data key.
    ///
    /// - Parameter passphrase: protects the data key; without one a key file (mode 0600) does.
    static func create(
        at location: ProfileLocation, passphrase: String?, cost: Argon2idCost = .sensitive
    ) async throws(ClientError) -> Profile {
        try await offPool { () throws(ClientError) in
            do {
                try makeDirectory(location.directory)
                let lock = try ProfileLock(location)
                let database = try openDatabase(location, creating: true)
                guard try database.read({ try ProfileHeader($0) }) == nil else {
                    throw ProfileError.exists(directory: location.directory)
                }
                let dataKey = SecretBytes(random: 32)
                var header = ProfileHeader(
                    protection: passphrase == nil ? .keyFile : .passphrase,
                    salt: passphrase == nil ? [] : Random.bytes(Argon2id.saltLength),
                    cost: passphrase == nil ? Argon2idCost(passes: 0, memory: 0) : cost, generation: 1, wrapped: [])
                let wrapping =
                    if let passphrase {
                        try header.key(for: passphrase)
                    } else {
                        try KeyFile.create(at: location.keyPath)
                    }
                header.wrapped = try XChaCha20Poly1305.seal(
                    dataKey.exposedBytes(), authenticating: header.authenticated, key: wrapping)
                try syncDirectory(location.directory)
                let finished = header
                try database.write { db in
                    try createSchema(db)
                    try finished.insert(db)
                }
                let keys = try ProfileKeys(dataKey: dataKey, generation: header.generation)
                return Profile(location, lock: lock, database: database, keys: keys)
            } catch {
                throw ClientError(storage: error)
            }
        }
    }

    /// Opens a profile for use; throws `inUse` while another process has it open.
    static func open(at location: ProfileLocation, passphrase: String?) async throws(ClientError) -> Profile {
        try await offPool { () throws(ClientError) in
            do {
                guard location.exists else { throw ProfileError.missing(directory: location.directory) }
                let lock = try ProfileLock(location)
                let database = try openDatabase(location, creating: false)
                guard let header = try database.read({ try ProfileHeader($0) }) else {
                    throw ProfileError.missing(directory: location.directory)
                }
                let dataKey = try header.dataKey(location, passphrase: passphrase)
                let keys = try ProfileKeys(dataKey: dataKey, generation: header.generation)
                return Profile(location, lock: lock, database: database, keys: keys)
            } catch {
                throw ClientError(storage: error)
            }
        }
    }

    /// Whether there is a finished profile that a passphrase protects.
    static func needsPassphrase(_ location: ProfileLocation) async throws(ClientError) -> Bool {
        guard location.exists else { throw .profile(.missing(directory: location.directory)) }
        return try await offPool { () throws(ClientError) in
            do {
                let database = try openDatabase(location, creating: false)
                return try database.read { try ProfileHeader($0) }?.protection == .passphrase
            } catch {
                throw ClientError(storage: error)
            }
        }
    }

    private static func makeDirectory(_ path: String) throws {
        var isDirectory: ObjCBool = false
        if FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory), isDirectory.boolValue { return }
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    }

    private static func openDatabase(_ location: ProfileLocation, creating: Bool) throws -> DatabaseQueue {
        if creating {
            // SQLite would make it readable by others.
            let attributes: [FileAttributeKey: Any] = [.posixPermissions: 0o600]
            if !location.exists,
                !FileManager.default.createFile(atPath: location.databasePath, contents: nil, attributes: attributes)
            {
                throw ProfileError.storage("\(location.databasePath) cannot be created")
            }
        }
        let database = try DatabaseQueue(path: location.databasePath)
        // The one connection of the queue keeps these.
        try database.inDatabase { db in
            try db.execute(sql: "PRAGMA journal_mode = WAL")
            try db.execute(sql: "PRAGMA synchronous = FULL")
            try db.execute(sql: "PRAGMA secure_delete = ON")
        }
        return database
    }

    private static func createSchema(_ db: Database) throws {
        try db.execute(
            sql: """
                CREATE TABLE profile (
                    format INTEGER NOT NULL, protection TEXT NOT NULL, salt BLOB NOT NULL, passes INTEGER NOT NULL,
                    memory INTEGER NOT NULL, generation INTEGER NOT NULL, wrapped BLOB NOT NULL);
                CREATE TABLE record (
                    kind TEXT NOT NULL, name BLOB NOT NULL, position INTEGER, sealed BLOB NOT NULL,
                    PRIMARY KEY (kind, name)) WITHOUT ROWID;
                CREATE INDEX record_position ON record (kind, position) WHERE position IS NOT NULL;
                """)
    }
}

extension ProfileHeader {
    /// The key that a passphrase gives; blocks for as long as Argon2id takes.
    func key(for passphrase: String) throws -> SecretBytes {
        try Argon2id.derive(passphrase: Array(passphrase.utf8), salt: salt, cost: cost)
    }

    fileprivate func dataKey(_ location: ProfileLocation, passphrase: String?) throws -> SecretBytes {
        switch protection {
        case .keyFile:
            let key = try KeyFile.read(at: location.keyPath)
            return try unwrap(key, otherwise: .wrongKeyFile(path: location.keyPath))
        case .passphrase:
            guard let passphrase else { throw ProfileError.passphraseNeeded }
            return try unwrap(try key(for: passphrase), otherwise: .wrongPassphrase)
        }
    }

    private func unwrap(_ key: borrowing SecretBytes, otherwise failure: ProfileError) throws -> SecretBytes {
        do {
            return SecretBytes(copying: try XChaCha20Poly1305.open(wrapped, authenticating: authenticated, key: key))
        } catch {
            throw failure
        }
    }
}

extension Profile {
    /// The settings that its promises rest on, as SQLite has them.
    func settings() async throws(ClientError) -> [String: String] {
        do {
            return try await database.read { db in
                var settings: [String: String] = [:]
                for name in ["journal_mode", "synchronous", "secure_delete"] {
                    settings[name] = try String.fetchOne(db, sql: "PRAGMA \(name)")
                }
                return settings
            }
        } catch {
            throw ClientError(storage: error)
        }
    }
}
