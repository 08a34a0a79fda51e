import PostgresKit
import SealpostTesting
import Testing

@testable import struct PostgresKit.ConnectionString

/// Several hosts in one connection string.
@Suite struct HostTests {
    @Test func aHostThatIsDownIsPassedOver() async throws {
        let port = try await PostgresCluster.shared.port
        let down = try FreePort.find()
        let url = "postgres://postgres@127.0.0.1:\(down),127.0.0.1:\(port)/postgres"
        let connection = try PostgresConnection(PostgresSettings(url: url))
        #expect(try await connection.backend() > 0)
    }

    @Test func aHostThatSaysNothingIsPassedOverInTime() async throws {
        let port = try await PostgresCluster.shared.port
        let wire = try Wire(to: port)
        defer { wire.end() }
        wire.freeze()
        let url = "postgres://postgres@127.0.0.1:\(wire.port),127.0.0.1:\(port)/postgres"
        let connection = try PostgresConnection(PostgresSettings(url: url, connectTimeout: .seconds(3)))
        let start = ContinuousClock.now
        #expect(try await connection.backend() > 0)
        #expect(ContinuousClock.now - start < .seconds(6))
    }

    @Test func whenAllAreDownEachSaysWhy() async throws {
        let ports = [try FreePort.find(), try FreePort.find()]
        let url = "postgres://postgres@127.0.0.1:\(ports[0]),127.0.0.1:\(ports[1])/postgres"
        let connection = try PostgresConnection(PostgresSettings(url: url))
        let text = await failure { try await connection.backend() }.map { "\($0)" } ?? ""
        for port in ports { #expect(text.contains("\(port)"), "\(text)") }
    }

    @Test func everyAddressOfEveryHostIsTried() throws {
        func places(_ url: String) throws -> [String] {
            try ConnectionString(url).addresses().map { "\($0.host) \($0.hostaddr) \($0.port)" }
        }
        #expect(
            try places("postgres://127.0.0.1:1,127.0.0.2:2/x") == ["127.0.0.1 127.0.0.1 1", "127.0.0.2 127.0.0.2 2"])
        #expect(try places("host=127.0.0.1,/run port=5") == ["127.0.0.1 127.0.0.1 5", "/run  5"])
        #expect(try places("host=nobody.invalid hostaddr=127.0.0.1") == ["nobody.invalid 127.0.0.1 "])
        #expect(try places("host=nobody.invalid") == ["nobody.invalid  "])
        #expect(try places("postgres:///x") == ["  "])
        // libpq says what is wrong, or chooses.
        #expect(try places("host=a,b,c port=1,2") == ["  "])
        #expect(try places("host=127.0.0.1,127.0.0.2 target_session_attrs=prefer-standby") == ["  "])
        #expect(try Set(places("postgres://localhost:7/x")).isSuperset(of: ["localhost 127.0.0.1 7"]))
    }

    @Test func theTimeOutInTheURLComesFirst() throws {
        #expect(try ConnectionString("postgres://x/y?connect_timeout=3").connectTimeout == .seconds(3))
        #expect(try ConnectionString("postgres://x/y?connect_timeout=0").connectTimeout == nil)
        #expect(try ConnectionString("postgres://x/y").connectTimeout == nil)
    }
}
