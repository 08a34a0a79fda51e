/// The syntax of a handle, `[a-z][a-z0-9_-]{1,30}`, on the bytes that are signed.
package enum HandleSyntax {
    package static func isValid(_ bytes: some Collection<UInt8>) -> Bool {
        guard (2...31).contains(bytes.count), let first = bytes.first, isLetter(first) else { return false }
        return bytes.allSatisfy { isLetter($0) || (0x30...0x39).contains($0) || $0 == 0x5f || $0 == 0x2d }
    }

    package static func isValid(_ handle: String) -> Bool { isValid(handle.utf8) }

    private static func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7a).contains(byte) }
}
