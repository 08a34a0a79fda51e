import SealpostCore
import SodiumKit

/// A deposit with what can be computed before the transaction, so that no lock is held for it.
package struct PreparedDeposit: Sendable {
    package let deposit: Deposit
    /// SHA-256 over (device u32 || SHA-256(content)) sorted by device.
    package let digest: [UInt8]

    package init(_ deposit: Deposit) {
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
