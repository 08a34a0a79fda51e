import SealpostFormats
import SodiumKit

/// What tells one handshake from another: (IKa, EKa, kem_id).
package struct HandshakeMark: Hashable, Sendable {
    package let identityKey: [UInt8]
    package let ephemeralKey: [UInt8]
    package let kemPrekeyID: UInt32

    init(_ handshake: PrekeyMessage.Handshake) {
        identityKey = handshake.identityKey
        ephemeralKey = handshake.ephemeralKey
        kemPrekeyID = handshake.kemPrekeyID
    }

    init(identityKey: [UInt8], ephemeralKey: [UInt8], kemPrekeyID: UInt32) {
        self.identityKey = identityKey
        self.ephemeralKey = ephemeralKey
        self.kemPrekeyID = kemPrekeyID
    }
}
