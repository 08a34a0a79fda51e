import FoundationEssentials
import Testing

@testable import SealpostCore

@Suite struct StrictDecodingTests {
    private let id = String(repeating: "a", count: 22)

    @Test func `a body with just its members is read`() throws {
        let request = try decode(DepositRequest.self, #"{"envelopes":[{"device":1,"content":"AAAA"}],"ttl":60}"#)
        #expect(request.envelopes.map(\.device.value) == [1])
        #expect(request.ttl == 60)
        #expect(request.policy == nil)
    }

    static let wrongBodies: [(String, ErrorCode, String?)] = [
        (#"{"envelopes":[],"extra":1}"#, ErrorCode.unknownMember, "extra"),
        (#"{"envelopes":[{"device":1,"content":"AAAA","x":0}]}"#, .unknownMember, "envelopes[0].x"),
        (#"{}"#, .missingMember, "envelopes"),
        (#"{"envelopes":[{"device":1}]}"#, .missingMember, "envelopes[0].content"),
        (#"{"envelopes":7}"#, .invalidMember, "envelopes"),
        (#"{"envelopes":[{"device":0,"content":""}]}"#, .invalidMember, "envelopes[0].device"),
        (#"{"envelopes":[{"device":-1,"content":""}]}"#, .invalidMember, "envelopes[0].device"),
        (#"{"envelopes":[{"device":1.5,"content":""}]}"#, .invalidMember, "envelopes[0].device"),
        (#"{"envelopes":[{"device":1,"content":"%%%"}]}"#, .invalidMember, "envelopes[0].content"),
        (#"{"envelopes":[],"ttl":1.5}"#, .invalidMember, nil),
        (#"{"envelopes":[],"ttl":"60"}"#, .invalidMember, "ttl"),
        (#"{"envelopes":[],"policy":"loose"}"#, .invalidMember, "policy"),
        (#"[]"#, .invalidMember, "the body"),
        (#"{"envelopes":["#, .malformedJSON, nil),
        ("", .malformedJSON, nil),
    ]

    @Test(arguments: wrongBodies)
    func `what is wrong is named`(text: String, code: ErrorCode, member: String?) {
        do {
            let request = try decode(DepositRequest.self, text)
            Issue.record("\(request) was read")
        } catch {
            let problem = Problem(decoding: error, of: Data(text.utf8))
            #expect(problem.code == code)
            #expect(problem.member == member)
        }
    }

    @Test func `requests are written with the names of the wire`() throws {
        let request = ClaimRequest(requestID: try #require(EnvelopeID(id)), devices: nil)
        let text = String(decoding: try JSONEncoder().encode(Strict(request)), as: UTF8.self)
        #expect(text == #"{"request_id":"\#(id)"}"#)
    }

    @Test func `every code of the catalogue has a status that is an error and a title`() {
        for code in ErrorCode.allCases {
            #expect((400...599).contains(code.status), "\(code)")
            #expect(!code.title.isEmpty)
        }
    }

    private func decode<Body: RequestBody>(_ type: Body.Type, _ text: String) throws -> Body {
        try JSONDecoder().decode(Strict<Body>.self, from: Data(text.utf8)).body
    }
}
