import SealpostCore
import SodiumKit

/// Who may register.
package enum RegistrationPolicy: Sendable, Hashable {
    case open
    /// Whoever brings one of these texts; each can be used again and again.
    case invite([String])
    case closed

    /// Throws `registration_closed` or `invalid_invite`.
    func check(invite: String?) throws(Problem) {
        switch self {
        case .open:
            return
        case .invite(let texts):
            let given = Array((invite ?? "").utf8)
            // Every one is compared, so that the time tells nothing.
            let matches = texts.reduce(false) { constantTimeEquals(Array($1.utf8), given) || $0 }
            guard matches else {
                throw Problem(.invalidInvite, "registration needs an invite from the administrator", member: "invite")
            }
        case .closed:
            throw Problem(.registrationClosed, "the administrator has closed registration")
        }
    }
}
