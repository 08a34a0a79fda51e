import FoundationEssentials
import SealpostStore
import SealpostTesting
import Testing

@testable import SealpostServer

@Suite struct ServerConfigurationTests {
    private func file(_ text: String, in folder: TemporaryFolder) throws -> String {
        let path = folder.path(of: "sealpost.json")
        try Data(text.utf8).write(to: URL(filePath: path))
        return path
    }

    @Test func withNothingGivenTheDefaultsHold() throws {
        #expect(try ServerConfiguration.load() == ServerConfiguration())
        #expect(ServerConfiguration().host == "127.0.0.1")
        #expect(ServerConfiguration().port == 8080)
    }

    @Test func flagsGoBeforeTheEnvironmentBeforeTheFile() throws {
        let folder = try TemporaryFolder()
        let path = try file(
            #"{"listen":{"port":1,"host":"a.example"},"log":{"level":"debug"},"registration":{"mode":"invite","#
                + #""invites":["let-me-in","me-too-please"]}}"#, in: folder)
        let configuration = try ServerConfiguration.load(
            flags: ["listen.port": "3"],
            environment: ["SEALPOST_LISTEN_PORT": "2", "SEALPOST_LOG_LEVEL": "error", "SEALPOST_PROFILE": "x"],
            file: path)
        #expect(configuration.port == 3)
        #expect(configuration.logLevel == .error)
        #expect(configuration.host == "a.example")
        #expect(configuration.registrationPolicy == .invite(["let-me-in", "me-too-please"]))
    }

    @Test func everySettingCanBeGivenInEveryWayAndIsShown() throws {
        let shown = ServerConfiguration().listing
        let secrets = [
            "registration.invites": "let-me-in", "database": "postgres://bob:pass@a.example/mail",
            "postgres.listen": "postgresql://b.example", "keyring": try Keyring(generatedAt: .now).exposedText(),
        ]
        for setting in Setting.all {
            let value = setting.isSecret ? try #require(secrets[setting.key]) : setting.show(ServerConfiguration())
            #expect(try ServerConfiguration.load(flags: [setting.key: value]).listing.contains(setting.key))
            let environment = try ServerConfiguration.load(environment: [setting.variable: value])
            #expect(setting.show(environment) == value)
            #expect(shown.contains("\n\(setting.key) = ") && shown.contains(setting.variable))
        }
        #expect(
            Setting.all.first { $0.key == "limits.signInsAnywhere.perHour" }?.variable
                == "SEALPOST_LIMITS_SIGN_INS_ANYWHERE_PER_HOUR")
        #expect(Setting.all.first { $0.key == "limits.claims.perHour" }?.flag == "--limits-claims-per-hour")
    }

    @Test(arguments: [
        ("listen.port", "70000", "a whole number from 0 to 65535"), ("listen.port", "eighty", "a whole number from 0"),
        ("registration.mode", "maybe", "one of open, invite, closed"), ("log.level", "loud", "one of trace, debug"),
        ("shutdown.deadline", "0", "a whole number from 1 to 600"), ("data.folder", "", "a path"),
        ("passwords.profile", "none", "one of interactive, sensitive, minimal"),
        ("postgres.connections", "3", "a whole number from 4 to 200"), ("migrate.atStart", "yes", "true or false"),
        ("postgres.lockTimeout", "0", "a whole number from 1 to 60"),
    ])
    func aBadValueIsAnErrorThatNamesKeyValueAndWhatIsAllowed(key: String, value: String, allowed: String) throws {
        do {
            _ = try ServerConfiguration.load(flags: [key: value])
            Issue.record("\(value) was taken")
        } catch {
            #expect(error.description.contains("\(key) is \"\(value)\""))
            #expect(error.description.contains(allowed))
        }
    }

