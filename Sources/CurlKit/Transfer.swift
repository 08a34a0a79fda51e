import CCurl

/// A request under way: what has come of its answer, and who waits for it.
///
// Sendable: the caller touches it only before the command queue's lock hands it to the loop's thread, and afterwards
// only names it to cancel it; all that is mutable belongs to the loop's thread from then on.
final class Transfer: @unchecked Sendable {
    typealias Outcome = Result<Response, TransferError>

    enum Phase {
        /// Not yet taken up by the loop, or refused by it.
        case prepared
        /// In a lane; `index` is its place in the loop's list of running transfers.
        case running(Lane, index: Int)
        case finished
    }

    static let maximumHeaderBytes = 256 * 1024

    let easy: EasyHandle
    let timeout: Duration
    private let maximumResponseBytes: Int
    var phase = Phase.prepared
    var started = ContinuousClock.Instant.now
    private var continuation: CheckedContinuation<Outcome, Never>?
    private var header: [UInt8] = []
    private var headerIsComplete = false
    private var body: [UInt8] = []
    private var isTooLarge = false

    /// Takes a prepared handle and points its callbacks here.
    init(easy: EasyHandle, request: Request) {
        self.easy = easy
        timeout = .milliseconds(request.timeout.wholeMilliseconds)
        maximumResponseBytes = request.maximumResponseBytes
        // Unretained: the loop holds the transfer for as long as the handle is in a lane, and the caller for as long
        // as the handle is out of the pool.
        let pointer = Unmanaged.passUnretained(self).toOpaque()
        _ = ccurl_set_pointer(easy.raw, CURLOPT_PRIVATE, pointer)
        _ = ccurl_set_pointer(easy.raw, CURLOPT_WRITEDATA, pointer)
        _ = ccurl_set_pointer(easy.raw, CURLOPT_HEADERDATA, pointer)
        _ = ccurl_set_data_callback(easy.raw, CURLOPT_WRITEFUNCTION) { bytes, size, count, pointer in
            Transfer.from(pointer)?.receive(body: UnsafeRawBufferPointer(start: bytes, count: size * count)) ?? 0
        }
        _ = ccurl_set_data_callback(easy.raw, CURLOPT_HEADERFUNCTION) { bytes, size, count, pointer in
            Transfer.from(pointer)?.receive(header: UnsafeRawBufferPointer(start: bytes, count: size * count)) ?? 0
        }
    }

    static func from(_ pointer: UnsafeMutableRawPointer?) -> Transfer? {
        pointer.map { Unmanaged<Transfer>.fromOpaque($0).takeUnretainedValue() }
    }

    /// Whom to tell; set before the loop gets the transfer.
    func wait(with continuation: CheckedContinuation<Outcome, Never>) {
        self.continuation = continuation
    }

    /// Tells the one who waits. The first outcome counts, later ones find no one.
    func finish(_ outcome: Outcome) {
        phase = .finished
        header = []
        body = []
        continuation.take()?.resume(returning: outcome)
    }
}

extension Transfer {
    /// One line of a header; libcurl never passes less. Returns how much was taken: less than all ends the transfer.
    private func receive(header line: UnsafeRawBufferPointer) -> Int {
        if line.starts(with: "HTTP/".utf8) {
            // A status line. An interim answer's fields are not those of the final one.
            header.removeAll(keepingCapacity: true)
            headerIsComplete = false
        } else if line.allSatisfy({ $0 == 0x0D || $0 == 0x0A }) {
            headerIsComplete = true
        } else if !headerIsComplete {
            guard header.count + line.count <= Self.maximumHeaderBytes else {
                isTooLarge = true
                return 0
            }
            header.append(contentsOf: line)
        }
        return line.count
    }

    /// The next piece of the body.
    private func receive(body piece: UnsafeRawBufferPointer) -> Int {
        guard body.count + piece.count <= maximumResponseBytes else {
            isTooLarge = true
            return 0
        }
        if body.isEmpty {
            let announced = easy.offset(CURLINFO_CONTENT_LENGTH_DOWNLOAD_T)
            body.reserveCapacity(min(max(announced, piece.count), maximumResponseBytes))
        }
        body.append(contentsOf: piece)
        return piece.count
    }
}

extension Transfer {
    /// Whether a byte of the request has left; libcurl counts those of all attempts together.
    var mayHaveBeenSent: Bool {
        easy.long(CURLINFO_REQUEST_SIZE) > 0
    }

    /// What a transfer that libcurl has ended came to.
    func outcome(of code: CURLcode) -> Outcome {
        if code == CURLE_OK {
            let status = easy.long(CURLINFO_RESPONSE_CODE)
            return .success(Response(status: status, headers: Headers(block: header), body: body))
        }
        return .failure(
            TransferError(
                code: code, sent: mayHaveBeenSent, tooLarge: isTooLarge,
                limit: started.duration(to: .now) >= timeout ? .total : .connect,
                detail: easy.errorDetail(for: code)))
    }
}
