import SealpostFormats
import SodiumKit

/// The private halves of a device's prekeys, and when they may go.
///
/// A value: persist the new one before what it gave is used. Ids come from one counter for all kinds, from 1, and are
/// never used again.
package struct PrekeyStore: Sendable, Equatable {
    package internal(set) var signed = LongLivedKeys()
    package internal(set) var lastResort = LongLivedKeys()
    package internal(set) var sealing = LongLivedKeys()
    package internal(set) var oneTime = OneTimeKeys()
    package internal(set) var oneTimeKEM = OneTimeKeys()
    /// Handshakes that used no one-time key, for as long as their last-resort half lives: repeats are refused.
    var seen: [HandshakeMark] = []
    var nextID: UInt32 = 1

    package init() {}

    /// Whether the long-lived keys are missing, a week old, or made but not yet confirmed by the server.
    package func needsRotation(at now: UInt64) -> Bool {
        guard signed.isPublished, lastResort.isPublished, sealing.isPublished else { return true }
        return [signed, lastResort, sealing].contains { keys in
            guard let current = keys.current else { return true }
            return Retention.passed(Retention.rotation, since: current.created, at: now)
        }
    }

    /// Makes new long-lived keys, unless there are some that still wait for `markLongLivedPublished`: those go to the
    /// server first.
    package mutating func rotate<Platform: RatchetPlatform>(at now: UInt64, platform: Platform.Type) {
        guard signed.isPublished, lastResort.isPublished, sealing.isPublished else { return }
        signed.add(newKey(Platform.random(KeyLength.x25519PrivateKey), now))
        lastResort.add(newKey(Platform.random(KeyLength.kemSeed), now))
        sealing.add(newKey(Platform.random(KeyLength.sealingSeed), now))
    }

    /// The server has confirmed the current long-lived keys.
    package mutating func markLongLivedPublished(at now: UInt64) {
        signed.markPublished(at: now)
        lastResort.markPublished(at: now)
        sealing.markPublished(at: now)
    }

    /// Makes one-time keys.
    package mutating func addOneTimeKeys<Platform: RatchetPlatform>(
        x25519: Int, kem: Int, platform: Platform.Type
    ) {
        for _ in 0..<x25519 {
            oneTime.keys.append(
                OneTimePrivateKey(id: takeID(), secret: Platform.random(KeyLength.x25519PrivateKey)))
        }
        for _ in 0..<kem {
            oneTimeKEM.keys.append(OneTimePrivateKey(id: takeID(), secret: Platform.random(KeyLength.kemSeed)))
        }
    }

    /// The server has confirmed these one-time keys.
    package mutating func markPublished(x25519: [UInt32], kem: [UInt32]) {
        oneTime.markPublished(x25519)
        oneTimeKEM.markPublished(kem)
    }

    /// The server told how many one-time keys of each kind it holds.
    package mutating func noteServerHolds(x25519: Int, kem: Int, at now: UInt64) {
        oneTime.noteServerHolds(x25519, at: now)
        oneTimeKEM.noteServerHolds(kem, at: now)
    }

    /// A poll found the mailbox empty, or emptied it.
    package mutating func noteDrainedPoll(at now: UInt64) {
        signed.noteDrainedPoll(at: now)
        lastResort.noteDrainedPoll(at: now)
        sealing.noteDrainedPoll(at: now)
    }

    /// Deletes the private halves that no mail can need any more.
    package mutating func dropExpired(at now: UInt64) {
        signed.dropExpired(at: now)
        lastResort.dropExpired(at: now)
        sealing.dropExpired(at: now)
        oneTime.dropExpired(at: now)
        oneTimeKEM.dropExpired(at: now)
        seen.removeAll { lastResort.key($0.kemPrekeyID) == nil }
    }

    private mutating func newKey(_ secret: WipedBytes, _ now: UInt64) -> LongLivedPrekey {
        LongLivedPrekey(id: takeID(), secret: secret, created: now, replaced: nil)
    }

    private mutating func takeID() -> UInt32 {
        defer { nextID += 1 }
        return nextID
    }
}
