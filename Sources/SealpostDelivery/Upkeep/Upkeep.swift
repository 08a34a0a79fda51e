/// How often the service does by itself what nobody asks for.
package struct Upkeep: Sendable {
    /// Between two reads of the revocation log: a revoked poll may wait this long, and for the read.
    package var revocationInterval = Duration.milliseconds(500)
    /// Between two sweeps when the last one found little: a tombstone may be told this late to a poll that waits.
    package var sweepInterval = Duration.seconds(10)
    /// Rows of each kind that one sweep removes.
    package var sweepLimit = 200
    /// Between two re-checks of the polls that wait, where there are other nodes: news of which no wake came is told
    /// this late (P6).
    package var recheckInterval = Duration.seconds(10)

    package init() {}
}
