import FoundationEssentials
import GRDB
import Migrations
import SealpostStore
import SealpostTesting
import Testing

@testable import SealpostStoreSQLite

@Suite struct MigrationTests {
    private static let first = migration(1, "CREATE TABLE one (x INTEGER);")
    private static let second = migration(2, "CREATE TABLE two (x INTEGER);")

    private static func migration(_ number: Int, _ sql: String, leastRelease: Int = 1) -> Migration {
        Migration(
            number: number, name: "step_\(number)", sql: Array("-- least release: \(leastRelease)\n\(sql)\n".utf8))
    }

    private let place: StorePlace

    init() throws {
        place = try StorePlace()
    }

    private func open(_ place: StorePlace) throws -> SQLiteStore {
        try SQLiteStore(path: place.folder.path(of: "store.sqlite"), keyring: place.keyring)
    }

    private func expectIncompatible(_ work: () async throws -> Void) async {
        await #expect {
            try await work()
        } throws: {
            guard case .incompatible? = $0 as? StoreError else { return false }
            return true
        }
    }

    @Test func `every file of the folder is a migration, in order, with its least release`() throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "Migrations/sqlite")
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        #expect(files == Migration.sqlite.map { $0.name + ".sql" })
        #expect(Migration.sqlite.map(\.number) == Array(1...Migration.sqlite.count))
        for (migration, file) in zip(Migration.sqlite, files) {
            #expect(migration.sql == [UInt8](try Data(contentsOf: folder.appending(path: file))))
            #expect(migration.leastRelease != nil)
        }
    }

    @Test func `a store that was not migrated, or not all the way, is incompatible until it is`() async throws {
        let store = try open(place)
        await expectIncompatible { try await store.check() }
        try await store.write { try $0.migrate([Self.first]) }
        await expectIncompatible { try await store.write { try $0.checkSchema([Self.first, Self.second]) } }
        try await store.write { try $0.migrate([Self.first, Self.second]) }
        try await store.write { try $0.checkSchema([Self.first, Self.second]) }
        let applied = try await store.pool.read { try Int.fetchAll($0, sql: "SELECT number FROM migration") }
        #expect(applied == [1, 2])
    }

    @Test func `a migration that was changed after it was applied is incompatible`() async throws {
        let store = try open(place)
        try await store.write { try $0.migrate([Self.first]) }
        let changed = Self.migration(1, "CREATE TABLE other (x INTEGER);")
        await expectIncompatible { try await store.write { try $0.migrate([changed, Self.second]) } }
        await expectIncompatible { try await store.write { try $0.checkSchema([changed]) } }
        let tables = try await store.pool.read { try $0.tableExists("two") }
        #expect(!tables)
    }

    @Test func `a newer schema runs an older release only if it says so`() async throws {
        let store = try open(place)
        try await store.write { try $0.migrate([Self.first, Self.second]) }
        try await store.write { try $0.checkSchema([Self.first]) }
        let third = Self.migration(3, "CREATE TABLE three (x INTEGER);", leastRelease: SQLiteStore.release + 1)
        try await store.write { try $0.migrate([Self.first, Self.second, third]) }
        await expectIncompatible { try await store.write { try $0.checkSchema([Self.first]) } }
        await expectIncompatible { try await store.write { try $0.migrate([Self.first]) } }
    }

    @Test func `a migration that fails leaves the schema as it was`() async throws {
        let store = try open(place)
        let broken = Self.migration(2, "CREATE TABLE two (x INTEGER); CREATE TABLE one (x INTEGER);")
        await #expect(throws: StoreError.self) {
            try await store.write { try $0.migrate([Self.first, broken]) }
        }
        #expect(try await store.pool.read { try !$0.tableExists("one") && !$0.tableExists("migration") })
    }

    @Test func `several stores that migrate at once apply each step once`() async throws {
        let stores = try (0..<4).map { _ in try open(place) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for store in stores { group.addTask { try await store.migrate() } }
            try await group.waitForAll()
        }
        for store in stores { try await store.check() }
    }
}
