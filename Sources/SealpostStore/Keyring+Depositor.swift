import SealpostCore

/// What a depositor's id names: the two are counted apart.
package enum DepositorRequest: UInt8, Sendable {
    case deposit = 1
    case claim = 2
}

extension Keyring {
    /// What the store keeps in place of (depositor, id): 16 bytes that name neither, the one to store first and then
    /// those that older keys made.
    package func names(
        of id: EnvelopeID, by depositor: Depositor, for request: DepositorRequest, at time: Timestamp
    ) -> [[UInt8]] {
        var value = [request.rawValue]
        switch depositor {
        case .account(let account):
            value.append(1)
            value += withUnsafeBytes(of: account.value.bigEndian) { Array($0) }
        case .token(let token):
            value.append(2)
            value += token.bytes
        }
        value += id.description.utf8
        return lookupHashes(of: value, for: .depositorLookup, at: time).map { Array($0.prefix(16)) }
    }
}
