import SealpostCore
import SodiumKit

/// Rules for members of requests that are plain text or keys.
package enum InputRules {
    /// A new password: `Limits.password` characters.
    static func checkPassword(_ password: String) throws(Problem) {
        guard Limits.password.contains(password.unicodeScalars.count), password.utf8.count <= 1024 else {
            throw Problem(
                .invalidMember,
                "password must have \(Limits.password.lowerBound) to \(Limits.password.upperBound) characters",
                member: "password")
        }
    }

    /// An e-mail address in the form in which it is stored and looked up: lower case. Whether it exists is not asked.
    static func email(_ text: String) throws(Problem) -> String {
        let parts = text.split(separator: "@", omittingEmptySubsequences: false)
        let isVisible = text.unicodeScalars.allSatisfy {
            $0.value > 0x20 && $0.value != 0x7f && !$0.properties.isWhitespace
        }
        guard (3...254).contains(text.utf8.count), isVisible, parts.count == 2, parts.allSatisfy({ !$0.isEmpty }) else {
            throw Problem(.invalidMember, "email must be an e-mail address", member: "email")
        }
        return text.lowercased()
    }

    /// A name of a device or a token: `Limits.nameLength` characters, none of them for control.
    package static func checkName(_ name: String) throws(Problem) {
        let isPrintable = name.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
        guard Limits.nameLength.contains(name.unicodeScalars.count), name.utf8.count <= 256, isPrintable else {
            throw Problem(
                .invalidMember,
                "name must have \(Limits.nameLength.lowerBound) to \(Limits.nameLength.upperBound) printable characters",
                member: "name")
        }
    }

    /// An Ed25519 public key: the canonical form of a point of prime order.
    package static func checkKey(_ key: [UInt8], member: String) throws(Problem) {
        guard Ed25519.isValidPublicKey(key) else {
            throw Problem(.invalidKey, "\(member) must be an Ed25519 public key of 32 bytes", member: member)
        }
    }
}
