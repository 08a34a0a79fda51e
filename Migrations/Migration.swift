/// One step of a schema, embedded in the binary.
package struct Migration: Sendable {
    /// From 1, without holes.
    package let number: Int
    /// The file's name without its ending.
    package let name: String
    package let sql: [UInt8]

    package init(number: Int, name: String, sql: [UInt8]) {
        self.number = number
        self.name = name
        self.sql = sql
    }

    /// The oldest release that may still run on a schema with this step: the file's first line says
    /// `-- least release: N`.
    package var leastRelease: Int? {
        let line = String(decoding: sql.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
        let prefix = "-- least release: "
        return line.hasPrefix(prefix) ? Int(line.dropFirst(prefix.count)) : nil
    }
}

extension Migration {
    /// The steps of the SQLite schema, in order. A step that was released is never changed.
    package static let sqlite = [
        Migration(number: 1, name: "sqlite_0001_mailboxes", sql: PackageResources.sqlite_0001_mailboxes_sql)
    ]

    /// The steps of the PostgreSQL schema, as above.
    package static let postgres = [
        Migration(number: 1, name: "postgres_0001_mailboxes", sql: PackageResources.postgres_0001_mailboxes_sql)
    ]
}
