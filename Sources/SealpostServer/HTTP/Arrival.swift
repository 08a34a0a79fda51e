import Hummingbird

/// A request that came in, and where it goes.
///
/// A class, as `Call`: it stays in the frames of a task for as long as a poll is parked, and a reference takes the least
/// room there.
package final class Arrival: Sendable {
    package let request: Request
    package let context: ServerContext
    let match: RouteTable.Match

    init(_ request: Request, _ context: ServerContext, _ match: RouteTable.Match) {
        self.request = request
        self.context = context
        self.match = match
    }

    /// Nil if there is none for its method and path.
    var endpoint: Endpoint? {
        if case .endpoint(let endpoint, _) = match { endpoint } else { nil }
    }

    /// The text of a path parameter, still percent-encoded.
    func parameter(_ name: String) -> Substring? {
        guard case .endpoint(let endpoint, let parameters) = match,
            let index = endpoint.parameterNames.firstIndex(of: name)
        else { return nil }
        return parameters[index]
    }
}
