import PostgresKit
import SealpostCore
import SealpostStore

extension Row {
    func integer(_ column: Int) throws -> Int64 { try value(column) }
    func count(_ column: Int) throws -> Int { try value(column) }
    func text(_ column: Int) throws -> String { try value(column) }
    func optionalText(_ column: Int) throws -> String? { try optional(column) }
    func time(_ column: Int) throws -> Timestamp { Timestamp(milliseconds: try value(column)) }
    func sequence(_ column: Int) throws -> Sequence { Sequence(try value(column)) }
    func account(_ column: Int) throws -> AccountID { AccountID(try value(column)) }
    func bytes(_ column: Int) throws -> [UInt8] { try value(column) }
    func optionalBytes(_ column: Int) throws -> [UInt8]? { try optional(column) }

    func optionalTime(_ column: Int) throws -> Timestamp? {
        try optional(column, as: Int64.self).map(Timestamp.init(milliseconds:))
    }

    func device(_ column: Int) throws -> DeviceNumber {
        guard let value = UInt32(exactly: try integer(column)), let number = DeviceNumber(value) else {
            throw StoreError.corrupt("a device has an impossible number")
        }
        return number
    }

    func optionalDevice(_ column: Int) throws -> DeviceNumber? { try isNull(column) ? nil : device(column) }

    func keyID(_ column: Int) throws -> UInt32 {
        guard let id = UInt32(exactly: try integer(column)) else {
            throw StoreError.corrupt("a prekey has an impossible id")
        }
        return id
    }

    func handle(_ column: Int) throws -> Handle {
        guard let handle = Handle(try text(column)) else {
            throw StoreError.corrupt("an account has an impossible handle")
        }
        return handle
    }

    func recordID(_ column: Int) throws -> RecordID {
        guard let id = RecordID(try bytes(column)) else {
            throw StoreError.corrupt("a record has an impossible id")
        }
        return id
    }
}

extension AccountID: PostgresEncodable {
    package static var postgresType: PostgresType { .int8 }
    package func encode(to bytes: inout [UInt8]) -> Bool { value.encode(to: &bytes) }
}

extension DeviceNumber: PostgresEncodable {
    public static var postgresType: PostgresType { .int4 }
    public func encode(to bytes: inout [UInt8]) -> Bool { column.encode(to: &bytes) }

    /// As columns have it; numbers stay far below the width.
    var column: Int32 { Int32(truncatingIfNeeded: value) }
}

extension Sequence: PostgresEncodable {
    public static var postgresType: PostgresType { .int8 }
    public func encode(to bytes: inout [UInt8]) -> Bool { value.encode(to: &bytes) }
}

extension Timestamp: PostgresEncodable {
    public static var postgresType: PostgresType { .int8 }
    public func encode(to bytes: inout [UInt8]) -> Bool { milliseconds.encode(to: &bytes) }
}

extension RecordID: PostgresEncodable {
    package static var postgresType: PostgresType { .bytea }

    package func encode(to bytes: inout [UInt8]) -> Bool {
        bytes += self.bytes
        return true
    }
}
