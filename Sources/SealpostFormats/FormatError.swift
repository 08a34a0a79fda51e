/// Why bytes are not what they claim to be. Carries sizes, numbers and kinds only, never key material.
package enum FormatError: Error, Hashable, Sendable {
    /// Fewer bytes than the format needs.
    case truncated
    /// Bytes follow the end of the value.
    case trailingBytes
    /// The constant bytes at the start name something else.
    case wrongLabel
    /// The version byte is not one that this release knows.
    case unknownVersion(UInt8)
    /// The envelope's kind byte is not one that this release knows.
    case unknownKind(UInt8)
    /// A field of fixed length has another one.
    case wrongLength(expected: Int, actual: Int)
    /// Not a handle: `[a-z][a-z0-9_-]{1,30}`.
    case invalidHandle
    /// The suite's name in a foreign envelope is empty or not printable ASCII.
    case invalidSuiteName
    /// Versions of device lists count from 1.
    case versionZero
    /// The first device list has no predecessor, so its `previous` is 32 zero bytes.
    case unexpectedPredecessor
    /// Device numbers and key ids count from 1.
    case numberZero
    /// Devices are listed by strictly ascending number.
    case unorderedDevices
    /// More devices than a list may name.
    case tooManyDevices(Int)
    /// A public key is not the canonical form of a point of prime order.
    case invalidPublicKey
    /// The signature is not one by the expected key over these bytes.
    case invalidSignature
    /// The list is about another handle.
    case wrongHandle
    /// The list names another account key than the expected one.
    case wrongAccountKey
}
