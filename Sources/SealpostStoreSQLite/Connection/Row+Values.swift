import FoundationEssentials
import GRDB
import SealpostCore
import SealpostStore

// Tables are STRICT and columns NOT NULL where these getters say so, so a value of another type cannot be there.
extension Row {
    func integer(_ index: Int) -> Int64 { self[index] }
    func count(_ index: Int) -> Int { self[index] }
    func text(_ index: Int) -> String { self[index] }
    func optionalText(_ index: Int) -> String? { self[index] }
    func time(_ index: Int) -> Timestamp { Timestamp(milliseconds: self[index]) }
    func sequence(_ index: Int) -> Sequence { Sequence(self[index]) }
    func account(_ index: Int) -> AccountID { AccountID(self[index]) }
    func isNull(_ index: Int) -> Bool { hasNull(atIndex: index) }

    func optionalTime(_ index: Int) -> Timestamp? {
        let value: Int64? = self[index]
        return value.map(Timestamp.init(milliseconds:))
    }

    func bytes(_ index: Int) throws -> [UInt8] {
        try withUnsafeData(atIndex: index) { $0.map { [UInt8]($0) } ?? [] }
    }

    func optionalBytes(_ index: Int) throws -> [UInt8]? {
        try withUnsafeData(atIndex: index) { $0.map { [UInt8]($0) } }
    }

    func device(_ index: Int) throws -> DeviceNumber {
        guard let value = UInt32(exactly: integer(index)), let number = DeviceNumber(value) else {
            throw StoreError.corrupt("a device has an impossible number")
        }
        return number
    }

    func optionalDevice(_ index: Int) throws -> DeviceNumber? {
        isNull(index) ? nil : try device(index)
    }

    func keyID(_ index: Int) throws -> UInt32 {
        guard let id = UInt32(exactly: integer(index)) else {
            throw StoreError.corrupt("a prekey has an impossible id")
        }
        return id
    }

    func handle(_ index: Int) throws -> Handle {
        guard let handle = Handle(text(index)) else {
            throw StoreError.corrupt("an account has an impossible handle")
        }
        return handle
    }

    func recordID(_ index: Int) throws -> RecordID {
        guard let id = RecordID(try bytes(index)) else {
            throw StoreError.corrupt("a record has an impossible id")
        }
        return id
    }
}

// What goes into statements. Reading goes through the getters above, so `fromDatabaseValue` reads nothing else.
extension AccountID: DatabaseValueConvertible {
    package var databaseValue: DatabaseValue { value.databaseValue }
    package static func fromDatabaseValue(_ value: DatabaseValue) -> Self? {
        Int64.fromDatabaseValue(value).map(Self.init)
    }
}

extension DeviceNumber: DatabaseValueConvertible {
    public var databaseValue: DatabaseValue { value.databaseValue }
    public static func fromDatabaseValue(_ value: DatabaseValue) -> Self? {
        UInt32.fromDatabaseValue(value).flatMap(Self.init)
    }
}

extension Sequence: DatabaseValueConvertible {
    public var databaseValue: DatabaseValue { value.databaseValue }
    public static func fromDatabaseValue(_ value: DatabaseValue) -> Self? {
        Int64.fromDatabaseValue(value).map(Self.init)
    }
}

extension Timestamp: DatabaseValueConvertible {
    public var databaseValue: DatabaseValue { milliseconds.databaseValue }
    public static func fromDatabaseValue(_ value: DatabaseValue) -> Self? {
        Int64.fromDatabaseValue(value).map(Self.init)
    }
}

extension RecordID: DatabaseValueConvertible {
    package var databaseValue: DatabaseValue { Data(bytes).databaseValue }
    package static func fromDatabaseValue(_ value: DatabaseValue) -> Self? {
        Data.fromDatabaseValue(value).flatMap { Self([UInt8]($0)) }
    }
}

/// Bytes as a statement takes them.
func blob(_ bytes: [UInt8]?) -> Data? { bytes.map { Data($0) } }
