import NIOCore
import SealpostCore
import SealpostStore
import SealpostTesting
import Testing

@testable import SealpostServer

@Suite struct RateLimiterTests {
    private func place(_ address: String) throws -> NetworkPrefix {
        NetworkPrefix(try SocketAddress(ipAddress: address, port: 1))
    }

    @Test func addressesOfOneNetworkCountAsOne() throws {
        #expect(try place("2001:db8:1:2::1") == place("2001:db8:1:2:ffff::9"))
        #expect(try place("2001:db8:1:2::1") != place("2001:db8:1:3::1"))
        #expect(try place("192.0.2.1") != place("192.0.2.2"))
        #expect(try place("192.0.2.1") == place("::ffff:192.0.2.1"))
        #expect(NetworkPrefix(nil) == NetworkPrefix(nil))
    }

    @Test func manyNetworksTogetherAreLimitedToo() throws {
        var rates = RateLimits()
        rates.failedSignIns = Rate(burst: 1, perHour: 1)
        rates.failedSignInsAnywhere = Rate(burst: 3, perHour: 60)
        let clock = ManualClock()
        let limiter = RateLimiter(rates: rates, clock: ServerClock { clock.now })
        let alice = RateLimiter.Target.account(AccountID(1))
        for address in ["192.0.2.1", "192.0.2.2", "192.0.2.3"] {
            try limiter.beginSignIn(to: alice, from: place(address))
        }
        #expect(throws: Problem.self) { try limiter.beginSignIn(to: alice, from: place("192.0.2.4")) }
        try limiter.beginSignIn(to: .account(AccountID(2)), from: place("192.0.2.4"))
        // What was refused did not count for that network.
        clock.advance(by: .seconds(60))
        try limiter.beginSignIn(to: alice, from: place("192.0.2.4"))
    }

    @Test func claimsAreLimitedByCallerAndTarget() throws {
        var rates = RateLimits()
        rates.claims = Rate(burst: 1, perHour: 60)
        let limiter = RateLimiter(rates: rates, clock: ServerClock { Timestamp(milliseconds: 0) })
        let (alice, bob) = (try #require(Handle("alice")), try #require(Handle("bob")))
        try limiter.claim(by: .account(AccountID(1)), from: alice)
        try limiter.claim(by: .account(AccountID(1)), from: bob)
        try limiter.claim(by: .account(AccountID(2)), from: alice)
        do {
            try limiter.claim(by: .account(AccountID(1)), from: alice)
            Issue.record("a second claim was let through")
        } catch {
            #expect(error.code == .rateLimited)
            #expect(error.retryAfter == 60)
        }
    }

    @Test func limitsAreTold() async throws {
        try await TestServer.run {
            $0.rates.claims = Rate(burst: 1, perHour: 0)
        } _: { server in
            let token = try await server.register("alice").session.accessToken
            let limits = try await server.send("GET", "/v1/limits", token: token).read(LimitsAnswer.self).limits
            func limit(_ name: String) -> LimitsAnswer.Limit? { limits.first { $0.name == name } }
            #expect(limit("envelope_bytes")?.limit == 262_144)
            #expect(limit("registrations_per_network")?.remaining == 19)
            #expect(limit("registrations_per_network")?.unit == "per_hour")
            #expect(limit("claims_per_target") == nil)
            #expect(Set(limits.map(\.name)).count == limits.count)
        }
    }
}
