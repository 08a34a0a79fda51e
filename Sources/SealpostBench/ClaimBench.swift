import Foundation
import SealpostCore
import SodiumKit

/// Prekey claims a second, each consuming a one-time key of each kind.
package struct ClaimBench: Sendable {
    let target: Target
    let connections: Int
    let count: Int

    package init(target: Target, connections: Int, count: Int) {
        self.target = target
        self.connections = connections
        self.count = count
    }

    package func run(_ report: Report) async throws {
        let targets = max(1, (count + Limits.prekeysHeld - 1) / Limits.prekeysHeld)
        report.note("making \(targets) devices with prekeys")
        let devices = try await Fleet(target: target, oneTimePrekeys: Limits.prekeysHeld)
            .devices(targets, perAccount: 1)
        let claimers = try await Fleet(target: target).devices(1)
        let before = target.cpuTime()
        let (latencies, elapsed) = try await measure(count: count, workers: connections) { number in
            let request = ClaimRequest(requestID: EnvelopeID(random: Random.bytes(16)))
            let answer = try await target.call(
                "POST", "/v1/accounts/\(devices[number % targets].address.handle)/claims", token: claimers[0].token,
                json: request, as: ClaimAnswer.self)
            guard answer.bundles.first?.oneTimePrekey != nil else { throw BenchError.lost("a one-time key is missing") }
        }
        report.line("claims", latencies, elapsed: elapsed, cpu: difference(target.cpuTime(), before))
    }
}
