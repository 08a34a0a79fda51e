import SealpostCore
import Testing

@testable import SealpostClient

struct PlaintextTests {
    private let head: PlaintextHead

    init() throws {
        let hash = Base64([UInt8](repeating: 7, count: 32))
        head = PlaintextHead(
            v: 1, id: "an-id", at: Timestamp(milliseconds: 1_500), from: try #require(MailboxAddress("alice.1")),
            to: try #require(MailboxAddress("bob.2")),
            lists: .init(own: ListVersion(version: 3, hash: hash), peer: ListVersion(version: 4, hash: hash)),
            kind: "text")
    }

    private func plaintext(_ body: PlaintextBody) -> Plaintext {
        var head = head
        head.kind = body.kind
        return Plaintext(head: head, body: body)
    }

    @Test func aTextIsOneObjectAsThePageSays() throws {
        let hash = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc="
        let json = String(decoding: try plaintext(.text("hello", replyTo: "x")).json(), as: UTF8.self)
        #expect(
            json
                == #"{"at":"1970-01-01T00:00:01.500Z","from":"alice.1","id":"an-id","kind":"text","lists":{"own":[3,""#
                + hash + #""],"peer":[4,""# + hash + #""]},"reply_to":"x","text":"hello","to":"bob.2","v":1}"#)
    }

    @Test(arguments: [
        PlaintextBody.text("hi", replyTo: nil), .receipt(ids: ["a", "b"], status: .read), .reset(failed: ["e"]),
        .profile(name: "Alice", depositToken: "t"),
    ])
    func everyKindReadsAsItWasWritten(_ body: PlaintextBody) throws {
        let written = plaintext(body)
        #expect(Plaintext(json: try written.json()) == written)
    }

    @Test func aSyncTellsWhatWasSentToWhom() throws {
        let message = SyncedMessage(
            to: try #require(Handle("bob")), id: "i", at: Timestamp(milliseconds: 9), body: .text("hi", replyTo: nil))
        let written = plaintext(.sync(message))
        #expect(Plaintext(json: try written.json()) == written)
    }

    @Test func aSyncInsideASyncIsUnknown() throws {
        let handle = try #require(Handle("bob"))
        let inner = SyncedMessage(to: handle, id: "i", at: Timestamp(milliseconds: 9), body: .text("hi", replyTo: nil))
        let outer = SyncedMessage(to: handle, id: "o", at: Timestamp(milliseconds: 9), body: .sync(inner))
        guard case .sync(let read) = Plaintext(json: try plaintext(.sync(outer)).json())?.body else {
            Issue.record("not a sync")
            return
        }
        #expect(read.body == .unknown(kind: "sync"))
    }

    @Test func anUnknownKindKeepsItsName() throws {
        #expect(Plaintext(json: try plaintext(.unknown(kind: "poll")).json())?.body == .unknown(kind: "poll"))
    }

    @Test func aKnownKindWithWrongMembersIsKeptAsUnknown() throws {
        let json = String(decoding: try plaintext(.text("hi", replyTo: nil)).json(), as: UTF8.self)
            .replacing(#""text":"hi""#, with: #""text":7"#)
        #expect(Plaintext(json: Array(json.utf8))?.body == .unknown(kind: "text"))
    }

    @Test func anotherVersionIsNotRead() throws {
        var written = plaintext(.text("hi", replyTo: nil))
        written.head.v = 2
        #expect(Plaintext(json: try written.json()) == nil)
    }

    @Test func bytesThatAreNoJSONAreNotRead() {
        #expect(Plaintext(json: [0xff, 0xfe]) == nil)
        #expect(Plaintext(json: []) == nil)
    }
}
