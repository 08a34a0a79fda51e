/// The client of a poll, which may leave before there is an answer.
package protocol Presence: AnyObject, Sendable {
    /// True from when the client left.
    var hasLeft: Bool { get }

    /// Sets whom to call when the client leaves, in the place of whom was set before. Nobody is called for a client that
    /// has left already: look at `hasLeft` afterwards.
    func watch(_ onLeave: (@Sendable () -> Void)?)
}
