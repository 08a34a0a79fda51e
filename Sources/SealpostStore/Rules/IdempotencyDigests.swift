import SealpostCore
import SodiumKit

// What stores keep of a request to know it again: 32 bytes, never the request.

extension NewToken {
    /// The name under which a header `Idempotency-Key` is kept.
    package static func name(ofKey key: String) -> [UInt8] {
        SHA256.hash(Array("token".utf8) + Array(key.utf8))
    }

    /// What a repeat must ask for, too.
    package var digest: [UInt8] {
        let parts = [name, Scope.text(scopes), device?.description ?? "", String(expires.milliseconds)]
        return SHA256.hash(Array(parts.map { "\($0.utf8.count):\($0)" }.joined().utf8))
    }
}

extension Scope {
    /// As stores keep them, with blanks between.
    package static func text(_ scopes: [Scope]) -> String { scopes.map(\.rawValue).joined(separator: " ") }

    /// Throws `corrupt` if a word is no scope.
    package static func scopes(in text: String) throws(StoreError) -> [Scope] {
        var scopes: [Scope] = []
        for word in text.split(separator: " ") {
            guard let scope = Scope(rawValue: String(word)) else {
                throw .corrupt("a token has an impossible scope")
            }
            scopes.append(scope)
        }
        return scopes
    }
}

extension Claim {
    /// What a repeat must ask for, too; empty if the devices were left to the store.
    package var digest: [UInt8] {
        guard let devices else { return [] }
        return SHA256.hash(
            Set(devices).sorted().flatMap { device in withUnsafeBytes(of: device.value.bigEndian) { Array($0) } })
    }
}
