import SealpostCore

/// What an upload of one-time prekeys comes to.
package enum PrekeyCheck: Sendable {
    /// These are new; the others are or were here with the same key.
    case fresh([StoredPrekey])
    case conflict(id: UInt32)
}

extension PrekeyCheck {
    /// - Parameters:
    ///   - lastResort: the id of the last-resort KEM prekey: one-time KEM prekeys share its space.
    ///   - heldKey: the key that is held with the prekey's kind and id.
    ///   - givenHash: the hash of the key that was held with the prekey's space and id.
    package init(
        of uploads: [StoredPrekey], lastResort: UInt32?, heldKey: (StoredPrekey) throws -> [UInt8]?,
        givenHash: (StoredPrekey) throws -> [UInt8]?
    ) rethrows {
        var fresh: [StoredPrekey] = []
        var seen: [Int: [UInt32: [UInt8]]] = [:]
        for prekey in uploads {
            let space = prekey.kind.space
            var isKnown = true
            var isSame = true
            if prekey.kind == .oneTimeKEM, lastResort == prekey.id {
                isSame = false
            } else if let key = try seen[space]?[prekey.id] ?? heldKey(prekey) {
                isSame = key == prekey.key
            } else if let hash = try givenHash(prekey) {
                isSame = hash == prekey.hash
            } else {
                isKnown = false
            }
            guard isSame else {
                self = .conflict(id: prekey.id)
                return
            }
            seen[space, default: [:]][prekey.id] = prekey.key
            if !isKnown { fresh.append(prekey) }
        }
        self = .fresh(fresh)
    }
}

extension LongLivedPrekeys {
    /// Which of the held prekeys these replace, or the conflict: an id that is or was another key's.
    ///
    /// - Parameter isUsed: whether the id was that of a prekey of the space before, or is that of a held one-time one.
    package func replacing(
        _ held: [StoredPrekey], isUsed: (StoredPrekey) throws -> Bool
    ) rethrows -> (replaced: [StoredPrekey], conflict: UInt32?) {
        var replaced: [StoredPrekey] = []
        for prekey in stored {
            let current = held.first { $0.kind == prekey.kind }
            if let current, current.id == prekey.id {
                guard current.key == prekey.key else { return ([], prekey.id) }
                continue
            }
            guard try !isUsed(prekey) else { return ([], prekey.id) }
            if let current { replaced.append(current) }
        }
        return (replaced, nil)
    }
}
