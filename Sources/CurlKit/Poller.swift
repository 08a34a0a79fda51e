import CCurl
import Glibc

/// An epoll descriptor, and an event descriptor by which another thread ends a wait.
final class Poller: Sendable {
    /// What `wait` reports.
    enum Event {
        case woken
        /// `flags` are libcurl's `CURL_CSELECT_…`.
        case ready(descriptor: Int32, lane: Int, flags: Int32)
    }

    private static let wakeTag = UInt64.max

    private let descriptor: Int32
    private let wakeDescriptor: Int32

    init() throws(TransferError) {
        descriptor = epoll_create1(Int32(EPOLL_CLOEXEC))
        wakeDescriptor = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
        var event = epoll_event(events: EPOLLIN.rawValue, data: epoll_data_t(u64: Self.wakeTag))
        guard descriptor >= 0, wakeDescriptor >= 0,
            epoll_ctl(descriptor, EPOLL_CTL_ADD, wakeDescriptor, &event) == 0
        else {
            // All properties are set, so `deinit` runs and closes what was opened.
            throw TransferError(.noResources, detail: "no descriptor for epoll (errno \(errno))")
        }
    }

    deinit {
        close(descriptor)
        close(wakeDescriptor)
    }

    /// Ends the wait under way, or else the next one. From any thread.
    func wake() {
        var one: UInt64 = 1
        _ = write(wakeDescriptor, &one, MemoryLayout<UInt64>.size)
    }

    /// Watches `socket` for what libcurl wants (`CURL_POLL_…`) on behalf of a lane.
    func watch(_ socket: Int32, for want: Int32, lane: Int) {
        var events: UInt32 = 0
        if want & CURL_POLL_IN != 0 { events |= EPOLLIN.rawValue }
        if want & CURL_POLL_OUT != 0 { events |= EPOLLOUT.rawValue }
        let tag = UInt64(lane) << 32 | UInt64(UInt32(bitPattern: socket))
        var event = epoll_event(events: events, data: epoll_data_t(u64: tag))
        if epoll_ctl(descriptor, EPOLL_CTL_ADD, socket, &event) != 0, errno == EEXIST {
            _ = epoll_ctl(descriptor, EPOLL_CTL_MOD, socket, &event)
        }
    }

    /// A socket that is closed already is forgotten already.
    func forget(_ socket: Int32) {
        _ = epoll_ctl(descriptor, EPOLL_CTL_DEL, socket, nil)
    }

    /// Waits until something is ready, `timeout` has passed (`nil`: for ever) or `wake` was called.
    func wait(timeout: Duration?, into buffer: UnsafeMutableBufferPointer<epoll_event>, _ handle: (Event) -> Void) {
        let milliseconds = timeout.map { Int32(clamping: $0 <= .zero ? 0 : $0.wholeMilliseconds + 1) } ?? -1
        let count = epoll_wait(descriptor, buffer.baseAddress, Int32(buffer.count), milliseconds)
        guard count > 0 else { return }
        for event in buffer[..<Int(count)] {
            if event.data.u64 == Self.wakeTag {
                var value: UInt64 = 0
                _ = read(wakeDescriptor, &value, MemoryLayout<UInt64>.size)
                handle(.woken)
            } else {
                let tag = event.data.u64
                handle(
                    .ready(
                        descriptor: Int32(bitPattern: UInt32(truncatingIfNeeded: tag)), lane: Int(tag >> 32),
                        flags: Self.flags(event.events)))
            }
        }
    }

    private static func flags(_ events: UInt32) -> Int32 {
        var flags: Int32 = 0
        if events & (EPOLLIN.rawValue | EPOLLHUP.rawValue) != 0 { flags |= CURL_CSELECT_IN }
        if events & EPOLLOUT.rawValue != 0 { flags |= CURL_CSELECT_OUT }
        if events & EPOLLERR.rawValue != 0 { flags |= CURL_CSELECT_ERR }
        return flags
    }
}
