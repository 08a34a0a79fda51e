import GRDB
import SealpostStore

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

extension SQLiteStore {
    static func openPool(at path: String) throws -> DatabasePool {
        try makeFile(at: path)
        var configuration = Configuration()
        configuration.label = "sealpost"
        configuration.busyMode = .timeout(10)
        configuration.foreignKeysEnabled = false
        configuration.maximumReaderCount = 4
        configuration.prepareDatabase { db in
            try db.execute(sql: "PRAGMA secure_delete = ON")
            try db.execute(sql: "PRAGMA temp_store = MEMORY")
            try db.execute(sql: "PRAGMA cache_size = -16384")
        }
        let pool = try DatabasePool(path: path, configuration: configuration)
        // GRDB sets NORMAL on the writer after `prepareDatabase`; with it a commit could be lost with the power.
        try pool.writeWithoutTransaction { db in
            try db.execute(sql: "PRAGMA synchronous = FULL")
            try db.execute(sql: "PRAGMA wal_autocheckpoint = 4000")
        }
        return pool
    }
}

/// In bytes; 0 if the file cannot be seen.
func fileSize(_ path: String) -> Int {
    var status = stat()
    return stat(path, &status) == 0 ? Int(status.st_size) : 0
}

/// SQLite gives the WAL and its index the mode of the database file.
private func makeFile(at path: String) throws(StoreError) {
    let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw .unavailable("\(path): \(String(cString: strerror(errno)))") }
    close(file)
}
