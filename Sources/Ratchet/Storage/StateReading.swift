import SealpostFormats
import SodiumKit

/// How states are stored: fixed fields big-endian, lists and byte strings after a u32 count, what may be missing after
/// a byte 0 or 1. The result holds secrets in the clear: seal it before it is stored.
extension [UInt8] {
    mutating func append(counted bytes: [UInt8]) {
        append(uint32: UInt32(bytes.count))
        append(contentsOf: bytes)
    }

    mutating func append(secret: WipedBytes) { secret.withUnsafeBytes { append(contentsOf: $0) } }

    /// 1 and the value, or 0.
    mutating func append<Value>(optional value: Value?, _ write: (inout [UInt8], Value) -> Void) {
        append(value == nil ? 0 : 1)
        if let value { write(&self, value) }
    }

    mutating func append<Value>(list values: [Value], _ write: (inout [UInt8], Value) -> Void) {
        append(uint32: UInt32(values.count))
        for value in values { write(&self, value) }
    }
}

extension ByteReader {
    mutating func counted() throws(FormatError) -> [UInt8] { try take(Int(try uint32())) }

    mutating func secret(_ count: Int) throws(FormatError) -> WipedBytes { WipedBytes(copying: try take(count)) }

    mutating func flag() throws(FormatError) -> Bool {
        switch try byte() {
        case 0: false
        case 1: true
        case let other: throw .unknownVersion(other)
        }
    }

    mutating func optional<Value>(
        _ read: (inout ByteReader) throws(FormatError) -> Value
    ) throws(FormatError) -> Value? {
        try flag() ? try read(&self) : nil
    }

    mutating func list<Value>(
        _ read: (inout ByteReader) throws(FormatError) -> Value
    ) throws(FormatError) -> [Value] {
        var values: [Value] = []
        for _ in 0..<(try uint32()) { values.append(try read(&self)) }
        return values
    }

    mutating func agreementKey() throws(FormatError) -> X25519.PrivateKey {
        let scalar = try secret(X25519.keyLength)
        do { return try X25519.PrivateKey(scalar) } catch { throw .truncated }
    }

    mutating func expectVersion(_ known: UInt8) throws(FormatError) {
        let version = try byte()
        guard version == known else { throw .unknownVersion(version) }
    }
}
