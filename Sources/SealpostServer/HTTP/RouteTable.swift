import HTTPTypes

/// Finds the endpoint of a request: a tree of path components, in which one that is written out goes before one that
/// is a parameter.
struct RouteTable: Sendable {
    enum Match: Sendable {
        /// The parameters as they stand in the path, in order.
        case endpoint(Endpoint, parameters: [Substring])
        /// The path is there, for other methods.
        case otherMethods([HTTPRequest.Method])
        case none
    }

    private struct Node: Sendable {
        var literals: [Substring: Node] = [:]
        /// None or one: an array, because a structure cannot hold itself.
        var parameter: [Node] = []
        var endpoints: [HTTPRequest.Method: Endpoint] = [:]
    }

    private var root = Node()

    init(_ endpoints: [Endpoint]) {
        for endpoint in endpoints {
            Self.insert(endpoint, Self.components(endpoint.path)[...], into: &root)
        }
    }

    /// HEAD is answered wherever GET is.
    func match(_ method: HTTPRequest.Method, _ path: String) -> Match {
        var parameters: [Substring] = []
        guard let node = Self.find(Self.components(path)[...], from: root, &parameters) else { return .none }
        if let endpoint = node.endpoints[method == .head ? .get : method] {
            return .endpoint(endpoint, parameters: parameters)
        }
        let methods = Array(node.endpoints.keys)
        return .otherMethods(methods.contains(.get) ? methods + [.head] : methods)
    }

    private static func insert(_ endpoint: Endpoint, _ path: ArraySlice<Substring>, into node: inout Node) {
        guard let first = path.first else {
            node.endpoints[endpoint.method] = endpoint
            return
        }
        if first.hasPrefix("{") {
            if node.parameter.isEmpty { node.parameter = [Node()] }
            insert(endpoint, path.dropFirst(), into: &node.parameter[0])
        } else {
            insert(endpoint, path.dropFirst(), into: &node.literals[first, default: Node()])
        }
    }

    private static func find(
        _ path: ArraySlice<Substring>, from node: Node, _ parameters: inout [Substring]
    ) -> Node? {
        guard let first = path.first else { return node.endpoints.isEmpty ? nil : node }
        if let next = node.literals[first], let found = find(path.dropFirst(), from: next, &parameters) {
            return found
        }
        guard let next = node.parameter.first else { return nil }
        parameters.append(first)
        if let found = find(path.dropFirst(), from: next, &parameters) { return found }
        parameters.removeLast()
        return nil
    }

    /// Bytes are compared, which is all that percent-encoded text needs.
    private static func components(_ path: String) -> [Substring] {
        path.utf8.split(separator: UInt8(ascii: "/")).map { Substring($0) }
    }
}
