import SealpostCore
import SealpostTesting
import Testing

@testable import SealpostServer

/// What every route shares: how requests are read and refused.
@Suite struct RequestReadingTests {
    private let path = "/v1/accounts"

    @Test func aBodyThatIsNotJSONIsRefused() async throws {
        try await TestServer.run { server in
            let bodies = ["", "{", "nonsense", #"{"handle":"alice"}{}"#, "{\"handle\":\"\u{0}\"}", "{\u{0}}\u{0}"]
            for body in bodies {
                let answer = try await server.send("POST", path, json: body)
                #expect(answer.problem?.code == .malformedJSON, "\(body)")
            }
        }
    }

    @Test func aBodyThatIsNotUTF8IsRefused() async throws {
        try await TestServer.run { server in
            let bytes = Array(#"{"handle":"al"#.utf8) + [0xc3, 0x28] + Array(#"","password":"correct horse"}"#.utf8)
            let answer = try await server.send(
                "POST", path, headers: [("Content-Type", "application/json")], bytes: bytes)
            #expect(answer.problem?.code == .invalidUTF8)
        }
    }

    @Test func aBodyOverTheLimitIsRefusedWithAndWithoutALength() async throws {
        try await TestServer.run { server in
            let bytes = [UInt8](repeating: UInt8(ascii: " "), count: Limits.bodyBytes + 1)
            for headers in [[], [(name: "Transfer-Encoding", value: "chunked")]] {
                let answer = try await server.send(
                    "POST", path, headers: headers + [("Content-Type", "application/json"), ("Expect", "")],
                    bytes: bytes)
                #expect(answer.problem?.code == .bodyTooLarge)
            }
        }
    }

    @Test func aLengthThatLiesIsRefused() async throws {
        try await TestServer.run { server in
            let port = try #require(Int(server.url.split(separator: ":").last ?? ""))
            let head = "POST \(path) HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
            let huge = await RawConnection.exchange(port: port, head + "Content-Length: 99999999999\r\n\r\n{}")
            #expect(huge.hasPrefix("HTTP/1.1 413"))
            #expect(huge.contains("body_too_large"))
            let short = await RawConnection.exchange(port: port, head + "Content-Length: 100\r\n\r\n{}", hangUp: true)
            #expect(!short.contains(" 201 "))
            let negative = await RawConnection.exchange(port: port, head + "Content-Length: -1\r\n\r\n{}")
            #expect(negative.hasPrefix("HTTP/1.1 400"))
            #expect(try await server.send("GET", "/healthz").status == 200)
        }
    }

    @Test func whoWaitsForItIsToldToSendTheBody() async throws {
        try await TestServer.run { server in
            let port = try #require(Int(server.url.split(separator: ":").last ?? ""))
            let head = "POST \(path) HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: "
            let waiting = await RawConnection.exchange(port: port, head + "2\r\n\r\n{}")
            #expect(waiting.hasPrefix("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 422"))
            let refused = await RawConnection.exchange(port: port, head + "99999999\r\n\r\n")
            #expect(refused.hasPrefix("HTTP/1.1 413"))
            #expect(try await server.send("GET", "/healthz").status == 200)
        }
    }

    @Test func onlyJSONIsTaken() async throws {
        try await TestServer.run { server in
            let json = Array(#"{"handle":"alice","password":"correct horse"}"#.utf8)
            for type in ["text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin1"] {
                let answer = try await server.send("POST", path, headers: [("Content-Type", type)], bytes: json)
                #expect(answer.problem?.code == .unsupportedMediaType, "\(type)")
            }
            let fine = try await server.send(
                "POST", path, headers: [("Content-Type", "Application/JSON ; charset=UTF-8")], bytes: json)
            #expect(fine.status == 201)
            let absent = try await server.send(
                "POST", path, bytes: Array(#"{"handle":"bob","password":"correct horse"}"#.utf8))
            #expect(absent.status == 201)
        }
    }

    @Test func aQueryParameterThatIsNotKnownIsRefusedByName() async throws {
        try await TestServer.run { server in
            let answer = try await server.send("GET", "/healthz?verbose=1")
            #expect(answer.problem?.code == .unknownParameter)
            #expect(answer.problem?.member == "verbose")
            let broken = try await server.send("GET", "/healthz?%zz=1")
            #expect(broken.problem?.code == .invalidParameter)
        }
    }

    @Test func aPathThatIsNotThereAndAMethodThatIsNotAllowedAreToldApart() async throws {
        try await TestServer.run { server in
            for path in ["/", "/v1", "/v1/nothing", "/v1/sessions/a/b"] {
                let answer = try await server.send("GET", path)
                #expect(answer.problem?.code == .notFound)
            }
            let answer = try await server.send("PUT", "/v1/account")
            #expect(answer.problem?.code == .methodNotAllowed)
            #expect(answer.headers["Allow"] == "DELETE, GET, HEAD, PATCH")
            let captured = try await server.send("GET", "/v1/tokens/abc")
            #expect(captured.headers["Allow"] == "DELETE")
        }
    }

    @Test func everyAnswerHasARequestIDAndUnderV1IsNotStored() async throws {
        try await TestServer.run { server in
            let health = try await server.send("GET", "/healthz", headers: [("X-Request-Id", "abc-123")])
            #expect(health.headers["X-Request-Id"] == "abc-123")
            #expect(health.headers["Cache-Control"] == nil)
            let missing = try await server.send("GET", "/v1/nothing", headers: [("X-Request-Id", "a b\"c")])
            #expect(missing.headers["X-Request-Id"].map { !$0.isEmpty && $0 != "a b\"c" } == true)
            #expect(missing.headers["Cache-Control"] == "no-store")
            let refused = try await server.send("GET", "/v1/account")
            #expect(refused.headers["X-Request-Id"] != nil)
            #expect(refused.headers["Cache-Control"] == "no-store")
        }
    }

    @Test func aStoreThatIsGoneMakesAnswers503WithRetryAfter() async throws {
        try await TestServer.run { server in
            let session = try await server.register("alice").session
            await server.app.parts.store.close()
            let account = try await server.send("GET", "/v1/account", token: session.accessToken)
            #expect(account.problem?.code == .unavailable)
            #expect(account.headers["Retry-After"] != nil)
            #expect(try await server.send("GET", "/readyz").status == 503)
            #expect(try await server.send("GET", "/healthz").status == 200)
        }
    }
}
