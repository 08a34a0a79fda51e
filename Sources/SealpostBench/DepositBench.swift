import Foundation
import SealpostCore
import SodiumKit

/// Durable deposits a second: raw envelopes on so many connections, spread over mailboxes with room for them.
package struct DepositBench: Sendable {
    let target: Target
    let connections: Int
    let size: Int
    let count: Int

    package init(target: Target, connections: Int, size: Int, count: Int) {
        self.target = target
        self.connections = connections
        self.size = size
        self.count = count
    }

    package func run(_ report: Report) async throws {
        let mailboxes = max(connections, count * 10 / (Limits.mailboxEnvelopes * 9))
        let fullBySize = count * size / (Limits.mailboxBytes / 2)
        report.note("making \(max(mailboxes, fullBySize)) mailboxes")
        let devices = try await Fleet(target: target).devices(max(mailboxes, fullBySize))
        let mail = Mail(target: target, size: size)
        let before = target.cpuTime()
        let (latencies, elapsed) = try await measure(count: count, workers: connections) { number in
            let sender = devices[(number + 1) % devices.count]
            try await mail.deposit(to: devices[number % devices.count], from: sender)
        }
        report.line("deposits", latencies, elapsed: elapsed, cpu: difference(target.cpuTime(), before))
        try await mail.empty(devices)
    }
}
