import Crypto
import SealpostCore
import SealpostStore
import SealpostTesting
import Testing

@testable import SealpostServer

@Suite struct BearerTokensTests {
    private let clock = ManualClock()
    private var serverClock: ServerClock { ServerClock { [clock] in clock.now } }

    private func keys(_ id: String) -> ServerKeys.Set {
        ServerKeys.Set(
            id: id, access: SymmetricKey(size: .bits256), token: SymmetricKey(size: .bits256),
            refresh: SymmetricKey(size: .bits256), challenge: SymmetricKey(size: .bits256))
    }

    private func session(device: UInt32? = 2) throws -> Session {
        Session(
            id: Sample.recordID(), account: AccountID(7), handle: try #require(Handle("alice")),
            device: device.flatMap { DeviceNumber($0) }, created: clock.now, lastUsed: clock.now,
            ends: clock.now + Limits.sessionLife, current: 1, authenticated: clock.now)
    }

    private func token() throws -> APIToken {
        APIToken(
            id: Sample.recordID(), account: AccountID(7), handle: try #require(Handle("alice")), name: "cron",
            scopes: [.deposit, .mailbox], device: DeviceNumber(2), created: clock.now, expires: clock.now + .days(1))
    }

    @Test func anAccessTokenSaysWhoItIsFor() async throws {
        let tokens = await BearerTokens(keys: ServerKeys(current: keys("1")), clock: serverClock)
        let session = try session()
        let principal = try await tokens.verify(tokens.accessToken(for: session).text)
        #expect(principal.account == AccountID(7))
        #expect(principal.sender == "alice.2")
        #expect(principal.session == session.id)
        #expect(principal.scopes == Set(Scope.allCases))
        #expect(principal.authenticated == session.authenticated)
    }

    @Test func anAccessTokenDoesNotOutliveItsSession() async throws {
        let tokens = await BearerTokens(keys: ServerKeys(current: keys("1")), clock: serverClock)
        var session = try session()
        session.ends = clock.now + .seconds(5)
        #expect(try await tokens.accessToken(for: session).expires == session.ends)
    }

    @Test func anAPITokenIsTheSameTextInEveryProcess() async throws {
        let keys = ServerKeys(current: keys("1"))
        let record = try token()
        var texts: Set<String> = []
        for _ in 0..<5 {
            texts.insert(try await BearerTokens(keys: keys, clock: serverClock).text(of: record))
        }
        #expect(texts.count == 1)
        let tokens = await BearerTokens(keys: keys, clock: serverClock)
        let principal = try await tokens.verify(try #require(texts.first))
        #expect(principal.scopes == [.deposit, .mailbox])
        #expect(principal.session == nil)
        #expect(principal.authenticated == nil)
    }

    @Test func afterARotationOldTokensAreGoodAsLongAsTheirKeyIsKept() async throws {
        let (old, new) = (keys("1"), keys("2"))
        let before = await BearerTokens(keys: ServerKeys(current: old), clock: serverClock)
        let text = try await before.accessToken(for: session()).text
        let rotated = await BearerTokens(keys: ServerKeys(current: new, older: [old]), clock: serverClock)
        #expect(try await rotated.verify(text).account == AccountID(7))
        let without = await BearerTokens(keys: ServerKeys(current: new), clock: serverClock)
        await #expect(throws: Problem.self) { try await without.verify(text) }
    }

    @Test func oneKindOfTokenCannotPassForTheOther() async throws {
        // Even if both were signed with the same key.
        let key = SymmetricKey(size: .bits256)
        let set = ServerKeys.Set(id: "1", access: key, token: key, refresh: key, challenge: key)
        let tokens = await BearerTokens(keys: ServerKeys(current: set), clock: serverClock)
        let access = try await tokens.accessToken(for: session()).text
        await #expect(throws: Problem.self) { try await tokens.verify("sealpost_" + access) }
        let api = try await tokens.text(of: token())
        await #expect(throws: Problem.self) {
            try await tokens.verify(String(api.dropFirst(BearerTokens.tokenPrefix.count)))
        }
    }
}

@Suite struct RefreshTokensTests {
    @Test func everyChangedByteIsNoticed() throws {
        let set = ServerKeys.Set(
            id: "1", access: SymmetricKey(size: .bits256), token: SymmetricKey(size: .bits256),
            refresh: SymmetricKey(size: .bits256), challenge: SymmetricKey(size: .bits256))
        let tokens = RefreshTokens(keys: ServerKeys(current: set))
        let id = Sample.recordID()
        let text = tokens.text(session: id, number: 258)
        let read = try #require(tokens.read(text))
        #expect(read.session == id)
        #expect(read.number == 258)
        let bytes = try #require(Base64URL.decode(text))
        for index in bytes.indices {
            var changed = bytes
            changed[index] ^= 0x40
            #expect(tokens.read(Base64URL.encode(changed)) == nil)
        }
    }
}

@Suite struct GenerationCacheTests {
    @Test func whatIsUsedStaysAndTheRestIsForgotten() {
        let cache = GenerationCache<Int, Int>(capacity: 10)
        cache[0] = 0
        for key in 1..<1000 {
            cache[key] = key
            #expect(cache[0] == 0)
            #expect(cache.count <= 10)
        }
        #expect(cache[1] == nil)
        #expect(cache[999] == 999)
        cache[999] = nil
        #expect(cache[999] == nil)
    }
}
