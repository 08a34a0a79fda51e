import Foundation
import SealpostTesting

/// Two nodes on a database of their own, with people at them whose devices are used by HTTP.
struct TwoNodes: Sendable {
    let cluster: PostgresCluster
    /// The database's URL.
    let database: String
    let first: Service
    let second: Service
    /// At the first node.
    let stage: Stage

    /// - Parameter cluster: one that nobody else uses, if it is to be broken.
    static func start(on cluster: PostgresCluster, environment: [String: String] = [:]) async throws -> TwoNodes {
        let database = try await cluster.createDatabase()
        let first = try await Service.start(database: database, environment: environment)
        let second = try await first.another()
        return TwoNodes(
            cluster: cluster, database: database, first: first, second: second,
            stage: Stage(service: first, folder: try Folder()))
    }

    /// A registered person's device, as the first node serves it.
    func device(of name: String) async throws -> API { try await stage.api(of: stage.person(name)) }
}

extension Service {
    /// The same caller at this node.
    func api(as caller: API) -> API { API(url, token: caller.token, http: caller.http) }

    /// Waits for `/readyz` to say 200, and returns how long that took; at most half a minute.
    func readiness() async throws -> Duration {
        let (clock, api) = (ContinuousClock(), try api())
        let start = clock.now
        while clock.now - start < .seconds(30) {
            if try await api.call("GET", "/readyz", timeout: .seconds(30)).status == 200 { break }
            // Between two questions; how long matters to nothing.
            try await Task.sleep(for: .milliseconds(5))
        }
        return clock.now - start
    }
}
