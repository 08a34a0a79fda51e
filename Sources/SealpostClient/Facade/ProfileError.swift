/// Why a profile's state cannot be used.
public enum ProfileError: Error, Hashable, Sendable {
    /// There is no profile at this place (66 no input).
    case missing(directory: String)
    /// Its registration was interrupted before the server answered (66 no input): register or log in again.
    case unfinished(directory: String)
    /// There is a profile already (73 cannot create).
    case exists(directory: String)
    /// Another process has it open (75 try again).
    case inUse(directory: String)
    /// It is protected by a passphrase, and none was given (77 no permission).
    case passphraseNeeded
    /// The passphrase is wrong (77 no permission).
    case wrongPassphrase
    /// The key file is missing, has a wrong length, or is not the one of this profile (78 configuration).
    case wrongKeyFile(path: String)
    /// The key file can be read by others (78 configuration).
    case exposedKeyFile(path: String)
    /// A record was changed, exchanged or damaged (65 data).
    case damaged(String)
    /// It was written by a newer release (78 configuration).
    case newerFormat(Int)
    /// Reading or writing failed (74 input/output).
    case storage(String)
}

extension ProfileError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .missing(let directory): "there is no profile in \(directory); register or log in first"
        case .unfinished(let directory):
            "the registration of the profile in \(directory) was interrupted; register or log in again"
        case .exists(let directory): "there is a profile in \(directory) already"
        case .inUse(let directory): "the profile in \(directory) is in use by another process"
        case .passphraseNeeded: "the profile is protected by a passphrase; give it"
        case .wrongPassphrase: "the passphrase is wrong"
        case .wrongKeyFile(let path): "\(path) is missing or is not the key of this profile"
        case .exposedKeyFile(let path): "\(path) can be read by others; make it private with chmod 600"
        case .damaged(let what): "the profile is damaged or was tampered with: \(what)"
        case .newerFormat(let version): "the profile has format \(version), which this release does not know"
        case .storage(let detail): "the profile could not be read or written: \(detail)"
        }
    }
}
