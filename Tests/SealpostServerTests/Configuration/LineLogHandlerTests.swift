import FoundationEssentials
import SealpostCore
import Testing

@testable import SealpostServer

@Suite struct LineLogHandlerTests {
    private func line(_ format: LogFormat) -> String {
        LineLogHandler.line(
            format, time: Timestamp(milliseconds: 0), level: .warning, label: "sealpost", message: "Store unavailable",
            metadata: ["error": "line one\nline two", "a": "1"])
    }

    @Test func textIsOneLineWhateverIsInIt() {
        #expect(
            line(.text)
                == "1970-01-01T00:00:00.000Z warning sealpost: Store unavailable a=1 error=line one\\nline two")
    }

    @Test func jsonIsOneObjectOnOneLine() throws {
        let line = line(.json)
        #expect(!line.contains("\n"))
        let fields = try JSONDecoder().decode([String: String].self, from: Data(line.utf8))
        #expect(fields["message"] == "Store unavailable")
        #expect(fields["error"] == "line one\nline two")
        #expect(fields["level"] == "warning")
    }
}
