import Foundation

/// Times of single calls.
struct Latencies: Sendable {
    private var values: [Duration] = []

    var count: Int { values.count }

    mutating func add(_ value: Duration) { values.append(value) }
    mutating func add(_ other: Latencies) { values += other.values }

    /// p50, p99 and the greatest, in milliseconds.
    func summary() -> (p50: Double, p99: Double, max: Double) {
        let sorted = values.sorted()
        func value(_ share: Double) -> Double {
            guard !sorted.isEmpty else { return .nan }
            return sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))] / .milliseconds(1)
        }
        return (value(0.5), value(0.99), value(1))
    }
}

/// Prints one line a figure.
package struct Report: Sendable {
    private struct Line: Encodable {
        var what: String
        var figures: [String: Double]
    }

    let json: Bool

    package init(json: Bool) {
        self.json = json
    }

    func line(_ what: String, _ figures: KeyValuePairs<String, Double?>) {
        let known = figures.compactMap { name, value in value.map { (name, $0) } }
        if json {
            let line = Line(what: what, figures: Dictionary(uniqueKeysWithValues: known))
            guard let data = try? JSONEncoder().encode(line) else { return }
            print(String(decoding: data, as: UTF8.self))
        } else {
            let text = known.map { "\($0.0) \(String(format: "%.2f", $0.1))" }.joined(separator: "  ")
            print(what.padding(toLength: 22, withPad: " ", startingAt: 0) + text)
        }
        fflush(nil)
    }

    func line(_ what: String, _ latencies: Latencies, elapsed: Duration, cpu: Duration?) {
        let summary = latencies.summary()
        line(
            what,
            [
                "count": Double(latencies.count), "per_second": Double(latencies.count) / (elapsed / .seconds(1)),
                "p50_ms": summary.p50, "p99_ms": summary.p99, "max_ms": summary.max,
                "server_cpu_us": cpu.map { ($0 / .microseconds(1)) / Double(latencies.count) },
            ])
    }

    func note(_ text: String) {
        FileHandle.standardError.write(Data((text + "\n").utf8))
    }
}

/// Runs `count` calls on `workers` tasks and takes the time of each.
func measure(
    count: Int, workers: Int, _ call: @escaping @Sendable (_ number: Int) async throws -> Void
) async throws -> (latencies: Latencies, elapsed: Duration) {
    let start = ContinuousClock.now
    let latencies = try await withThrowingTaskGroup(of: Latencies.self) { group in
        for worker in 0..<workers {
            group.addTask {
                var latencies = Latencies()
                for number in stride(from: worker, to: count, by: workers) {
                    let begin = ContinuousClock.now
                    try await call(number)
                    latencies.add(ContinuousClock.now - begin)
                }
                return latencies
            }
        }
        return try await group.reduce(into: Latencies()) { $0.add($1) }
    }
    return (latencies, ContinuousClock.now - start)
}
