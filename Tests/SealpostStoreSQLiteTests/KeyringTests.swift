import FoundationEssentials
import SealpostCore
import SealpostStore
import SealpostTesting
import SodiumKit
import Testing

@Suite struct KeyringTests {
    private let start = ManualClock().now
    private let place = SealedPlace(table: "account", row: 7, column: "email")
    private let secret = Base64([UInt8](repeating: 7, count: 32))

    private func text(_ keys: String, current: Int = 1, version: Int = 1) -> String {
        #"{"version":\#(version),"current":\#(current),"keys":[\#(keys)]}"#
    }

    private var key: String { #"{"id":1,"created":"2026-01-01T00:00:00.000Z","secret":"\#(secret)"}"# }

    @Test func `its text can be read again, as a file or from the environment`() throws {
        let ring = try Keyring(generatedAt: start).rotated(at: start + .days(1))
        let again = try Keyring(text: ring.exposedText())
        #expect(again.current.id == 2)
        #expect(again.keys.map(\.created) == ring.keys.map(\.created))
        #expect(try again.unseal(ring.seal([1, 2], at: place), at: place) == [1, 2])
    }

    @Test func `what is not a keyring is refused without quoting it`() throws {
        let short = #"{"id":1,"created":"2026-01-01T00:00:00.000Z","secret":"BwcH"}"#
        let zero = key.replacing(#""id":1"#, with: #""id":0"#)
        for bad in [
            "", "[]", text(key, version: 2), text(key, current: 2), text(key + "," + key), text(short), text(zero),
            text("{}"),
        ] {
            #expect {
                try Keyring(text: bad)
            } throws: { error in
                guard case .malformed? = error as? KeyringError else { return false }
                return !"\(error)".contains("BwcH")
            }
        }
        _ = try Keyring(text: text(key))
    }

    @Test func `every purpose has a key of its own, the same each time`() throws {
        let one = try Keyring(text: text(key)).current
        let again = try Keyring(text: text(key)).current
        let bytes = KeyPurpose.allCases.map { one.secret(for: $0).bytes.exposedBytes() }
        #expect(Set(bytes).count == KeyPurpose.allCases.count)
        #expect(bytes.allSatisfy { $0.count == 32 })
        #expect(bytes == KeyPurpose.allCases.map { again.secret(for: $0).bytes.exposedBytes() })
    }

    @Test func `a sealed value opens in its place alone`() throws {
        let ring = try Keyring(generatedAt: start)
        let sealed = try ring.seal(Array("needle".utf8), at: place)
        #expect(try ring.unseal(sealed, at: place) == Array("needle".utf8))
        for other in [
            SealedPlace(table: "accounts", row: 7, column: "email"),
            SealedPlace(table: "account", row: 8, column: "email"),
            SealedPlace(table: "account", row: 7, column: "emai"),
        ] {
            #expect(throws: KeyringError.unsealable) { try ring.unseal(sealed, at: other) }
        }
        var changed = sealed
        changed[changed.count - 1] ^= 1
        #expect(throws: KeyringError.unsealable) { try ring.unseal(changed, at: place) }
        #expect(throws: KeyringError.unsealable) { try ring.unseal([], at: place) }
        #expect(throws: KeyringError.missingKey(2)) {
            try ring.unseal(ring.rotated(at: start).seal([1], at: place), at: place)
        }
    }

    @Test func `a replaced key finds things for 37 days and opens them as long as it is there`() throws {
        let first = try Keyring(generatedAt: start)
        let sealed = try first.seal([1], at: place)
        let ring = try first.rotated(at: start + .days(100))
        let end = start + .days(137)
        #expect(ring.lookupKeys(at: end - .milliseconds(1)).map(\.id) == [2, 1])
        #expect(ring.lookupKeys(at: end).map(\.id) == [2])
        #expect(try ring.unseal(sealed, at: place) == [1])
        let hashes = ring.lookupHashes(of: [5], for: .emailLookup, at: end - .milliseconds(1))
        #expect(hashes == [ring.current, ring.keys[0]].map { $0.hash([5], for: .emailLookup) })
        let third = try ring.rotated(at: start + .days(101))
        #expect(third.lookupKeys(at: start + .days(102)).map(\.id) == [3, 2, 1])
    }

    @Test func `names tell depositors, ids and uses apart`() throws {
        let ring = try Keyring(generatedAt: start)
        let id = Sample.id()
        let token = Sample.recordID()
        func name(_ id: EnvelopeID, _ depositor: Depositor, _ request: DepositorRequest = .deposit) -> [UInt8] {
            ring.names(of: id, by: depositor, for: request, at: start)[0]
        }
        let names = [
            name(id, .account(AccountID(1))), name(id, .account(AccountID(2))), name(id, .token(token)),
            name(Sample.id(), .account(AccountID(1))), name(id, .account(AccountID(1)), .claim),
        ]
        #expect(Set(names).count == names.count)
        #expect(names.allSatisfy { $0.count == 16 })
    }

    @Test func `a missing file is made with mode 600, and one that is there is kept`() throws {
        let folder = try TemporaryFolder()
        let path = folder.path(of: "keyring.json")
        #expect(try Keyring.load(from: path) == nil)
        let made = try Keyring.load(creatingAt: path, now: start)
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        #expect(mode == 0o600)
        let again = try Keyring.load(creatingAt: path, now: start + .days(1))
        #expect(again.current.created == start)
        #expect(try again.unseal(made.seal([1], at: place), at: place) == [1])
        try Keyring(generatedAt: start).save(to: path, replacing: false)
        #expect(try again.unseal(Keyring.load(creatingAt: path, now: start).seal([1], at: place), at: place) == [1])
        try again.rotated(at: start + .days(1)).save(to: path, replacing: true)
        #expect(try Keyring.load(from: path)?.keys.count == 2)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["keyring.json"])
    }

    @Test(arguments: [0o640, 0o604, 0o620, 0o700 | 0o044])
    func `a file that others can use is refused`(mode: Int) throws {
        let folder = try TemporaryFolder()
        let path = folder.path(of: "keyring.json")
        try Keyring(generatedAt: start).save(to: path, replacing: false)
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
        #expect(throws: KeyringError.exposed(path: path, mode: UInt32(mode))) { try Keyring.load(from: path) }
    }

    @Test func `a file that cannot be written or read names its path`() throws {
        let folder = try TemporaryFolder()
        #expect {
            try Keyring.load(creatingAt: folder.path(of: "no/keyring.json"), now: start)
        } throws: {
            guard case .unwritable(folder.path(of: "no/keyring.json"), _)? = $0 as? KeyringError else { return false }
            return true
        }
    }

    @Test func `nothing of a secret is printed`() throws {
        let ring = try Keyring(text: text(key))
        var printed = ""
        dump(ring, to: &printed)
        dump(ring.current.secret(for: .seal), to: &printed)
        printed += "\(ring) \(ring.current) \(String(reflecting: ring)) \(ring.current.secret(for: .seal))"
        let secrets = KeyPurpose.allCases.map { ring.current.secret(for: $0).bytes.exposedBytes() }
        for bytes in secrets + [secret.bytes] {
            #expect(!printed.contains(Base64(bytes).description))
            #expect(!printed.contains(bytes.prefix(4).map { String($0) }.joined(separator: ", ")))
        }
    }
}
