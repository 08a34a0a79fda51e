import FoundationEssentials
import GRDB
import SealpostCore
import SealpostStore
import SealpostTesting
import Synchronization
import Testing

@testable import SealpostStoreSQLite

/// What is the SQLite store's own: how it treats its file and what the database's errors become.
@Suite struct SQLiteStoreTests {
    private let place: StorePlace

    init() throws {
        place = try StorePlace()
    }

    private func open(_ place: StorePlace) throws -> SQLiteStore {
        let clock = place.clock
        return try SQLiteStore(
            path: place.folder.path(of: "sealpost.sqlite"), keyring: place.keyring, now: { clock.now })
    }

    @Test func `every commit is synced, in a write-ahead log, and what is deleted is overwritten`() async throws {
        let store = try open(place)
        let settings = try await store.pool.writeWithoutTransaction { db in
            try ["synchronous", "journal_mode", "secure_delete"].map {
                try String.fetchOne(db, sql: "PRAGMA \($0)")
            }
        }
        // 2 is FULL.
        #expect(settings == ["2", "wal", "1"])
    }

    @Test func `the file is for its owner alone`() throws {
        let store = try open(place)
        for name in ["sealpost.sqlite", "sealpost.sqlite-wal", "sealpost.sqlite-shm"] {
            let path = place.folder.path(of: name)
            let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
            #expect(mode == 0o600, "\(name)")
        }
        withExtendedLifetime(store) {}
    }

