import Foundation
import GRDB
import Testing

@testable import SealpostClient

struct ProfileTests {
    let place = TemporaryPlace()

    @Test func whatWasWrittenIsThereAfterReopening() async throws {
        let profile = try await place.create()
        try await profile.transaction { transaction in
            try transaction.setValue(["a", "b"], "list", in: .state)
            try transaction.setBytes([1, 2, 3], "bytes", in: .seed)
            try transaction.setValue("first", number: 1, in: .inbox)
            try transaction.setValue("second", number: 2, in: .inbox)
        }
        try profile.close()
        let again = try await place.open()
        #expect(try await again.transaction { try $0.value([String].self, "list", in: .state) } == ["a", "b"])
        #expect(try await again.transaction { try $0.bytes("bytes", in: .seed) } == [1, 2, 3])
        #expect(
            try await again.transaction { try $0.values(String.self, after: 0, in: .inbox) } == ["first", "second"])
        #expect(try await again.transaction { try $0.values(String.self, after: 1, in: .inbox) } == ["second"])
    }

    @Test func aTransactionThatThrowsLeavesNothing() async throws {
        struct Stop: Error {}
        let profile = try await place.create()
        await #expect(throws: ClientError.self) {
            try await profile.transaction { transaction in
                try transaction.setValue(1, "a", in: .state)
                throw Stop()
            }
        }
        #expect(try await !profile.transaction { try $0.contains("a", in: .state) })
    }

    @Test func numbersAreGivenOnceAlsoAfterRemoval() async throws {
        let profile = try await place.create()
        let numbers = try await profile.transaction { transaction in
            let first = try transaction.nextNumber(in: .outbox)
            try transaction.setValue("x", number: first, in: .outbox)
            try transaction.remove(number: first, in: .outbox)
            return [first, try transaction.nextNumber(in: .outbox)]
        }
        #expect(numbers == [1, 2])
    }

    @Test func aSecondOpenerIsToldThatTheProfileIsInUse() async throws {
        let profile = try await place.create()
        #expect(await profileError { try await place.open() } == .inUse(directory: place.location.directory))
        try profile.close()
        withExtendedLifetime(profile) {}
    }

    @Test func closingAndLettingGoGivesTheLockBack() async throws {
        try await place.create().close()
        _ = try await place.open()
    }

    @Test func openingWhatIsNotThereSaysSo() async throws {
        #expect(await profileError { try await place.open() } == .missing(directory: place.location.directory))
    }

    @Test func creatingWhereThereIsOneIsRefused() async throws {
        try await place.create().close()
        #expect(await profileError { try await place.create() } == .exists(directory: place.location.directory))
    }

    @Test func aPassphraseOpensAndAWrongOneOrNoneDoesNot() async throws {
        try await place.create(passphrase: "right").close()
        #expect(try await Profile.needsPassphrase(place.location))
        #expect(await profileError { try await place.open(passphrase: "wrong") } == .wrongPassphrase)
        #expect(await profileError { try await place.open() } == .passphraseNeeded)
        _ = try await place.open(passphrase: "right")
        #expect(!FileManager.default.fileExists(atPath: place.location.keyPath))
    }

    @Test func filesAreReadableByTheOwnerOnly() async throws {
        let profile = try await place.create()
        for path in [place.location.databasePath, place.location.keyPath, place.location.lockPath] {
            let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? NSNumber
            #expect(mode?.intValue == 0o600, "\(path)")
        }
        withExtendedLifetime(profile) {}
    }

    @Test func aKeyFileThatOthersCanReadIsRefused() async throws {
        try await place.create().close()
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o644], ofItemAtPath: place.location.keyPath)
        #expect(await profileError { try await place.open() } == .exposedKeyFile(path: place.location.keyPath))
    }

    @Test func anotherKeyFileDoesNotOpen() async throws {
        try await place.create().close()
        _ = try KeyFile.create(at: place.location.keyPath)
        #expect(await profileError { try await place.open() } == .wrongKeyFile(path: place.location.keyPath))
    }

    @Test func commitsAreSynchronousAndDeletedContentIsOverwritten() async throws {
        let profile = try await place.create()
        let settings = try await profile.settings()
        #expect(settings == ["journal_mode": "wal", "synchronous": "2", "secure_delete": "1"])
    }
}

