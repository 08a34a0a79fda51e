import FoundationEssentials
import Migrations
import PostgresKit
import SealpostStore
import SealpostTesting
import Testing

@testable import SealpostStorePostgres

@Suite struct MigrationTests {
    private static let first = migration(1, "CREATE TABLE one (x integer);")
    private static let second = migration(2, "CREATE TABLE two (x integer);")

    private static func migration(_ number: Int, _ sql: String, leastRelease: Int = 1) -> Migration {
        Migration(
            number: number, name: "step_\(number)", sql: Array("-- least release: \(leastRelease)\n\(sql)\n".utf8))
    }

    private let place: StorePlace

    init() throws {
        place = try StorePlace()
    }

    private func expectIncompatible(_ work: () async throws -> Void) async {
        await #expect {
            try await work()
        } throws: {
            guard case .incompatible? = $0 as? StoreError else { return false }
            return true
        }
    }

    private func hasTable(_ name: String, _ store: PostgresStore) async throws -> Bool {
        try await store.read { try $0.run("SELECT 1 WHERE to_regclass(\(name)) IS NOT NULL").count > 0 }
    }

    @Test func `every file of the folder is a migration, in order, with its least release`() throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "Migrations/postgres")
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        #expect(files == Migration.postgres.map { $0.name + ".sql" })
        #expect(Migration.postgres.map(\.number) == Array(1...Migration.postgres.count))
        for (migration, file) in zip(Migration.postgres, files) {
            #expect(migration.sql == [UInt8](try Data(contentsOf: folder.appending(path: file))))
            #expect(migration.leastRelease != nil)
        }
    }

    @Test func `a store that was not migrated, or not all the way, is incompatible until it is`() async throws {
        let store = try await place.store()
        await expectIncompatible { try await store.check() }
        try await store.write { try $0.migrate([Self.first]) }
        await expectIncompatible { try await store.read { try $0.checkSchema([Self.first, Self.second]) } }
        try await store.write { try $0.migrate([Self.first, Self.second]) }
        try await store.read { try $0.checkSchema([Self.first, Self.second]) }
        await store.close()
    }

    @Test func `a migration that was changed after it was applied is incompatible`() async throws {
        let store = try await place.store()
        try await store.write { try $0.migrate([Self.first]) }
        let changed = Self.migration(1, "CREATE TABLE other (x integer);")
        await expectIncompatible { try await store.write { try $0.migrate([changed, Self.second]) } }
        await expectIncompatible { try await store.read { try $0.checkSchema([changed]) } }
        #expect(try await !hasTable("two", store))
        await store.close()
    }

    @Test func `a newer schema runs an older release only if it says so`() async throws {
        let store = try await place.store()
        try await store.write { try $0.migrate([Self.first, Self.second]) }
        try await store.read { try $0.checkSchema([Self.first]) }
        let third = Self.migration(3, "CREATE TABLE three (x integer);", leastRelease: PostgresStore.release + 1)
        try await store.write { try $0.migrate([Self.first, Self.second, third]) }
        await expectIncompatible { try await store.read { try $0.checkSchema([Self.first]) } }
        await expectIncompatible { try await store.write { try $0.migrate([Self.first]) } }
        await store.close()
    }

    @Test func `a migration that fails leaves the schema as it was`() async throws {
        let store = try await place.store()
        let broken = Self.migration(2, "CREATE TABLE two (x integer); CREATE TABLE one (x integer);")
        await #expect(throws: StoreError.self) {
            try await store.write { try $0.migrate([Self.first, broken]) }
        }
        #expect(try await !hasTable("one", store))
        #expect(try await !hasTable("migration", store))
        await store.close()
    }

    @Test func `several nodes that start at once migrate once`() async throws {
        var stores: [PostgresStore] = []
        for _ in 0..<4 { stores.append(try await place.store()) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for store in stores { group.addTask { try await store.migrate() } }
            try await group.waitForAll()
        }
        for store in stores {
            try await store.check()
            await store.close()
        }
    }

    @Test func `a database from the schema before keeps its mail, also for a node from before`() async throws {
        let before = try await place.store()
        try await before.migrate()
        let fixture = StoreFixture(.postgres, at: place, store: before)
        let alice = try await fixture.person("alice")
        let bob = try await fixture.person("bob")
        let letter = try fixture.letter(from: alice, to: bob)
        try await fixture.send(letter)

        // What a next release may do to a table that the node before uses.
        let next = Self.migration(
            Migration.postgres.count + 1,
            "ALTER TABLE envelope ADD COLUMN note text; ALTER TABLE device ADD COLUMN note text NOT NULL DEFAULT '';")
        let after = try await place.store()
        try await after.write { try $0.migrate(Migration.postgres + [next]) }

        // Its statements are prepared for the table as it was.
        for store in [before, after] {
            try await store.check()
            let outcomes = try await store.deposit([letter, fixture.letter(from: alice, to: bob)])
            guard case .accepted(let known) = outcomes[0], case .accepted(let fresh) = outcomes[1] else {
                throw FixtureFailure("\(outcomes)")
            }
            #expect(!known.new && fresh.new)
        }
        #expect(try await fixture.page(bob.mailbox(1)).outline == "1, 2, 3")
        await before.close()
        await after.close()
    }
}

@Suite struct SharedKeyringTests {
    @Test func `a node with another keyring is refused, one with the same or a rotated one is not`() async throws {
        let place = try StorePlace()
        let store = try await place.store()
        try await store.migrate()
        try await store.adoptKeyring()
        try await store.adoptKeyring()
        let rotated = try await place.with(place.keyring.rotated(at: place.clock.now)).store()
        try await rotated.adoptKeyring()
        let foreign = try await place.with(Keyring(generatedAt: place.clock.now)).store()
        await #expect {
            try await foreign.adoptKeyring()
        } throws: {
            guard case .incompatible? = $0 as? StoreError else { return false }
            return true
        }
        for store in [store, rotated, foreign] { await store.close() }
    }
}