    @Test func `a folder that is not there makes the store unavailable`() throws {
        #expect {
            try SQLiteStore(path: place.folder.path(of: "no/where"), keyring: place.keyring)
        } throws: {
            guard case .unavailable? = $0 as? StoreError else { return false }
            return true
        }
    }

    @Test func `what was answered is in the files at that moment, without closing`() async throws {
        let fixture = try await StoreFixture(.sqlite)
        let alice = try await fixture.person("alice")
        let bob = try await fixture.person("bob")
        for count in 1...5 {
            try await fixture.send(fixture.letter(from: alice, to: bob))
            let copy = try fixture.place.copiedFiles()
            let store = try open(copy)
            let page = try await store.fetch([Fetch(mailbox: bob.mailbox(1), after: nil, limit: 100)])[0]
            guard case .page(let page) = page else { throw FixtureFailure("\(page)") }
            #expect(page.items.count == count)
            await store.close()
        }
    }

    @Test func `two stores on one file share its counters`() async throws {
        let fixture = try await StoreFixture(.sqlite)
        let alice = try await fixture.person("alice")
        let bob = try await fixture.person("bob")
        let other = try open(fixture.place)
        let stores: [any MailStore] = [fixture.store, other]
        let seqs = try await withThrowingTaskGroup(of: Int64?.self) { group in
            for index in 0..<40 {
                group.addTask {
                    let outcome = try await stores[index % 2].deposit([fixture.letter(from: alice, to: bob)])[0]
                    guard case .accepted(let receipt) = outcome else { return nil }
                    return receipt.seq(1)
                }
            }
            return try await group.reduce(into: []) { $0.append($1 ?? 0) }
        }
        #expect(seqs.sorted() == Array(1...40))
        await other.close()
    }

    @Test func `a full disk is unavailable, changes nothing, and the call can be repeated`() async throws {
        let fixture = try await StoreFixture(.sqlite)
        let alice = try await fixture.person("alice")
        let bob = try await fixture.person("bob")
        let store = try #require(fixture.store as? SQLiteStore)
        var letter = try fixture.letter(from: alice, to: bob)
        letter.envelopes[0].content = [UInt8](repeating: 1, count: Limits.envelopeBytes)
        try await store.pool.writeWithoutTransaction { db in
            let pages = try Int.fetchOne(db, sql: "PRAGMA page_count") ?? 0
            try db.execute(sql: "PRAGMA max_page_count = \(pages + 1)")
        }
        await #expect {
            _ = try await store.deposit([letter])
        } throws: {
            guard case .unavailable? = $0 as? StoreError else { return false }
            return true
        }
        #expect(try await fixture.page(bob.mailbox(1)).items.isEmpty)
        try await store.pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA max_page_count = 1000000") }
        #expect(try await fixture.send(letter).new)
    }

    @Test func `mail is read, and what is over is told, while nothing can be written`() async throws {
        let fixture = try await StoreFixture(.sqlite)
        let alice = try await fixture.person("alice")
        let bob = try await fixture.person("bob", devices: 2)
        let store = try #require(fixture.store as? SQLiteStore)
        let ttls: [Duration] = [.days(1), .seconds(10), .seconds(10), .days(1), .seconds(20), .days(1)]
        for ttl in ttls {
            try await fixture.send(fixture.letter(from: alice, to: bob, devices: [1, 2], ttl: ttl))
        }
        // Of device 2 a part is swept before.
        fixture.clock.advance(by: .seconds(10))
        _ = try await fixture.page(bob.mailbox(2))
        fixture.clock.advance(by: .seconds(10))
        try await store.pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA query_only = 1") }
        for device: UInt32 in [1, 2] {
            let mailbox = try bob.mailbox(device)
            let page = try await fixture.page(mailbox)
            #expect(page.outline == "1, expired 2-3×2, 4, expired 5-5×1, 6")
            #expect(page.cursor == Sequence(6))
            #expect(try await fixture.page(mailbox, limit: 2).outline == "1, expired 2-3×2")
            #expect(try await fixture.page(mailbox, limit: 2).cursor == Sequence(3))
        }
        try await store.pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA query_only = 0") }
        #expect(try await fixture.page(bob.mailbox(1)).outline == "1, expired 2-3×2, 4, expired 5-5×1, 6")
        #expect(try await fixture.page(bob.mailbox(1)).state.count == 3)
    }

    @Test func `a file that is no database is corrupt`() throws {
        let path = place.folder.path(of: "sealpost.sqlite")
        try Data(repeating: 7, count: 8192).write(to: URL(filePath: path))
        #expect {
            try open(place)
        } throws: {
            guard case .corrupt? = $0 as? StoreError else { return false }
            return true
        }
    }

    @Test func `a call of a cancelled task has no effect`() async throws {
        let fixture = try await StoreFixture(.sqlite)
        let bob = try await fixture.person("bob")
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await fixture.store.deleteAccount(bob.id)
        }
        await #expect {
            _ = try await task.value
        } throws: {
            guard case .cancelled? = $0 as? StoreError else { return false }
            return true
        }
        #expect(try await fixture.store.account(bob.id) != nil)
    }

    @Test func `an e-mail address is not in the file`() async throws {
        let fixture = try await StoreFixture(.sqlite)
        let bob = try await fixture.account("bob", email: "needle@haystack.example")
        #expect(try await fixture.store.account(bob.id)?.email == "needle@haystack.example")
        await fixture.store.close()
        let bytes = try Data(contentsOf: URL(filePath: fixture.place.folder.path(of: "sealpost.sqlite")))
        #expect(bytes.range(of: Data("$argon2id$bob".utf8)) != nil)
        #expect(bytes.range(of: Data("needle".utf8)) == nil)
    }

    @Test func `a deposit costs six statements, three when its batch has the recipient already`() async throws {
        let fixture = try await StoreFixture(.sqlite)
        let alice = try await fixture.person("alice")
        let bob = try await fixture.person("bob")
        let store = try #require(fixture.store as? SQLiteStore)
        let statements = StatementCounter()
        try await store.pool.writeWithoutTransaction { db in
            db.trace { _ in statements.count.add(1, ordering: .relaxed) }
        }
        func cost(of count: Int) async throws -> Int {
            let letters = try (0..<count).map { _ in try fixture.letter(from: alice, to: bob) }
            statements.count.store(0, ordering: .relaxed)
            _ = try await store.deposit(letters)
            return statements.count.load(ordering: .relaxed)
        }
        // Two of them begin and commit.
        #expect(try await cost(of: 1) == 6 + 2)
        #expect(try await cost(of: 11) == 6 + 10 * 3 + 2)
    }
}

private final class StatementCounter: Sendable {
    let count = Atomic(0)
}

extension StorePlace {
    /// A place with the files as they are now: what a machine that stopped now would find.
    fileprivate func copiedFiles() throws -> StorePlace {
        let copy = try StorePlace()
        for name in ["sealpost.sqlite", "sealpost.sqlite-wal"] {
            try FileManager.default.copyItem(atPath: folder.path(of: name), toPath: copy.folder.path(of: name))
        }
        return copy
    }
}
