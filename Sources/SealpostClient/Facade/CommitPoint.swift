import SealpostCore

/// A named moment at which the client may die without losing, repeating or garbling a message.
///
/// A testing aid: `ClientEnvironment.reached` is called at each, and a test kills the process there.
public enum CommitPoint: String, CaseIterable, Sendable {
    /// The profile's file exists; it has no account yet.
    case profileCreated = "profile-created"
    /// The keys of a new account or device are stored; the server knows nothing yet.
    case keysStored = "keys-stored"
    /// The server has created the account or session; this side has not stored it.
    case sessionAnswered = "session-answered"
    /// The server has registered the device; this side has not stored its number.
    case deviceAnswered = "device-answered"
    /// A signed device list is stored; the server does not have it.
    case listSigned = "list-signed"
    /// The server has taken the list; this side still has it as a draft.
    case listAnswered = "list-answered"
    /// New prekeys are stored with their private halves; the server does not have them.
    case prekeysStored = "prekeys-stored"
    /// The server has taken the prekeys; this side has not noted it.
    case prekeysAnswered = "prekeys-answered"
    /// The nonce of an opening is stored; it was not sent.
    case openingStored = "opening-stored"
    /// The server has given the next opening number; this side has not stored it.
    case openingAnswered = "opening-answered"
    /// A refreshed session was answered; this side still has the token before.
    case refreshAnswered = "refresh-answered"
    /// A message is in the outbox; nothing was sent.
    case messageQueued = "message-queued"
    /// The id of a claim is stored; it was not sent.
    case claimStored = "claim-stored"
    /// The server has given prekey bundles; nothing of them is stored.
    case claimAnswered = "claim-answered"
    /// Ciphertexts, their id and the sessions' new state are stored; nothing was deposited.
    case messageEncrypted = "message-encrypted"
    /// The deposit was answered; the outbox does not know it yet.
    case depositAnswered = "deposit-answered"
    /// The outbox knows that the deposit was stored.
    case depositNoted = "deposit-noted"
    /// Mail was fetched; nothing of it is stored.
    case mailFetched = "mail-fetched"
    /// Plaintexts and the sessions' new state are stored; nothing was handed over or acknowledged.
    case mailStored = "mail-stored"
    /// The handler has taken a message; this is not noted yet, so it gets it again.
    case messageHandled = "message-handled"
    /// It is noted that the handler has taken a message; it is not acknowledged.
    case handlingNoted = "handling-noted"
    /// The server has erased what was acknowledged; this side does not know it.
    case acknowledgementAnswered = "acknowledgement-answered"
}
