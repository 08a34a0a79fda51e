import Foundation
import GRDB
import SealpostCore

/// The records of a profile inside one transaction: all of it happens, or nothing.
struct Transaction {
    private let db: Database
    private let keys: ProfileKeys

    init(db: Database, keys: ProfileKeys) {
        self.db = db
        self.keys = keys
    }

    // MARK: Bytes

    func bytes(_ key: String, in table: Table) throws -> [UInt8]? {
        let name = try keys.name(key, in: table)
        let sealed = try Data.fetchOne(
            db, sql: "SELECT sealed FROM record WHERE kind = ? AND name = ?", arguments: [table.rawValue, Data(name)])
        return try sealed.map { try keys.open(Array($0), name: name, in: table) }
    }

    func setBytes(_ bytes: [UInt8], _ key: String, in table: Table, position: Int64? = nil) throws {
        let name = try keys.name(key, in: table)
        try db.execute(
            sql: """
                INSERT INTO record (kind, name, position, sealed) VALUES (?, ?, ?, ?)
                ON CONFLICT (kind, name) DO UPDATE SET sealed = excluded.sealed, position = excluded.position
                """,
            arguments: [table.rawValue, Data(name), position, Data(try keys.seal(bytes, name: name, in: table))])
    }

    func remove(_ key: String, in table: Table) throws {
        try db.execute(
            sql: "DELETE FROM record WHERE kind = ? AND name = ?",
            arguments: [table.rawValue, Data(try keys.name(key, in: table))])
    }

    func removeAll(in table: Table) throws {
        try db.execute(sql: "DELETE FROM record WHERE kind = ?", arguments: [table.rawValue])
    }

    func contains(_ key: String, in table: Table) throws -> Bool {
        try Bool.fetchOne(
            db, sql: "SELECT EXISTS (SELECT 1 FROM record WHERE kind = ? AND name = ?)",
            arguments: [table.rawValue, Data(try keys.name(key, in: table))]) ?? false
    }

    // MARK: Values

    func value<Value: Decodable>(_ type: Value.Type = Value.self, _ key: String, in table: Table) throws -> Value? {
        try bytes(key, in: table).map { try decode($0, table) }
    }

    func setValue(_ value: some Encodable, _ key: String, in table: Table) throws {
        try setBytes(Array(JSONEncoder().encode(value)), key, in: table)
    }

    /// Every record of a table without an order.
    func values<Value: Decodable>(_ type: Value.Type = Value.self, in table: Table) throws -> [Value] {
        try Row.fetchAll(db, sql: "SELECT name, sealed FROM record WHERE kind = ?", arguments: [table.rawValue])
            .map { row in
                try decode(
                    try keys.open(Array(row["sealed"] as Data), name: Array(row["name"] as Data), in: table), table)
            }
    }

    // MARK: Numbered values

    /// The next number of a table; given once.
    func nextNumber(in table: Table) throws -> Int64 {
        let next = (try value(Int64.self, table.rawValue, in: .counter) ?? 0) + 1
        try setValue(next, table.rawValue, in: .counter)
        return next
    }

    func setValue(_ value: some Encodable, number: Int64, in table: Table) throws {
        try setBytes(Array(JSONEncoder().encode(value)), String(number), in: table, position: number)
    }

    func value<Value: Decodable>(_ type: Value.Type = Value.self, number: Int64, in table: Table) throws -> Value? {
        try value(type, String(number), in: table)
    }

    func remove(number: Int64, in table: Table) throws { try remove(String(number), in: table) }

    /// Values with greater numbers than `number`, ascending. The numbers are authenticated: a record whose position was
    /// changed is damage.
    func values<Value: Decodable>(
        _ type: Value.Type = Value.self, after number: Int64 = 0, limit: Int = .max, in table: Table
    ) throws -> [Value] {
        try Row.fetchAll(
            db,
            sql: """
                SELECT position, name, sealed FROM record WHERE kind = ? AND position > ? ORDER BY position LIMIT ?
                """,
            arguments: [table.rawValue, number, limit]
        ).map { row in
            let name = Array(row["name"] as Data)
            guard try keys.name(String(row["position"] as Int64), in: table) == name else {
                throw ProfileError.damaged("a record of \(table.rawValue)")
            }
            return try decode(try keys.open(Array(row["sealed"] as Data), name: name, in: table), table)
        }
    }

    func count(in table: Table) throws -> Int {
        try Int.fetchOne(db, sql: "SELECT count(*) FROM record WHERE kind = ?", arguments: [table.rawValue]) ?? 0
    }

    private func decode<Value: Decodable>(_ bytes: [UInt8], _ table: Table) throws -> Value {
        do {
            return try JSONDecoder().decode(Value.self, from: Data(bytes))
        } catch {
            throw ProfileError.damaged("a record of \(table.rawValue) cannot be read")
        }
    }
}
