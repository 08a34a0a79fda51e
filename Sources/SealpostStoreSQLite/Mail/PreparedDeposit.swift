import SealpostCore
import SealpostStore
import SodiumKit

/// A deposit with what can be computed before the transaction, so that the writer does not wait for it.
struct PreparedDeposit: Sendable {
    let deposit: Deposit
    /// SHA-256 over (device u32 || SHA-256(content)) sorted by device.
    let digest: [UInt8]

    init(_ deposit: Deposit) {
        self.deposit = deposit
        var bytes: [UInt8] = []
        bytes.reserveCapacity(deposit.envelopes.count * 36)
        for envelope in deposit.envelopes.sorted(by: { $0.device < $1.device }) {
            withUnsafeBytes(of: envelope.device.value.bigEndian) { bytes += $0 }
            bytes += SHA256.hash(envelope.content)
        }
        digest = SHA256.hash(bytes)
    }
}
