import Foundation
import SealpostCore

/// From the start of a deposit to the answer of the poll that waited for it, with many polls parked.
package struct WakeBench: Sendable {
    /// Where the polls are parked.
    let target: Target
    /// Where the deposits go.
    let depositTarget: Target
    let parked: Int
    let rate: Int
    let seconds: Int
    let size: Int

    /// - Parameter depositTarget: another node of the same service, or the same one.
    package init(
        target: Target, depositTarget: Target, parked: Int, rate: Int, seconds: Int, size: Int
    ) {
        self.target = target
        self.depositTarget = depositTarget
        self.parked = parked
        self.rate = rate
        self.seconds = seconds
        self.size = size
    }

    package func run(_ report: Report) async throws {
        report.note("making \(parked) mailboxes")
        let devices = try await Fleet(target: target).devices(parked)
        let mail = Mail(target: target, size: size)
        let outgoing = Mail(target: depositTarget, size: size)
        let memoryBefore = target.residentMemory()
        let wakes = AsyncStream<Duration>.makeStream()
        try await withThrowingTaskGroup(of: Void.self) { pollers in
            for device in devices {
                pollers.addTask { try await Self.receive(device, mail, wakes.continuation) }
            }
            try await waitUntilParked(devices, outgoing, wakes.stream)
            if let memoryBefore, let memory = target.residentMemory() {
                report.line(
                    "memory of a poll",
                    ["parked": Double(parked), "kib_each": Double(memory - memoryBefore) / Double(parked) / 1024])
            }
            let cpuBefore = target.cpuTime()
            let begin = ContinuousClock.now
            async let received = Self.take(rate * seconds, from: wakes.stream)
            try await depositAtRate(devices, outgoing)
            let latencies = await received
            report.line(
                "deposit to wake", latencies, elapsed: ContinuousClock.now - begin,
                cpu: difference(target.cpuTime(), cpuBefore))
            pollers.cancelAll()
            try await pollers.waitForAll()
            guard latencies.count == rate * seconds else { throw BenchError.lost("wakes were lost") }
        }
    }

    /// Polls for ever, acknowledging with each poll what the one before brought.
    private static func receive(
        _ device: BenchedDevice, _ mail: Mail, _ wakes: AsyncStream<Duration>.Continuation
    ) async throws {
        var cursor: Sequence?
        while !Task.isCancelled {
            let request = PollRequest(
                mailbox: .init(ack: cursor.map { AckRequest(through: $0) }, after: cursor), wait: 55)
            let answer: MailboxAnswer
            do {
                answer = try await mail.poll(device, request)
            } catch {
                guard !Task.isCancelled else { return }
                // Whoever counts wakes must not wait for those that will never come.
                wakes.finish()
                throw error
            }
            for envelope in answer.envelopes ?? [] {
                if let age = TimedID.age(of: envelope.id) { wakes.yield(age) }
            }
            cursor = answer.cursor ?? cursor
        }
    }

    /// One deposit for each mailbox: when all have come, every poll has been parked or is about to be again.
    private func waitUntilParked(
        _ devices: [BenchedDevice], _ mail: Mail, _ wakes: AsyncStream<Duration>
    ) async throws {
        _ = try await measure(count: devices.count, workers: 16) { number in
            try await mail.deposit(to: devices[number], from: devices[number], id: TimedID.make(number))
        }
        _ = await Self.take(devices.count, from: wakes)
    }

    private static func take(_ count: Int, from wakes: AsyncStream<Duration>) async -> Latencies {
        var latencies = Latencies()
        guard count > 0 else { return latencies }
        for await age in wakes {
            latencies.add(age)
            if latencies.count == count { break }
        }
        return latencies
    }

    /// Starts deposits on time whatever became of those before.
    private func depositAtRate(_ devices: [BenchedDevice], _ mail: Mail) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            let begin = ContinuousClock.now
            for number in 0..<rate * seconds {
                try await Task.sleep(
                    until: begin + .nanoseconds(number * 1_000_000_000 / rate), tolerance: .microseconds(100),
                    clock: .continuous)
                let device = devices[number * 7919 % devices.count]
                group.addTask { try await mail.deposit(to: device, from: device, id: TimedID.make(number)) }
            }
            try await group.waitForAll()
        }
    }
}
