import SealpostCore
import Testing

@testable import SealpostServer

@Suite struct QueryTests {
    private let allowed: Set<String> = ["after", "limit", "name"]

    @Test func parametersAreReadAndDecoded() throws {
        let query = try Query("after=5&name=a%20b%C3%A9+c&limit=", allowed: allowed)
        #expect(query["name"] == "a bé+c")
        #expect(query["limit"] == "")
        #expect(try query.sequence("after") == Sequence(5))
        #expect(try Query(nil, allowed: []).sequence("after") == nil)
        #expect(try Query("", allowed: [])["after"] == nil)
    }

    @Test(arguments: [
        ("x=1", ErrorCode.unknownParameter), ("after=1&after=2", .invalidParameter), ("name=%ff", .invalidParameter),
        ("name=%2", .invalidParameter), ("name=%g0", .invalidParameter),
    ])
    func whatIsNotAllowedIsRefused(text: String, code: ErrorCode) {
        #expect(throws: Problem.self) { try Query(text, allowed: allowed) }
        do { _ = try Query(text, allowed: allowed) } catch { #expect(error.code == code) }
    }

    @Test(arguments: ["-1", "+1", "01", "1.0", "1e3", "", " 1", "9223372036854775808", "x"])
    func onlyPlainNumbersAreNumbers(text: String) throws {
        let query = try Query("after=\(text)", allowed: allowed)
        #expect(throws: Problem.self) { try query.sequence("after") }
    }

    @Test func aNumberOutOfRangeIsRefusedWithTheRange() throws {
        let query = try Query("limit=101", allowed: allowed)
        do {
            _ = try query.integer("limit", in: 1...100)
            Issue.record("101 was taken")
        } catch {
            #expect(error.detail == "limit must be a whole number from 1 to 100")
        }
    }
}
