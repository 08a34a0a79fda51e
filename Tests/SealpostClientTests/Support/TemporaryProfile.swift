import Foundation
import GRDB
import SodiumKit

@testable import SealpostClient

/// A place for a profile that goes with the test.
final class TemporaryPlace: Sendable {
    let location: ProfileLocation

    init() {
        location = ProfileLocation(
            directory: FileManager.default.temporaryDirectory.appendingPathComponent("profile-\(UUID())").path)
    }

    deinit {
        // What stays behind in the temporary folder does no harm.
        try? FileManager.default.removeItem(atPath: location.directory)
    }

    /// Argon2id as cheap as it gets: its strength is not what is tested.
    static let cheap = Argon2idCost(passes: 1, memory: 8 << 10)

    func create(passphrase: String? = nil) async throws -> Profile {
        try await Profile.create(at: location, passphrase: passphrase, cost: Self.cheap)
    }

    func open(passphrase: String? = nil) async throws -> Profile {
        try await Profile.open(at: location, passphrase: passphrase)
    }

    /// Lets someone with the file but without the key at it.
    func tamper(_ change: (Database) throws -> Void) throws {
        let queue = try DatabaseQueue(path: location.databasePath)
        try queue.write(change)
        try queue.close()
    }
}

/// What a call threw, if it was the client's own error.
func profileError<Value>(_ body: () async throws -> Value) async -> ProfileError? {
    do {
        _ = try await body()
        return nil
    } catch ClientError.profile(let error) {
        return error
    } catch {
        return nil
    }
}
