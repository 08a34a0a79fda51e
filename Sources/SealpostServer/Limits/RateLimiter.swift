import SealpostCore
import SealpostStore
import Synchronization

/// The rates that are configured.
package struct RateLimits: Sendable, Hashable {
    /// Registrations from one network.
    package var registrations = Rate(burst: 20, perHour: 20)
    /// Failed sign-ins to one account from one network.
    package var failedSignIns = Rate(burst: 10, perHour: 30)
    /// Failed sign-ins to one account from anywhere.
    package var failedSignInsAnywhere = Rate(burst: 100, perHour: 20)
    /// Prekey claims of one caller from one account.
    package var claims = Rate(burst: 30, perHour: 120)

    package init() {}
}

/// Says no to what is done too often, at this node.
package final class RateLimiter: Sendable {
    /// Whom somebody tried to sign in as; an account that does not exist is limited just like one that does.
    package enum Target: Sendable, Hashable {
        case account(AccountID)
        case unknown(Login)
    }

    private struct SignIn: Hashable, Sendable {
        let target: Target
        let from: NetworkPrefix
    }

    private struct ClaimPair: Hashable, Sendable {
        let caller: Depositor
        let target: Handle
    }

    private struct Buckets {
        var registrations: TokenBuckets<NetworkPrefix>
        var signIns: TokenBuckets<SignIn>
        var signInsAnywhere: TokenBuckets<Target>
        var claims: TokenBuckets<ClaimPair>
    }

    package let rates: RateLimits
    private let clock: ServerClock
    private let buckets: Mutex<Buckets>

    package init(rates: RateLimits, clock: ServerClock) {
        self.rates = rates
        self.clock = clock
        buckets = Mutex(
            Buckets(
                registrations: TokenBuckets(rate: rates.registrations),
                signIns: TokenBuckets(rate: rates.failedSignIns),
                signInsAnywhere: TokenBuckets(rate: rates.failedSignInsAnywhere),
                claims: TokenBuckets(rate: rates.claims)))
    }

    /// Counts a registration; throws `rate_limited`.
    package func register(from place: NetworkPrefix) throws(Problem) {
        let now = clock.now()
        try Self.check(buckets.withLock { $0.registrations.take(place, at: now) }, "registrations from one network")
    }

    /// Counts a sign-in as failed until `signInSucceeded` says otherwise, so that attempts made at once all count;
    /// throws `rate_limited`.
    package func beginSignIn(to target: Target, from place: NetworkPrefix) throws(Problem) {
        let now = clock.now()
        let wait = buckets.withLock { buckets -> Duration? in
            let near = SignIn(target: target, from: place)
            if let wait = buckets.signIns.take(near, at: now) { return wait }
            guard let wait = buckets.signInsAnywhere.take(target, at: now) else { return nil }
            buckets.signIns.giveBack(near, at: now)
            return wait
        }
        try Self.check(wait, "failed sign-ins to one account")
    }

    /// Takes back what `beginSignIn` counted.
    package func signInSucceeded(to target: Target, from place: NetworkPrefix) {
        let now = clock.now()
        buckets.withLock { buckets in
            buckets.signIns.giveBack(SignIn(target: target, from: place), at: now)
            buckets.signInsAnywhere.giveBack(target, at: now)
        }
    }

    /// Counts a claim of prekeys; throws `rate_limited`.
    package func claim(by caller: Depositor, from target: Handle) throws(Problem) {
        let now = clock.now()
        try Self.check(
            buckets.withLock { $0.claims.take(ClaimPair(caller: caller, target: target), at: now) },
            "prekey claims from one account")
    }

    /// What `GET /v1/limits` says of the rates; those without a limit are left out.
    package func answers(for account: AccountID, from place: NetworkPrefix) -> [LimitsAnswer.Limit] {
        let now = clock.now()
        let left = buckets.withLock { buckets in
            (
                registrations: buckets.registrations.remaining(place, at: now),
                signIns: buckets.signIns.remaining(SignIn(target: .account(account), from: place), at: now),
                anywhere: buckets.signInsAnywhere.remaining(.account(account), at: now)
            )
        }
        let all: [(name: String, rate: Rate, remaining: Int?)] = [
            ("registrations_per_network", rates.registrations, left.registrations),
            ("failed_sign_ins_per_network", rates.failedSignIns, left.signIns),
            ("failed_sign_ins", rates.failedSignInsAnywhere, left.anywhere),
            ("claims_per_target", rates.claims, nil),
        ]
        return all.filter { !$0.rate.isUnlimited }.map { name, rate, remaining in
            LimitsAnswer.Limit(
                name: name, limit: Int64(rate.perHour), unit: "per_hour", remaining: remaining.map(Int64.init))
        }
    }

    private static func check(_ wait: Duration?, _ what: String) throws(Problem) {
        guard let wait else { return }
        let seconds = Int((wait.wholeMilliseconds + 999) / 1000)
        throw Problem(.rateLimited, "too many \(what): try again in \(seconds) s", retryAfter: max(1, seconds))
    }
}
