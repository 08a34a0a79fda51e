import Synchronization

/// A bounded cache that forgets what was used least recently, by halves: what was not asked for while half the
/// capacity was filled anew is gone. No list to keep in order, so a hit costs one lookup.
final class GenerationCache<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private struct Generations {
        var young: [Key: Value] = [:]
        var old: [Key: Value] = [:]
    }

    private let half: Int
    private let generations = Mutex(Generations())

    /// - Parameter capacity: at most so many entries, at least 2.
    init(capacity: Int) {
        half = max(1, capacity / 2)
    }

    subscript(key: Key) -> Value? {
        get {
            generations.withLock { generations in
                if let value = generations.young[key] { return value }
                guard let value = generations.old[key] else { return nil }
                insert(value, for: key, in: &generations)
                return value
            }
        }
        set {
            generations.withLock { generations in
                generations.young[key] = nil
                generations.old[key] = nil
                if let newValue {
                    insert(newValue, for: key, in: &generations)
                }
            }
        }
    }

    var count: Int { generations.withLock { Set($0.young.keys).union($0.old.keys).count } }

    private func insert(_ value: Value, for key: Key, in generations: inout Generations) {
        if generations.young.count >= half {
            generations.old = generations.young
            generations.young = [:]
        }
        generations.young[key] = value
    }
}
