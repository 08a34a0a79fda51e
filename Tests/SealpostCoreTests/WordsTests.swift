import Testing

@testable import SealpostCore

@Suite struct HandleTests {
    @Test(arguments: ["al", "alice", "a-b_c9", "a" + String(repeating: "z", count: 30)])
    func `what matches the pattern is a handle`(text: String) {
        #expect(Handle(text)?.description == text)
    }

    @Test(arguments: ["", "a", "Alice", "1a", "-a", "a.b", "al ice", "älice", "a" + String(repeating: "z", count: 31)])
    func `what does not match the pattern is none`(text: String) {
        #expect(Handle(text) == nil)
    }

    @Test func `the lobby and the administrator are reserved and alice is not`() {
        #expect(Handle("lobby")?.isReserved == true)
        #expect(Handle("admin")?.isReserved == true)
        #expect(Handle("alice")?.isReserved == false)
    }
}

@Suite struct MailboxAddressTests {
    @Test func `handle, dot and number make an address`() {
        #expect(MailboxAddress("alice.2")?.description == "alice.2")
        #expect(MailboxAddress("alice.4294967295")?.device.value == .max)
    }

    @Test(arguments: [
        "alice", "alice.", ".1", "alice.0", "alice.01", "alice.+1", "alice.1.2", "alice.4294967296", "A.1",
    ])
    func `anything else is none`(text: String) {
        #expect(MailboxAddress(text) == nil)
    }
}

@Suite struct EnvelopeIDTests {
    @Test func `22 to 64 URL-safe characters are an id`() {
        #expect(EnvelopeID(String(repeating: "a", count: 22)) != nil)
        #expect(EnvelopeID(String(repeating: "_", count: 64)) != nil)
        #expect(EnvelopeID(String(repeating: "a", count: 21)) == nil)
        #expect(EnvelopeID(String(repeating: "a", count: 65)) == nil)
        #expect(EnvelopeID(String(repeating: "a", count: 21) + "=") == nil)
    }

    @Test func `16 random bytes make an id`() {
        let id = EnvelopeID(random: [UInt8](repeating: 0xFB, count: 16))
        #expect(EnvelopeID(id.description) == id)
    }
}

@Suite struct TimestampTests {
    @Test(arguments: [
        (0, "1970-01-01T00:00:00.000Z"), (1_700_000_000_123, "2023-11-14T22:13:20.123Z"),
        (1_700_000_000_007, "2023-11-14T22:13:20.007Z"), (-1, "1969-12-31T23:59:59.999Z"),
    ])
    func `a time is written with milliseconds and read back`(milliseconds: Int64, text: String) {
        #expect(Timestamp(milliseconds: milliseconds).description == text)
        #expect(Timestamp(text)?.milliseconds == milliseconds)
    }

    @Test func `whole seconds and offsets are read`() {
        #expect(Timestamp("2023-11-14T22:13:20Z")?.milliseconds == 1_700_000_000_000)
        #expect(Timestamp("2023-11-14T23:13:20+01:00")?.milliseconds == 1_700_000_000_000)
    }

    @Test(arguments: ["", "yesterday", "2023-11-14", "1700000000"])
    func `what is no time is none`(text: String) {
        #expect(Timestamp(text) == nil)
    }
}

@Suite struct Base64Tests {
    @Test func `bytes go there and back`() {
        for length in 0..<20 {
            let bytes = (0..<length).map { UInt8($0 * 13) }
            #expect(Base64(decoding: Base64(bytes).description)?.bytes == bytes)
            #expect(Base64URL.decode(Base64URL.encode(bytes)) == bytes)
        }
    }

    @Test(arguments: ["A", "AA", "AA=", "AB==", "A A=", "AA==\n", "-_8=", "AAAA=", "💥"])
    func `what no encoder would write is refused`(text: String) {
        #expect(Base64(decoding: text) == nil)
    }
}
