import FoundationEssentials
import Logging
import SealpostCore

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// How log lines look.
package enum LogFormat: String, Sendable, CaseIterable {
    case text, json
}

/// Writes each event as one line to standard error: constant message first, data as metadata.
package struct LineLogHandler: LogHandler {
    package var logLevel: Logger.Level
    package var metadata: Logger.Metadata = [:]
    package var metadataProvider: Logger.MetadataProvider?
    private let label: String
    private let format: LogFormat

    package init(label: String, format: LogFormat, level: Logger.Level) {
        self.label = label
        self.format = format
        logLevel = level
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        let line = Self.line(
            format, time: .now, level: event.level, label: label, message: event.message.description,
            metadata: metadata.merging(metadataProvider?.get() ?? [:]) { $1 }
                .merging(event.metadata ?? [:]) { $1 })
        // One call a line, so that lines of several threads do not mix. Where nobody reads, nothing is to be done.
        _ = Array((line + "\n").utf8).withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }

    static func line(
        _ format: LogFormat, time: Timestamp, level: Logger.Level, label: String, message: String,
        metadata: Logger.Metadata
    ) -> String {
        switch format {
        case .text:
            let data = metadata.sorted { $0.key < $1.key }.map { " \($0.key)=\(singleLine($0.value.description))" }
            return "\(time) \(level.rawValue) \(label): \(singleLine(message))" + data.joined()
        case .json:
            var fields = metadata.mapValues(\.description)
            fields["time"] = time.description
            fields["level"] = level.rawValue
            fields["label"] = label
            fields["message"] = message
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            guard let data = try? encoder.encode(fields) else { return "{}" }
            return String(decoding: data, as: UTF8.self)
        }
    }

    /// Nothing that comes from outside may begin a line of its own.
    private static func singleLine(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7f }) else { return text }
        return text.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7f ? $0.escaped(asASCII: true) : String($0) }
            .joined()
    }
}

extension ServerConfiguration {
    /// A logger as configured.
    package func makeLogger(label: String = "sealpost") -> Logger {
        let (format, level) = (logFormat, logLevel)
        return Logger(label: label) { LineLogHandler(label: $0, format: format, level: level) }
    }
}
