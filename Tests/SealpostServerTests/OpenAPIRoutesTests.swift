import Foundation
import HTTPTypes
import SealpostCore
import SealpostServer
import Testing

@Suite("OpenAPI description")
struct OpenAPIRoutesTests {
    private static let file = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "api-spec/openapi.yaml")

    /// `METHOD path` for every operation of the description: paths are indented by two, methods by four.
    private static func described() throws -> Set<String> {
        var operations: Set<String> = []
        var path: Substring?
        var isInPaths = false
        for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n") {
            if !line.hasPrefix(" ") { isInPaths = line == "paths:" }
            guard isInPaths else { continue }
            if line.hasPrefix("  /"), line.hasSuffix(":") { path = line.dropFirst(2).dropLast() }
            let methods = ["get", "put", "post", "patch", "delete"]
            if let path, let method = methods.first(where: { line == "    \($0):" }) {
                operations.insert("\(method.uppercased()) \(path)")
            }
        }
        return operations
    }

    @Test func everyRouteIsDescribedAndEveryDescribedRouteExists() async throws {
        let described = try Self.described()
        #expect(described.count > 30)
        try await MailTestServer.run { server in
            let routes = Set(
                SealpostApp.endpoints(server.app.parts).map { "\($0.method.rawValue) \($0.path)" })
            #expect(routes.subtracting(described).sorted() == [], "routes without a description")
            #expect(described.subtracting(routes).sorted() == [], "descriptions without a route")
        }
    }

    @Test func everyJSONAnswerHasAnExample() throws {
        let lines = try String(contentsOf: Self.file, encoding: .utf8).split(separator: "\n")
        func indent(_ line: Substring) -> Int { line.prefix { $0 == " " }.count }
        // Errors are `application/problem+json`, so these are the answers of success.
        let answers = lines.indices.filter { index in
            let part = lines[..<index].last { $0.hasSuffix(" requestBody:") || $0.hasSuffix(" responses:") }
            return lines[index].hasSuffix(" application/json:") && part?.hasSuffix(" responses:") == true
        }
        #expect(answers.count > 20)
        for body in answers {
            let members = lines[(body + 1)...].prefix { indent($0) > indent(lines[body]) }
            let examples = members.filter { indent($0) == indent(lines[body]) + 2 && $0.contains(#/^ +examples?:/#) }
            #expect(examples.count == 1, "line \(body + 1)")
        }
    }

    @Test func everyErrorCodeIsInTheCatalogue() throws {
        let text = try String(contentsOf: Self.file, encoding: .utf8)
        let start = try #require(text.range(of: "\n    ErrorCode:\n"))
        let catalogue = try #require(text[start.upperBound...].firstMatch(of: #/enum:\n((?:\s+- \w+\n)+)/#))
        let codes = catalogue.1.split(separator: "\n").map { $0.trimmingPrefix(#/\s+- /#) }
        #expect(codes.map(String.init) == ErrorCode.allCases.map(\.rawValue))
    }

    @Test func theServiceServesTheDescriptionAsItIsInTheRepository() async throws {
        try await MailTestServer.run { server in
            let answer = try await server.stranger.get("/openapi.yaml")
            #expect(answer.status == 200)
            #expect(answer.header("Content-Type") == "application/yaml")
            #expect(answer.body == Array(try Data(contentsOf: Self.file)))
        }
    }
}
