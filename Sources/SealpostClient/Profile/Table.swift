/// The kinds of records in a profile. The raw values are part of what every record authenticates: never change one.
enum Table: String, CaseIterable, Sendable {
    /// Single records: who the device is, its session, openings, the mailbox's cursor, …
    case state
    /// Secret seeds, raw: the device's identity key and the account key.
    case seed
    /// The last number given in each numbered table.
    case counter
    /// What is known of an account, one's own included, by handle.
    case contact
    /// Sessions with one device, by address.
    case session
    /// What is known of a device beside its sessions, by address.
    case peer
    /// The device's prekeys with their private halves.
    case prekey
    /// Messages on their way out, numbered.
    case outbox
    /// What was sent, by envelope id, to send it again when it could not be decrypted.
    case sent
    /// What came in, numbered.
    case inbox
    /// Envelopes whose sender's device list is not known yet, numbered.
    case held
    /// Ids of what came in, so that nothing is taken twice.
    case seen
    /// What the user should know, numbered.
    case warning
}
