import SealpostFormats
import SodiumKit

/// The private half of a signed, last-resort or sealing key.
package struct LongLivedPrekey: Sendable, Equatable {
    package let id: UInt32
    /// An X25519 scalar (32 bytes), an ML-KEM seed (64) or an X-Wing seed (32).
    let secret: WipedBytes
    /// In seconds since 1970.
    package let created: UInt64
    package internal(set) var replaced: Retention.Replaced?
}

/// The private half of a one-time key.
package struct OneTimePrivateKey: Sendable, Equatable {
    package let id: UInt32
    /// An X25519 scalar (32 bytes) or an ML-KEM seed (64).
    let secret: WipedBytes
    /// Whether the server has confirmed it.
    package internal(set) var isPublished = false
    /// Since when the server no longer holds it, in seconds since 1970.
    package internal(set) var missingSince: UInt64?
}

/// The private halves of one kind of one-time keys, in the order in which they were uploaded.
package struct OneTimeKeys: Sendable, Equatable {
    package internal(set) var keys: [OneTimePrivateKey] = []

    func key(_ id: UInt32) -> OneTimePrivateKey? { keys.first { $0.id == id } }

    mutating func remove(_ id: UInt32) { keys.removeAll { $0.id == id } }

    mutating func markPublished(_ ids: [UInt32]) {
        for index in keys.indices where ids.contains(keys[index].id) { keys[index].isPublished = true }
    }

    /// The server gives keys in upload order, so what it still holds are the newest `count` of the published ones.
    mutating func noteServerHolds(_ count: Int, at now: UInt64) {
        let published = keys.indices.filter { keys[$0].isPublished }
        let held = Set(published.suffix(max(count, 0)))
        for index in published {
            keys[index].missingSince = held.contains(index) ? nil : keys[index].missingSince ?? now
        }
    }

    mutating func dropExpired(at now: UInt64) {
        keys.removeAll { key in key.missingSince.map { Retention.mayGo(missingSince: $0, at: now) } ?? false }
    }
}

/// The private halves of one kind of long-lived keys, oldest first; the last is the current one.
package struct LongLivedKeys: Sendable, Equatable {
    package internal(set) var keys: [LongLivedPrekey] = []
    /// Whether the server has confirmed the current one.
    package internal(set) var isPublished = true

    package var current: LongLivedPrekey? { keys.last }

    func key(_ id: UInt32) -> LongLivedPrekey? { keys.first { $0.id == id } }

    mutating func add(_ key: LongLivedPrekey) {
        keys.append(key)
        isPublished = false
    }

    /// From now on the server gives the current key: the ones before it are replaced.
    mutating func markPublished(at now: UInt64) {
        isPublished = true
        for index in keys.indices.dropLast() where keys[index].replaced == nil {
            keys[index].replaced = Retention.Replaced(at: now)
        }
    }

    mutating func noteDrainedPoll(at now: UInt64) {
        for index in keys.indices { keys[index].replaced?.noteDrainedPoll(at: now) }
    }

    mutating func dropExpired(at now: UInt64) {
        keys.removeAll { $0.replaced?.mayGo(at: now) ?? false }
    }
}
