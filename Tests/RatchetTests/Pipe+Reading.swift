import Foundation

extension Pipe {
    /// What comes next from the writer, empty at the end. A signal in between (some child of the process ended) does not
    /// end the wait: `FileHandle`'s own readers end the process then.
    func next() throws -> Data {
        var piece = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = read(fileHandleForReading.fileDescriptor, &piece, piece.count)
            if count >= 0 { return Data(piece[..<count]) }
            guard errno == EINTR else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
        }
    }

    /// Everything until the writer closes.
    func rest() throws -> Data {
        var all = Data()
        while case let piece = try next(), !piece.isEmpty { all += piece }
        return all
    }
}
