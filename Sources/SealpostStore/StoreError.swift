/// What can go wrong in any call of a store. What can be refused is an outcome of the call, not an error.
package enum StoreError: Error, Sendable {
    /// The database cannot be reached or is out of room; nothing was changed, or the change is settled by its ids when
    /// the call is repeated.
    case unavailable(String)
    /// The call was cancelled before it took effect.
    case cancelled
    /// The database says something that it cannot say if this code is right.
    case corrupt(String)
    /// The database was written by a newer release that no longer lets this one run on it.
    case incompatible(String)
}

extension StoreError {
    /// What the outcome `busy` of a call means to whoever can do nothing but try again.
    package static let busy = StoreError.unavailable("somebody else holds the mailbox's lock")
}

extension StoreError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .unavailable(let cause): "the store is unavailable: \(cause)"
        case .cancelled: "the call was cancelled"
        case .corrupt(let cause): "the store holds something impossible: \(cause)"
        case .incompatible(let cause): "the store cannot be used by this release: \(cause)"
        }
    }
}
