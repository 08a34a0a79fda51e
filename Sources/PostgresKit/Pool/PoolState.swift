/// Who has which connection and who waits for one: a value whose methods change it and return what to do.
///
/// Connections are made one by one up to a limit, and the one that came back last goes out first, so that a quiet
/// service uses few. Who waits is served in order.
struct PoolState<Connection, Waiter> {
    enum Lease {
        case connection(Connection)
        /// There may be one more: make it, and give it back if that fails with `abandon`.
        case make
        /// Wait to be resumed.
        case wait
        case closed
    }

    private let limit: Int
    private var free: [Connection] = []
    private var made = 0
    private var waiters: [(id: UInt64, waiter: Waiter)] = []
    private var isClosed = false

    init(limit: Int) {
        self.limit = limit
    }

    var waiting: Int { waiters.count }
    var leased: Int { made - free.count }

    mutating func lease() -> Lease {
        guard !isClosed else { return .closed }
        if let connection = free.popLast() { return .connection(connection) }
        guard made < limit else { return .wait }
        made += 1
        return .make
    }

    /// Puts a waiter into the queue, or answers as `lease` if something became free meanwhile.
    mutating func enqueue(_ id: UInt64, _ waiter: Waiter) -> Lease {
        let lease = lease()
        if case .wait = lease { waiters.append((id, waiter)) }
        return lease
    }

    enum Return {
        /// To be given on.
        case give(Waiter)
        case kept
        /// To be let go of.
        case surplus
    }

    /// Takes a connection back.
    mutating func release(_ connection: Connection) -> Return {
        guard !isClosed else {
            made -= 1
            return .surplus
        }
        guard !waiters.isEmpty else {
            free.append(connection)
            return .kept
        }
        return .give(waiters.removeFirst().waiter)
    }

    /// A connection could not be made after all; the waiter that may try instead, if there is one.
    mutating func abandon() -> Waiter? {
        guard waiters.isEmpty else { return waiters.removeFirst().waiter }
        made -= 1
        return nil
    }

    /// Takes a waiter out of the queue; nil if it got its connection already.
    mutating func remove(_ id: UInt64) -> Waiter? {
        guard let index = waiters.firstIndex(where: { $0.id == id }) else { return nil }
        return waiters.remove(at: index).waiter
    }

    /// From now on nothing is leased. Who waits is to be told; what is free is to be closed, and the rest when it comes
    /// back.
    mutating func close() -> (waiters: [Waiter], free: [Connection]) {
        isClosed = true
        made -= free.count
        defer { (waiters, free) = ([], []) }
        return (waiters.map(\.waiter), free)
    }
}
