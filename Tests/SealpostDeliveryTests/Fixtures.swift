import SealpostCore
import SealpostStore

@testable import SealpostDelivery

func device(_ number: UInt32) -> DeviceNumber {
    guard let device = DeviceNumber(number) else { preconditionFailure("devices are numbered from 1") }
    return device
}

func mailbox(_ number: UInt32, account: Int64 = 1) -> MailboxKey {
    MailboxKey(account: AccountID(account), device: device(number))
}

func recordID(_ byte: UInt8) -> RecordID {
    guard let id = RecordID([UInt8](repeating: byte, count: 16)) else { preconditionFailure("16 bytes make an id") }
    return id
}

func bearer(_ account: Int64, session: UInt8 = 1) -> Bearer {
    Bearer(account: AccountID(account), device: device(1), credential: .session(recordID(session)))
}

func envelope(_ seq: Int64) -> Envelope {
    Envelope(
        seq: Sequence(seq), id: EnvelopeID(random: [UInt8](repeating: UInt8(seq), count: 16)), from: "bob.1",
        received: Timestamp(milliseconds: 0), expires: Timestamp(milliseconds: 1000), content: [1, 2])
}

func state() -> MailboxState {
    guard let handle = Handle("alice") else { preconditionFailure("alice is a handle") }
    return MailboxState(
        address: MailboxAddress(handle: handle, device: device(1)), count: 1, bytes: 2, refused: 0,
        prekeys: PrekeyCounts(oneTime: 100, oneTimeKEM: 100),
        account: AccountState(listVersion: 1, listHash: [0], pendingDevices: []))
}

/// Where a poll stands that has seen everything up to a seq, and the account as in `state()`.
func standing(_ cursor: Int64) -> Standing {
    Standing(cursor: Sequence(cursor), account: state().account)
}
