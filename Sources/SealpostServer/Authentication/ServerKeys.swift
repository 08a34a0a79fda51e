import Crypto

/// The sub-keys that the server signs and checks its own tokens with, one set for each key of the keyring.
package struct ServerKeys: Sendable {
    package struct Set: Sendable {
        /// The `kid` of what is signed with it.
        package let id: String
        let access: SymmetricKey
        let token: SymmetricKey
        let refresh: SymmetricKey
        let challenge: SymmetricKey

        /// Each of 32 bytes, none related to another.
        package init(
            id: String, access: SymmetricKey, token: SymmetricKey, refresh: SymmetricKey, challenge: SymmetricKey
        ) {
            self.id = id
            self.access = access
            self.token = token
            self.refresh = refresh
            self.challenge = challenge
        }
    }

    /// What new tokens are signed with.
    package let current: Set
    /// What was used before the last rotations: tokens that were signed with it are still good.
    package let older: [Set]

    package init(current: Set, older: [Set] = []) {
        self.current = current
        self.older = older
    }

    var all: [Set] { [current] + older }
}
