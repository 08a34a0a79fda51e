import Foundation
import PostgresKit
import Testing

/// Values on their way to a server and back.
@Suite struct ValueTests {
    /// Sends a value and reads it again, and what the server takes it for.
    private func sent<Value: PostgresEncodable & PostgresDecodable & Sendable>(
        _ value: Value
    ) async throws -> (back: Value, text: String) {
        try await Database.connection().perform { session in
            let row = try session.run("SELECT \(value), \(value)::text")[0]
            return (try row.value(0), try row.value(1))
        }
    }

    private func read<Value: PostgresDecodable & Sendable>(
        _ expression: String, as type: Value.Type
    ) async throws -> Value {
        try await Database.connection().perform { session in
            try session.run("SELECT \(unsafeSQL: expression)")[0].value(0, as: type)
        }
    }

    private func isUnexpected<Value: PostgresDecodable & Sendable>(
        _ expression: String, as type: Value.Type
    ) async throws -> Bool {
        await failure { try await read(expression, as: type) }?.isUnexpectedValue == true
    }

    @Test func integersOfEveryWidthComeBackFromEndToEnd() async throws {
        for value in [Int16.min, -1, 0, 1, .max] { #expect(try await sent(value) == (value, "\(value)")) }
        for value in [Int32.min, -1, 0, 1, .max] { #expect(try await sent(value) == (value, "\(value)")) }
        for value in [Int64.min, -1, 0, 1, .max] { #expect(try await sent(value) == (value, "\(value)")) }
        for value in [Int.min, -1, 0, 1, .max] { #expect(try await sent(value) == (value, "\(value)")) }
    }

    @Test func integersAreReadFromAnyWidthThatFitsAndRefusedOtherwise() async throws {
        #expect(try await read("7::int2", as: Int64.self) == 7)
        #expect(try await read("-32768::int8", as: Int16.self) == -32768)
        #expect(try await read("2147483647::int8", as: Int32.self) == .max)
        #expect(try await isUnexpected("32768::int4", as: Int16.self))
        #expect(try await isUnexpected("-32769::int4", as: Int16.self))
        #expect(try await isUnexpected("2147483648::int8", as: Int32.self))
        #expect(try await isUnexpected("7::numeric", as: Int.self))
    }

    @Test func textComesBackWholeWhateverIsInIt() async throws {
        for text in ["", "Grüße 👩‍👩‍👧 \u{1}", "'; DROP TABLE x --", String(repeating: "ä", count: 1 << 19)] {
            #expect(try await sent(text) == (text, text))
        }
        #expect(try await read("'x'::varchar(3)", as: String.self) == "x")
        #expect(try await read("'x'::char(3)", as: String.self) == "x  ")
        #expect(try await read("'x'::name", as: String.self) == "x")
    }

    @Test func aNULInTextIsRefusedByTheServer() async throws {
        #expect(await failure { try await sent("a\0b") }?.state == SQLState("22021"))
    }

    @Test func bytesComeBackWholeWhateverIsInThem() async throws {
        let all = (0...255).map(UInt8.init)
        let many = [UInt8](repeating: 0, count: 1 << 20) + all
        #expect(try await sent(all).text.hasPrefix("\\x00010203"))
        for bytes in [[], [0], all, many] { #expect(try await sent(bytes).back == bytes) }
    }

    @Test func otherScalarsComeBackAsTheyWere() async throws {
        #expect(try await sent(true) == (true, "true"))
        #expect(try await sent(false) == (false, "false"))
        for number in [0.0, -0.0, 1.5, .pi, .infinity, -.infinity, .leastNonzeroMagnitude, .greatestFiniteMagnitude] {
            let back = try await sent(number).back
            #expect(back.bitPattern == number.bitPattern)
        }
        #expect(try await sent(Double.nan).back.isNaN)
        let uuid = UUID()
        #expect(try await sent(uuid) == (uuid, uuid.uuidString.lowercased()))
    }

    @Test func timesComeBackToTheMicrosecond() async throws {
        let date = Date(timeIntervalSince1970: 1_767_225_599.123_456)
        let (back, text) = try await sent(date)
        #expect(text == "2025-12-31 23:59:59.123456+00")
        #expect(abs(back.timeIntervalSince(date)) < 0.000_001)
        #expect(try await sent(back).back == back)
        #expect(try await sent(Date(timeIntervalSince1970: -1)).text == "1969-12-31 23:59:59+00")
        #expect(try await sent(Date.distantPast).back == .distantPast)
        #expect(try await sent(Date.distantFuture).back == .distantFuture)
    }

    @Test func timesBeyondAllTimeAreInfinityThereAndNotReadHere() async throws {
        let (last, first) = try await Database.connection().perform { session in
            let row = try session.run(
                """
                SELECT \(Date(timeIntervalSince1970: .infinity))::text, \(Date(timeIntervalSince1970: -1e300))::text
                """)[0]
            return (try row.value(0, as: String.self), try row.value(1, as: String.self))
        }
        #expect(last == "infinity" && first == "-infinity")
        #expect(try await isUnexpected("'infinity'::timestamptz", as: Date.self))
    }

    @Test func nullsComeBackAsNilAndAreRefusedAsValues() async throws {
        try await Database.connection().perform { session in
            let row = try session.run("SELECT \(nil as Int?), \(nil as String?), \(nil as [UInt8]?), \(7 as Int?)")[0]
            #expect(try row.optional(0, as: Int.self) == nil && row.isNull(0))
            #expect(try row.optional(1, as: String.self) == nil)
            #expect(try row.optional(2, as: [UInt8].self) == nil)
            #expect(try row.optional(3, as: Int.self) == 7 && row.isNull(3) == false)
            #expect(throws: PostgresError.unexpectedValue("null in column 0 where Int is read")) {
                try row.value(0, as: Int.self)
            }
        }
    }

    @Test func arraysComeBackInOrderAndTheServerSeesTheSame() async throws {
        #expect(try await sent([3, 1, 2]) == ([3, 1, 2], "{3,1,2}"))
        #expect(try await sent([Int16.min, .max]).text == "{-32768,32767}")
        #expect(try await sent([Int32.min, .max]).back == [.min, .max])
        #expect(try await sent([Int64.min, .max]).back == [.min, .max])
        #expect(try await sent(["", "a,b", "ä\"}"]).back == ["", "a,b", "ä\"}"])
        #expect(try await sent([[0, 1], [], [255]] as [[UInt8]]).back == [[0, 1], [], [255]])
        #expect(try await sent([true, false]) == ([true, false], "{t,f}"))
        #expect(try await sent([1.5, -0.25]) == ([1.5, -0.25], "{1.5,-0.25}"))
        let uuids = (0..<1000).map { _ in UUID() }
        #expect(try await sent(uuids).back == uuids)
        let date = Date(timeIntervalSince1970: 1_700_000_000)
        #expect(try await sent([date]) == ([date], #"{"2023-11-14 22:13:20+00"}"#))
    }

    @Test func emptyArraysAndArraysWithNullsComeBackAsTheyWere() async throws {
        #expect(try await sent([] as [Int]) == ([], "{}"))
        #expect(try await sent([] as [String?]) == ([], "{}"))
        #expect(try await sent([1, nil, 3] as [Int?]) == ([1, nil, 3], "{1,NULL,3}"))
        #expect(try await sent([nil] as [String?]) == ([nil], "{NULL}"))
        #expect(try await sent([[1], nil, []] as [[UInt8]?]).back == [[1], nil, []])
    }

    @Test func arraysOfAnotherShapeAreRefused() async throws {
        #expect(try await isUnexpected("ARRAY[1, NULL]::int8[]", as: [Int].self))
        #expect(try await isUnexpected("ARRAY[[1, 2], [3, 4]]::int8[]", as: [Int].self))
        #expect(try await isUnexpected("ARRAY[1]::int4[]", as: [Int].self))
        #expect(try await isUnexpected("ARRAY[''::bytea, NULL]", as: [[UInt8]].self))
        #expect(try await isUnexpected("7", as: [Int].self))
    }

    @Test func valuesOfAnotherTypeAreRefused() async throws {
        #expect(try await isUnexpected("'7'::text", as: Int.self))
        #expect(try await isUnexpected("7", as: String.self))
        #expect(try await isUnexpected("'x'::text", as: [UInt8].self))
        #expect(try await isUnexpected("''::bytea", as: String.self))
        #expect(try await isUnexpected("1", as: Bool.self))
        #expect(try await isUnexpected("1.5::float4", as: Double.self))
        #expect(try await isUnexpected("now()::timestamp", as: Date.self))
        #expect(try await isUnexpected("'x'::text", as: UUID.self))
    }

    @Test func aColumnThatIsNotThereIsRefused() async throws {
        try await Database.connection().perform { session in
            let row = try session.run("SELECT 1")[0]
            #expect(throws: PostgresError.unexpectedValue("no column 1")) { try row.value(1, as: Int.self) }
            #expect(throws: PostgresError.unexpectedValue("no column -1")) { try row.isNull(-1) }
        }
    }
}