/// What somebody can do who has the file and not the key.
struct ProfileTamperingTests {
    let place = TemporaryPlace()

    /// A closed profile with two records in a table and two numbered ones.
    private func prepare() async throws {
        let profile = try await place.create()
        try await profile.transaction { transaction in
            try transaction.setValue("alice", "a", in: .contact)
            try transaction.setValue("bob", "b", in: .contact)
            try transaction.setValue("a", "a", in: .session)
            try transaction.setValue("first", number: 1, in: .outbox)
            try transaction.setValue("second", number: 2, in: .outbox)
        }
        try profile.close()
    }

    private func reading<Value: Sendable>(
        _ body: @escaping @Sendable (Transaction) throws -> Value
    ) async -> ProfileError? {
        await profileError { try await place.open().transaction(body) }
    }

    @Test func theFileTellsNoHandle() async throws {
        try await prepare()
        let bytes = try Data(contentsOf: URL(fileURLWithPath: place.location.databasePath))
        #expect(bytes.range(of: Data("alice".utf8)) == nil)
    }

    @Test func aChangedRecordIsNoticed() async throws {
        try await prepare()
        try place.tamper { db in
            try db.execute(
                sql: "UPDATE record SET sealed = substr(sealed, 1, length(sealed) - 1) || x'00' WHERE kind = 'contact'")
        }
        #expect(await reading { try $0.value(String.self, "a", in: .contact) } == .damaged("a record of contact"))
    }

    @Test func exchangedRecordsAreNoticed() async throws {
        try await prepare()
        try place.tamper { db in
            let rows = try Row.fetchAll(db, sql: "SELECT name, sealed FROM record WHERE kind = 'contact'")
            for (row, other) in [(rows[0], rows[1]), (rows[1], rows[0])] {
                try db.execute(
                    sql: "UPDATE record SET sealed = ? WHERE kind = 'contact' AND name = ?",
                    arguments: [other["sealed"] as Data, row["name"] as Data])
            }
        }
        #expect(await reading { try $0.value(String.self, "a", in: .contact) } == .damaged("a record of contact"))
    }

    @Test func aRecordMovedToAnotherTableIsNoticed() async throws {
        try await prepare()
        try place.tamper { db in
            let sealed = try Data.fetchOne(db, sql: "SELECT sealed FROM record WHERE kind = 'contact' LIMIT 1")
            try db.execute(sql: "UPDATE record SET sealed = ? WHERE kind = 'session'", arguments: [sealed])
        }
        #expect(await reading { try $0.value(String.self, "a", in: .session) } == .damaged("a record of session"))
    }

    @Test func aChangedOrderIsNoticed() async throws {
        try await prepare()
        try place.tamper { db in
            try db.execute(sql: "UPDATE record SET position = 3 - position WHERE kind = 'outbox'")
        }
        #expect(await reading { try $0.values(String.self, after: 0, in: .outbox) } == .damaged("a record of outbox"))
    }

    @Test func aChangedHeaderIsNoticed() async throws {
        try await prepare()
        try place.tamper { try $0.execute(sql: "UPDATE profile SET generation = 2") }
        #expect(await profileError { try await place.open() } == .wrongKeyFile(path: place.location.keyPath))
    }

    @Test func aNewerFormatIsRefused() async throws {
        try await prepare()
        try place.tamper { try $0.execute(sql: "UPDATE profile SET format = 2") }
        #expect(await profileError { try await place.open() } == .newerFormat(2))
    }
}
