import CPostgres
import Glibc

/// Makes connections, address by address.
///
/// libpq's own way to try several hosts with a time-out for each blocks and cannot be interrupted; its other way has no
/// time-outs, and so never gets past a host that takes the connection and says nothing. So the hosts are taken one by one
/// here, each by libpq's other way.
struct Connecting {
    let settings: PostgresSettings
    let bell: Bell
    let interruption: Interruption?

    /// A connection to the first address that has what is wanted; the caller finishes it. Throws `unreachable` with what
    /// each of them said.
    func connect() throws(PostgresError) -> OpaquePointer {
        let string = try ConnectionString(settings.url)
        var failures: [String] = []
        for address in string.addresses() {
            switch try open(address, within: string.connectTimeout ?? settings.connectTimeout) {
            case .success(let handle): return handle
            case .failure(let failure): if !failures.contains(failure.cause) { failures.append(failure.cause) }
            }
        }
        throw .unreachable(failures.joined(separator: "; "))
    }

    private struct Failure: Error {
        let cause: String
    }

    private func open(
        _ address: ConnectionString.Address, within limit: Duration
    ) throws(PostgresError) -> Result<OpaquePointer, Failure> {
        let parameters = settings.parameters + address.parameters
        let started = withCStrings(parameters.map(\.0)) { keywords in
            withCStrings(parameters.map(\.1)) { values in PQconnectStartParams(keywords, values, 1) }
        }
        guard let handle = started else { throw .unreachable("out of memory") }
        // Notices are for people at a terminal.
        PQsetNoticeReceiver(handle, { _, _ in }, nil)
        do throws(PostgresError) {
            let failure = try establish(handle, by: .now + limit)
            guard let failure else { return .success(handle) }
            PQfinish(handle)
            return .failure(Failure(cause: failure))
        } catch {
            PQfinish(handle)
            throw error
        }
    }

    /// Takes the steps of a connection; what it fails with, or nil.
    private func establish(
        _ handle: OpaquePointer, by deadline: ContinuousClock.Instant
    ) throws(PostgresError) -> String? {
        guard PQstatus(handle) != CONNECTION_BAD else { return message(of: handle) }
        var events = POLLOUT
        while true {
            if interruption?.isRaised == true { throw .cancelled }
            switch try bell.wait(for: events, of: PQsocket(handle), until: deadline) {
            case .bell: continue
            case .time:
                let place = PQhost(handle).map { String(cString: $0) } ?? ""
                let port = PQport(handle).map { String(cString: $0) } ?? ""
                return #"connection to server at "\#(place)", port \#(port) failed: no answer in time"#
            case .socket: break
            }
            switch PQconnectPoll(handle) {
            case PGRES_POLLING_OK: return nil
            case PGRES_POLLING_READING: events = POLLIN
            case PGRES_POLLING_WRITING: events = POLLOUT
            default: return message(of: handle)
            }
        }
    }
}
