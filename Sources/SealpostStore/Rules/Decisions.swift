import SealpostCore

// What stores decide once they have looked, so that they decide it alike.

extension VerifiedCredential {
    /// Whether a sign-in that was checked against this may go on: it is still the account's.
    package func isCurrent(passwordHash: String?, accountKey: [UInt8]?) -> Bool {
        switch self {
        case .passwordHash(let hash): hash == passwordHash
        case .accountKey(let key): key == accountKey
        }
    }
}

extension Session {
    package enum RefreshStep: Sendable {
        /// The token is the current one.
        case advance
        /// The answer with the current one was lost.
        case repeatCurrent
        /// An older one was shown: the family ends.
        case end
        /// It was never given out.
        case refuse
    }

    /// What showing the refresh token of this number comes to.
    package func step(for number: Int64) -> RefreshStep {
        guard number > 0 else { return .refuse }
        switch current - number {
        case 0: return .advance
        case 1: return .repeatCurrent
        case 2...: return .end
        default: return .refuse
        }
    }
}

extension OpeningOutcome {
    /// - Parameters:
    ///   - newest: the number that was given last, and by which nonce.
    ///   - Returns: the outcome, and whether the next number is taken by it.
    package static func next(
        newest: UInt64, nonce newestNonce: [UInt8]?, last: UInt64, nonce: [UInt8]
    ) -> (outcome: OpeningOutcome, isNew: Bool) {
        if last == newest { return (.opened(newest + 1), true) }
        // Its answer was lost: the client asks again with the same nonce.
        if newest > 0, last == newest - 1, newestNonce == nonce { return (.opened(newest), false) }
        return (.rollback, false)
    }
}
