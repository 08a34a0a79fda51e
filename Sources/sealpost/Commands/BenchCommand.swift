import ArgumentParser
import SealpostBench

/// `sealpost bench`: drives a running server and prints what it measured.
struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Load a running server and print throughput, latency and memory.",
        discussion: """
            The server must let the bench register: raise its limits on registrations, sign-ins and claims.
            script/bench starts one so, runs this beside its references and stops it.

            EXAMPLES
              sealpost bench --server http://127.0.0.1:8080 deposits fetch
              sealpost bench --parked 10000 --rate 1000 --server-pid 4711 wake
            """)

    enum Phase: String, CaseIterable, ExpressibleByArgument {
        case deposits, wake, claims, fetch
    }

    @Option(help: "The server's process id on this machine, to tell its memory and CPU time.")
    var serverPID: Int32?

    @Option(help: "Another node of the same service, where the deposits of the wake phase go.")
    var secondServer: String?

    @Option(help: "Connections that deposit or claim at the same time.")
    var connections = 64

    @Option(help: "Bytes of an envelope.")
    var size = 1024

    @Option(help: "Deposits in the deposits phase.")
    var deposits = 50_000

    @Option(help: "Polls parked in the wake phase, each on a mailbox of its own.")
    var parked = 1_000

    @Option(help: "Deposits a second in the wake phase.")
    var rate = 1_000

    @Option(help: "Seconds of the wake phase.")
    var seconds = 10

    @Option(help: "Claims in the claims phase.")
    var claims = 5_000

    @Option(help: "Rounds of fetching 100 and acknowledging them in the fetch phase.")
    var rounds = 1_000

    @OptionGroup var options: GlobalOptions

    @Argument(help: "Phases: deposits, wake, claims, fetch.")
    var phases = Phase.allCases

    func validate() throws {
        guard [connections, deposits, parked, rate, seconds, claims, rounds].allSatisfy({ $0 > 0 }) else {
            throw ValidationError("counts must be greater than 0")
        }
        guard (64...262_144).contains(size) else { throw ValidationError("--size must be 64 to 262144 bytes") }
    }

    func run() async throws {
        let target = try Target(server: options.server ?? GlobalOptions.localServer, pid: serverPID)
        let second = try secondServer.map { try Target(server: $0, pid: nil) }
        defer {
            target.close()
            second?.close()
        }
        let report = Report(json: options.json)
        for phase in phases {
            switch phase {
            case .deposits:
                try await DepositBench(target: target, connections: connections, size: size, count: deposits)
                    .run(report)
            case .wake:
                try await WakeBench(
                    target: target, depositTarget: second ?? target, parked: parked, rate: rate, seconds: seconds,
                    size: size
                ).run(report)
            case .claims:
                try await ClaimBench(target: target, connections: connections, count: claims).run(report)
            case .fetch:
                try await FetchBench(target: target, connections: connections, size: size, rounds: rounds)
                    .run(report)
            }
        }
    }
}
