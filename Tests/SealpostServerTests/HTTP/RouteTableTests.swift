import HTTPTypes
import Testing

@testable import SealpostServer

@Suite struct RouteTableTests {
    private let table = RouteTable(
        [
            (.get, "/v1/things"), (.post, "/v1/things/refresh"), (.delete, "/v1/things/{id}"),
            (.put, "/v1/things/{id}/parts/{part}"), (.get, "/v1/things/special/notes"),
        ].map { Endpoint($0, $1, open: { _ in throw Unused() }) })

    private struct Unused: Error {}

    private func found(_ method: HTTPRequest.Method, _ path: String) -> String? {
        guard case .endpoint(let endpoint, let parameters) = table.match(method, path) else { return nil }
        return ([endpoint.path] + zip(endpoint.parameterNames, parameters).map { "\($0)=\($1)" }).joined(separator: " ")
    }

    private func otherMethods(_ method: HTTPRequest.Method, _ path: String) -> Set<HTTPRequest.Method>? {
        guard case .otherMethods(let methods) = table.match(method, path) else { return nil }
        return Set(methods)
    }

    @Test func parametersAreToldInOrderAsTheyStandInThePath() {
        #expect(found(.put, "/v1/things/a%20b/parts/2") == "/v1/things/{id}/parts/{part} id=a%20b part=2")
    }

    @Test func whatIsWrittenOutGoesBeforeAParameter() {
        #expect(found(.post, "/v1/things/refresh") == "/v1/things/refresh")
        #expect(otherMethods(.delete, "/v1/things/refresh") == [.post])
    }

    @Test func aPathThatLeadsNowhereIsTriedAsAParameter() {
        #expect(found(.delete, "/v1/things/special") == "/v1/things/{id} id=special")
        #expect(found(.put, "/v1/things/special/parts/1") == "/v1/things/{id}/parts/{part} id=special part=1")
        #expect(found(.get, "/v1/things/special/notes") == "/v1/things/special/notes")
    }

    @Test func headGoesWhereGetGoes() {
        #expect(found(.head, "/v1/things") == "/v1/things")
        #expect(otherMethods(.post, "/v1/things") == [.get, .head])
    }

    @Test(arguments: ["/", "", "/v1", "/v1/things/1/parts", "/v1/things/1/parts/2/more", "/v2/things"])
    func anotherPathIsNowhere(path: String) {
        guard case .none = table.match(.get, path) else {
            Issue.record("\(path) was found")
            return
        }
    }
}