    @Test func anUnknownKeyIsAnErrorThatNamesWhatThereIs() throws {
        let folder = try TemporaryFolder()
        let path = try file(#"{"listen":{"prot":1}}"#, in: folder)
        #expect(throws: ConfigurationError.self) { try ServerConfiguration.load(file: path) }
        #expect(throws: ConfigurationError.self) {
            try ServerConfiguration.load(environment: ["SEALPOST_LISTEN_PROT": "1"])
        }
        #expect(throws: ConfigurationError.self) { try ServerConfiguration.load(flags: ["colour": "red"]) }
        #expect(throws: ConfigurationError.self) { try ServerConfiguration.load(file: folder.path(of: "none")) }
        let broken = try file("{", in: folder)
        #expect(throws: ConfigurationError.self) { try ServerConfiguration.load(file: broken) }
    }

    @Test func modeInviteNeedsAnInviteAndInvitesAreNeverShown() throws {
        #expect(throws: ConfigurationError.self) {
            try ServerConfiguration.load(flags: ["registration.mode": "invite"])
        }
        do {
            _ = try ServerConfiguration.load(flags: ["registration.invites": "secret"])
            Issue.record("a short invite was taken")
        } catch {
            #expect(!error.description.contains("secret"))
        }
        let configuration = try ServerConfiguration.load(flags: ["registration.invites": "very-secret"])
        #expect(!configuration.listing.contains("very-secret"))
    }

    @Test func withoutADatabaseItIsSQLiteAndWithOneTheDefaultsAreThoseOfTheDocument() throws {
        #expect(try ServerConfiguration.load(environment: ["SEALPOST_DATABASE": ""]).database == nil)
        let url = "postgresql://bob:p@one.example:5432,two.example/mail?target_session_attrs=read-write"
        let configuration = try ServerConfiguration.load(environment: ["SEALPOST_DATABASE": url])
        #expect(configuration.database?.exposedText == url)
        #expect(configuration.postgresListen == nil)
        #expect(configuration.postgresConnections == 16)
        #expect(configuration.postgresStatementTimeout == .seconds(15))
        #expect(configuration.postgresLockTimeout == .seconds(2))
        #expect(configuration.migratesAtStart)
    }

    @Test func aFileMaySayTrueOrFalse() throws {
        let folder = try TemporaryFolder()
        let path = try file(#"{"migrate":{"atStart":false},"postgres":{"connections":8}}"#, in: folder)
        let configuration = try ServerConfiguration.load(file: path)
        #expect(!configuration.migratesAtStart)
        #expect(configuration.postgresConnections == 8)
    }

    @Test(arguments: ["mysql://bob:s3cret@h/d", "host=h password=s3cret", "bob:s3cret@h/d", "s3cret"])
    func whatIsNoURLOfPostgreSQLIsRefusedAndNotShown(text: String) throws {
        for key in ["database", "postgres.listen"] {
            do {
                _ = try ServerConfiguration.load(flags: [key: text])
                Issue.record("it was taken")
            } catch {
                #expect(error.description.hasPrefix("\(key) is \"********\" but must be "))
                #expect(error.description.contains("postgres://"))
                #expect(!error.description.contains("s3cret"))
            }
        }
    }

    @Test func aKeyringIsGivenAsTextOrAsAFileAndItsTextIsNeverShown() throws {
        let text = try Keyring(generatedAt: .now).exposedText()
        let configuration = try ServerConfiguration.load(environment: ["SEALPOST_KEYRING": text])
        #expect(configuration.keyringText == text)
        #expect(configuration.listing.contains("\nkeyring = ********\n"))
        do {
            _ = try ServerConfiguration.load(environment: ["SEALPOST_KEYRING": "s3cret"])
            Issue.record("it was taken")
        } catch {
            #expect(error.description.hasPrefix("keyring is \"********\" but must be the JSON of a keyring"))
        }
        #expect(throws: ConfigurationError.self) {
            try ServerConfiguration.load(flags: ["keyring.file": "k.json"], environment: ["SEALPOST_KEYRING": text])
        }
    }
}
