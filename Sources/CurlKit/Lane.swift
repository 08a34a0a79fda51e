import CCurl

/// One libcurl multi handle: some of the transfers, with connections of their own. Used on the loop's thread only.
///
/// libcurl looks through all connections to a host to find one to use, busy ones included. With many transfers at a
/// time the loop has many lanes, so that each look-up stays short (docs/decisions/0020).
final class Lane {
    let index: Int
    /// When libcurl wants `fire` to be called.
    private(set) var deadline: ContinuousClock.Instant?
    private let multi: UnsafeMutableRawPointer
    private let poller: Poller

    init?(index: Int, poller: Poller, configuration: HTTPClient.Configuration) {
        guard let multi = curl_multi_init() else { return nil }
        self.index = index
        self.multi = multi
        self.poller = poller
        // Unretained: libcurl calls back only inside calls on `multi`, which the lane owns.
        let context = Unmanaged.passUnretained(self).toOpaque()
        _ = ccurl_multi_set_socket_callback(
            multi,
            { _, socket, want, context, _ in
                context.map { Unmanaged<Lane>.fromOpaque($0).takeUnretainedValue().watch(socket, want) }
                return 0
            }, context)
        _ = ccurl_multi_set_timer_callback(
            multi,
            { _, milliseconds, context in
                context.map { Unmanaged<Lane>.fromOpaque($0).takeUnretainedValue().schedule(milliseconds) }
                return 0
            }, context)
        // The number to keep, idle and busy: libcurl's own idea is four times the transfers at the moment.
        _ = ccurl_multi_set_long(multi, CURLMOPT_MAXCONNECTS, configuration.maximumConnections ?? 1 << 20)
        _ = ccurl_multi_set_long(multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, configuration.maximumConnections ?? 0)
        _ = ccurl_multi_set_long(multi, CURLMOPT_MAX_HOST_CONNECTIONS, configuration.maximumConnectionsPerHost ?? 0)
    }

    deinit {
        // Closes the idle connections; no transfer is left, the loop has taken them out.
        _ = ccurl_multi_set_socket_callback(multi, nil, nil)
        _ = ccurl_multi_set_timer_callback(multi, nil, nil)
        curl_multi_cleanup(multi)
    }

    private func watch(_ socket: Int32, _ want: Int32) {
        if want == CURL_POLL_REMOVE {
            poller.forget(socket)
        } else {
            poller.watch(socket, for: want, lane: index)
        }
    }

    private func schedule(_ milliseconds: Int) {
        deadline = milliseconds < 0 ? nil : .now + .milliseconds(milliseconds)
    }
}

extension Lane {
    func add(_ easy: EasyHandle) -> Bool {
        curl_multi_add_handle(multi, easy.raw) == CURLM_OK
    }

    /// Ends the transfer if it has not ended; its connection is closed then.
    func remove(_ easy: EasyHandle) {
        curl_multi_remove_handle(multi, easy.raw)
    }

    /// Lets libcurl work on a socket that is ready.
    func act(on socket: Int32, flags: Int32) {
        var count: Int32 = 0
        curl_multi_socket_action(multi, socket, flags, &count)
    }

    /// Lets libcurl do what its deadline was for.
    func fire() {
        // Before the call: in it libcurl says what the next one is.
        deadline = nil
        var count: Int32 = 0
        curl_multi_socket_action(multi, CURL_SOCKET_TIMEOUT, 0, &count)
    }

    /// The next transfer that libcurl has ended; the caller removes it.
    func nextEnded() -> (transfer: Transfer, code: CURLcode)? {
        var left: Int32 = 0
        while let message = curl_multi_info_read(multi, &left) {
            guard message.pointee.msg == CURLMSG_DONE, let easy = message.pointee.easy_handle else { continue }
            var pointer: UnsafeMutableRawPointer?
            ccurl_get_pointer(easy, CURLINFO_PRIVATE, &pointer)
            if let transfer = Transfer.from(pointer) {
                return (transfer, message.pointee.data.result)
            }
        }
        return nil
    }
}
