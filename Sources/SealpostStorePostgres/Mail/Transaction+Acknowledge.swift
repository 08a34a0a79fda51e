import PostgresKit
import SealpostCore
import SealpostStore

/// A batch of acknowledgements in three round trips: lock and look; erase; write and commit. Several of one mailbox in a
/// batch take one more each, for they happen one after the other.
extension Transaction {
    func acknowledge(_ acks: [Ack]) throws -> [AckOutcome] {
        let keys = Set(acks.map(\.mailbox)).sorted()
        let looks = try pipeline([locking(keys), Self.looking(at: keys)])
        let locked = try looks[0].mailboxKeys()
        var mailboxes = Dictionary(
            uniqueKeysWithValues: try looks[1].map { try Mailbox($0) }.map { ($0.key, $0) })
        var outcomes: [AckOutcome?] = Array(repeating: nil, count: acks.count)
        var open = Array(acks.indices)
        var changed: Set<MailboxKey> = []
        while !open.isEmpty {
            var wave: [MailboxKey: Int] = [:]
            open.removeAll { index in
                guard wave[acks[index].mailbox] == nil else { return false }
                wave[acks[index].mailbox] = index
                return true
            }
            var erasures: [(index: Int, extent: Ack.Extent)] = []
            for (key, index) in wave.sorted(by: { $0.value < $1.value }) {
                outcomes[index] = refusal(of: acks[index], mailboxes[key], isLocked: locked.contains(key))
                if outcomes[index] == nil { erasures.append((index, acks[index].extent)) }
            }
            let erased = try erase(erasures.map { (acks[$0.index].mailbox, $0.extent) })
            for (index, extent) in erasures {
                let key = acks[index].mailbox
                guard var mailbox = mailboxes[key] else { continue }
                let gone = erased[key] ?? Erased()
                mailbox.count -= gone.count
                mailbox.bytes -= gone.bytes
                mailbox.tombstones -= gone.tombstones
                var isNews = gone.count > 0
                if case .through(let seq) = extent, seq > mailbox.acked {
                    mailbox.acked = seq
                    isNews = true
                }
                // A repeat of an older acknowledgement does not show that the fetch which told of the dormancy arrived.
                if isNews {
                    mailbox.dormantSince = nil
                    changed.insert(key)
                }
                mailboxes[key] = mailbox
                outcomes[index] = .acked(through: mailbox.acked, count: mailbox.count, bytes: mailbox.bytes)
            }
        }
        save(changed.compactMap { mailboxes[$0] })
        return outcomes.compactMap { $0 }
    }

    private func refusal(of ack: Ack, _ mailbox: Mailbox?, isLocked: Bool) -> AckOutcome? {
        guard let mailbox else { return .unknownDevice }
        guard isLocked else { return .busy }
        guard mailbox.isListed else { return .pending }
        let last =
            switch ack.extent {
            case .through(let seq): seq
            case .seqs(let seqs): seqs.max() ?? .start
            }
        return last <= mailbox.head ? nil : .ahead(head: mailbox.head)
    }

    private struct Erased {
        var count = 0
        var bytes = 0
        var tombstones = 0
    }

    /// Erases what is acknowledged, of each mailbox one extent; a tombstone that reaches beyond stays whole.
    private func erase(_ extents: [(mailbox: MailboxKey, extent: Ack.Extent)]) throws -> [MailboxKey: Erased] {
        var through: [(mailbox: MailboxKey, seq: Sequence)] = []
        var single: [(mailbox: MailboxKey, seq: Sequence)] = []
        for (mailbox, extent) in extents {
            switch extent {
            case .through(let seq): through.append((mailbox, seq))
            case .seqs(let seqs): single += Set(seqs).map { (mailbox, $0) }
            }
        }
        var queries: [Query] = []
        if !through.isEmpty {
            let accounts = through.map(\.mailbox.account.value)
            let devices = through.map(\.mailbox.device.column)
            let seqs = through.map(\.seq.value)
            queries += [
                """
                WITH gone AS (
                    DELETE FROM envelope USING unnest(\(accounts), \(devices), \(seqs)) AS acked (account, device, seq)
                    WHERE envelope.account = acked.account AND envelope.device = acked.device
                        AND envelope.seq <= acked.seq
                    RETURNING envelope.account, envelope.device, length(envelope.content) AS size
                ) SELECT account, device, count(*), sum(size)::bigint, 0::bigint FROM gone GROUP BY account, device
                """,
                """
                WITH gone AS (
                    DELETE FROM tombstone USING unnest(\(accounts), \(devices), \(seqs)) AS acked (account, device, seq)
                    WHERE tombstone.account = acked.account AND tombstone.device = acked.device
                        AND tombstone.first <= acked.seq AND tombstone.through <= acked.seq
                    RETURNING tombstone.account, tombstone.device
                ) SELECT account, device, 0::bigint, 0::bigint, count(*) FROM gone GROUP BY account, device
                """,
            ]
        }
        if !single.isEmpty {
            queries.append(
                """
                WITH gone AS (
                    DELETE FROM envelope USING unnest(\(single.map(\.mailbox.account.value)),
                        \(single.map(\.mailbox.device.column)), \(single.map(\.seq.value)))
                        AS acked (account, device, seq)
                    WHERE envelope.account = acked.account AND envelope.device = acked.device
                        AND envelope.seq = acked.seq
                    RETURNING envelope.account, envelope.device, length(envelope.content) AS size
                ) SELECT account, device, count(*), sum(size)::bigint, 0::bigint FROM gone GROUP BY account, device
                """)
        }
        var erased: [MailboxKey: Erased] = [:]
        guard !queries.isEmpty else { return erased }
        for rows in try pipeline(queries) {
            for row in rows {
                let key = MailboxKey(account: try row.account(0), device: try row.device(1))
                erased[key, default: Erased()].count += try row.count(2)
                erased[key, default: Erased()].bytes += try row.count(3)
                erased[key, default: Erased()].tombstones += try row.count(4)
            }
        }
        return erased
    }
}
