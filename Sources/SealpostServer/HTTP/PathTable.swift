import HTTPTypes

/// Which methods each path has, to tell a wrong method from a wrong path.
struct PathTable: Sendable {
    private let patterns: [(components: [String], method: HTTPRequest.Method)]

    init(_ endpoints: [Endpoint]) {
        patterns = endpoints.flatMap { endpoint in
            let components = Self.components(endpoint.path)
            // The router answers HEAD wherever there is GET.
            let methods = endpoint.method == .get ? [.get, .head] : [endpoint.method]
            return methods.map { (components, $0) }
        }
    }

    /// A path that is written out goes before one that it would fit as a parameter, as it does for the router.
    func methods(of path: String) -> Set<HTTPRequest.Method> {
        let components = Self.components(path)
        let literal = patterns.filter { $0.components == components }
        let fitting = literal.isEmpty ? patterns.filter { Self.matches($0.components, components) } : literal
        return Set(fitting.map(\.method))
    }

    private static func components(_ path: String) -> [String] { path.split(separator: "/").map(String.init) }

    private static func matches(_ pattern: [String], _ components: [String]) -> Bool {
        pattern.count == components.count
            && zip(pattern, components).allSatisfy { $0.hasPrefix("{") || $0 == $1 }
    }
}
