import Testing

@testable import SealpostServer

@Suite("WaitPreference")
struct MailWaitPreferenceTests {
    @Test(
        arguments: [
            ([], 0, nil), (["wait=10"], 10, "wait=10"), (["respond-async, wait=10"], 10, "wait=10"),
            (["respond-async", "WAIT = 7"], 7, "wait=7"), (["wait=10; foo=bar"], 10, "wait=10"),
            (["wait=99"], 55, "wait=55"), (["wait=99999999999999999999"], 55, "wait=55"), (["wait=-1"], 0, nil),
            (["wait=\"10\""], 0, nil), (["wait"], 0, nil), (["wait="], 0, nil), (["return=minimal;wait=10"], 0, nil),
            ([""], 0, nil), (["wait=0"], 0, "wait=0"),
        ] as [([String], Int64, String?)])
    func aPreferenceIsReadAsRFC7240SaysAndClamped(preferences: [String], seconds: Int64, applied: String?) {
        let wait = WaitPreference(asked: nil, preferences: preferences)
        #expect(wait.seconds == seconds)
        #expect(wait.applied == applied)
    }

    @Test func whatTheRequestItselfSaysGoesFirst() {
        let wait = WaitPreference(asked: 3, preferences: ["wait=10"])
        #expect(wait.seconds == 3)
        #expect(wait.applied == nil)
    }
}
