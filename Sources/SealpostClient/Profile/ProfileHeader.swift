import Foundation
import GRDB
import SealpostFormats
import SodiumKit

/// How a profile's data key is protected: the only part of a profile that is not sealed.
struct ProfileHeader: Sendable {
    static let formatVersion = 1

    enum Protection: String, Sendable {
        case keyFile = "key_file"
        case passphrase
    }

    var format = formatVersion
    var protection: Protection
    /// Of the passphrase's key; empty with a key file.
    var salt: [UInt8]
    var cost: Argon2idCost
    /// Counts data keys; part of what every record authenticates.
    var generation: UInt32
    /// The data key, sealed under the key file or the passphrase's key.
    var wrapped: [UInt8]

    /// What a wrapped key is bound to, so that no field of the header can be exchanged.
    var authenticated: [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(label: "SealpostProfile")
        bytes.append(UInt8(format))
        bytes.append(shortString: protection.rawValue)
        bytes += salt
        bytes.append(uint64: cost.passes)
        bytes.append(uint64: UInt64(cost.memory))
        bytes.append(uint32: generation)
        return bytes
    }
}

extension ProfileHeader {
    /// The most work that a header can ask for; more is damage, not a choice.
    private static let greatestCost = Argon2idCost(passes: 16, memory: 1 << 30)

    init?(_ db: Database) throws {
        guard try db.tableExists("profile"), let row = try Row.fetchOne(db, sql: "SELECT * FROM profile") else {
            return nil
        }
        let format: Int = row["format"]
        guard format == Self.formatVersion else { throw ProfileError.newerFormat(format) }
        let passes: Int64 = row["passes"]
        let memory: Int = row["memory"]
        let generation: Int64 = row["generation"]
        let salt: Data = row["salt"]
        let wrapped: Data = row["wrapped"]
        guard let protection = Protection(rawValue: row["protection"]), let generation = UInt32(exactly: generation),
            (0...Int64(Self.greatestCost.passes)).contains(passes), (0...Self.greatestCost.memory).contains(memory)
        else { throw ProfileError.damaged("header") }
        self.init(
            format: format, protection: protection, salt: Array(salt),
            cost: Argon2idCost(passes: UInt64(passes), memory: memory), generation: generation,
            wrapped: Array(wrapped))
    }

    func insert(_ db: Database) throws {
        try db.execute(
            sql: """
                INSERT INTO profile (format, protection, salt, passes, memory, generation, wrapped)
                VALUES (?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                format, protection.rawValue, Data(salt), Int64(cost.passes), cost.memory, Int64(generation),
                Data(wrapped),
            ])
    }
}
