/// The one catalogue of errors on the wire. Inside, errors are closed enums that map to these.
public enum ErrorCode: String, Codable, Sendable, CaseIterable {
    // The request itself.
    case malformedJSON = "malformed_json"
    case invalidUTF8 = "invalid_utf8"
    case unknownMember = "unknown_member"
    case missingMember = "missing_member"
    case invalidMember = "invalid_member"
    case unknownParameter = "unknown_parameter"
    case invalidParameter = "invalid_parameter"
    case invalidHeader = "invalid_header"
    case bodyTooLarge = "body_too_large"
    case unsupportedMediaType = "unsupported_media_type"
    case notAnEnvelope = "not_an_envelope"
    case notFound = "not_found"
    case methodNotAllowed = "method_not_allowed"

    // Who is asking.
    case unauthenticated
    case invalidToken = "invalid_token"
    case expiredToken = "expired_token"
    case wrongCredentials = "wrong_credentials"
    case invalidProof = "invalid_proof"
    case invalidChallenge = "invalid_challenge"
    case insufficientScope = "insufficient_scope"
    case forbidden
    case noDevice = "no_device"
    case freshSignInRequired = "fresh_sign_in_required"
    case registrationClosed = "registration_closed"
    case invalidInvite = "invalid_invite"

    // What it collides with.
    case handleTaken = "handle_taken"
    case handleReserved = "handle_reserved"
    case emailTaken = "email_taken"
    case keyTaken = "key_taken"
    case tooMany = "too_many"
    case idConflict = "id_conflict"
    case deviceMismatch = "device_mismatch"
    case sessionBound = "session_bound"
    case devicePending = "device_pending"
    case stateRollback = "state_rollback"
    case listConflict = "list_conflict"
    case invalidList = "invalid_list"
    case noAccountKey = "no_account_key"
    case invalidSignature = "invalid_signature"
    case invalidKey = "invalid_key"
    case prekeyConflict = "prekey_conflict"
    case noDevices = "no_devices"
    case mailboxFull = "mailbox_full"
    case cursorAhead = "cursor_ahead"
    case ackAhead = "ack_ahead"

    // The service.
    case rateLimited = "rate_limited"
    case unavailable
    case internalError = "internal_error"

    /// The HTTP status that goes with the code.
    public var status: Int {
        switch self {
        case .malformedJSON, .invalidUTF8, .unknownParameter, .invalidParameter, .invalidHeader: 400
        case .unauthenticated, .invalidToken, .expiredToken, .wrongCredentials, .invalidProof, .invalidChallenge: 401
        case .insufficientScope, .forbidden, .noDevice, .devicePending, .freshSignInRequired, .registrationClosed,
            .invalidInvite:
            403
        case .notFound: 404
        case .methodNotAllowed: 405
        case .handleTaken, .emailTaken, .keyTaken, .tooMany, .idConflict, .deviceMismatch, .sessionBound,
            .stateRollback, .listConflict, .noAccountKey, .prekeyConflict, .noDevices, .mailboxFull,
            .cursorAhead:
            409
        case .bodyTooLarge: 413
        case .unsupportedMediaType: 415
        case .unknownMember, .missingMember, .invalidMember, .notAnEnvelope, .handleReserved, .invalidList,
            .invalidSignature, .invalidKey, .ackAhead:
            422
        case .rateLimited: 429
        case .internalError: 500
        case .unavailable: 503
        }
    }

    /// A short, constant description of the kind of error.
    public var title: String {
        switch self {
        case .malformedJSON: "The body is not JSON"
        case .invalidUTF8: "The body is not UTF-8"
        case .unknownMember: "The body has a member that is not known here"
        case .missingMember: "The body lacks a member"
        case .invalidMember: "A member of the body has a wrong type or value"
        case .unknownParameter: "The query has a parameter that is not known here"
        case .invalidParameter: "A parameter of the path or query has a wrong value"
        case .invalidHeader: "A header has a wrong value"
        case .bodyTooLarge: "The body is too large"
        case .unsupportedMediaType: "The body's media type is not accepted here"
        case .notAnEnvelope: "The content is not shaped like an envelope"
        case .notFound: "There is no such thing"
        case .methodNotAllowed: "The method is not allowed here"
        case .unauthenticated: "A token is needed"
        case .invalidToken: "The token is not valid"
        case .expiredToken: "The token has expired"
        case .wrongCredentials: "Unknown user or wrong password"
        case .invalidProof: "The proof does not verify"
        case .invalidChallenge: "The challenge is unknown, used or too old"
        case .insufficientScope: "The token's scopes do not allow this"
        case .forbidden: "This belongs to someone else"
        case .noDevice: "The session is not bound to a device"
        case .devicePending: "The device is not yet on the account's device list"
        case .freshSignInRequired: "Sign in again with the password first"
        case .registrationClosed: "Registration is closed"
        case .invalidInvite: "The invite is missing or not valid"
        case .handleTaken: "The handle is taken"
        case .handleReserved: "The handle is reserved"
        case .emailTaken: "The e-mail address is taken"
        case .keyTaken: "The key belongs to another device"
        case .tooMany: "There are as many as allowed"
        case .idConflict: "The id was used before with other content"
        case .deviceMismatch: "The envelopes do not match the recipient's devices"
        case .sessionBound: "The session is bound to another device"
        case .stateRollback: "The client's state is older than one already used"
        case .listConflict: "The device list does not follow the stored one"
        case .invalidList: "The device list is not valid"
        case .noAccountKey: "The account has no account key"
        case .invalidSignature: "A signature does not verify"
        case .invalidKey: "A key is not a valid key of its kind"
        case .prekeyConflict: "A prekey id was used with another key"
        case .noDevices: "The account has no listed device"
        case .mailboxFull: "The mailbox is full"
        case .cursorAhead: "The cursor is beyond the mailbox's head"
        case .ackAhead: "The acknowledgement is beyond the mailbox's head"
        case .rateLimited: "Too many requests"
        case .unavailable: "The service cannot do this right now"
        case .internalError: "Something went wrong here"
        }
    }
}
