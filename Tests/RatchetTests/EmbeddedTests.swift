import Foundation
import SealpostTesting
import Testing

/// The modules that are to run in the browser compile as Embedded Swift: no Foundation, no existentials, typed throws.
@Suite struct EmbeddedTests {
    @Test func `SealpostFormats, SodiumKit and Ratchet compile in Embedded mode`() async throws {
        let products = FileManager.default.temporaryDirectory.appending(path: "sealpost-embedded-\(UUID())")
        try FileManager.default.createDirectory(at: products, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: products) }
        for name in ["SealpostFormats", "SodiumKit", "Ratchet"] {
            let (end, messages) = try await compile(name, into: products)
            #expect(end == .exited(0), "\(name): \(messages)")
            guard end == .exited(0) else { return }
        }
    }

    @Test(arguments: ["SealpostFormats", "Ratchet"])
    func `the sources import no Foundation and use no existential or untyped throw`(module: String) throws {
        for file in try sources(of: module) where file.lastPathComponent != "NativePlatform.swift" {
            let text = try String(contentsOf: file, encoding: .utf8)
            for line in text.split(separator: "\n") where !line.contains("//") {
                let words = Set(line.split { !$0.isLetter && !$0.isNumber }.map(String.init))
                #expect(words.isDisjoint(with: ["Foundation", "any", "Any", "rethrows"]), "\(file): \(line)")
                #expect(!line.contains("throws ->") && !line.contains("throws {"), "\(file): \(line)")
            }
        }
    }

    private func sources(of module: String) throws -> [URL] {
        let folder = VectorFile.packageFolder.appending(path: "Sources/\(module)")
        let files = try #require(FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil))
        return files.compactMap { $0 as? URL }.filter { $0.pathExtension == "swift" }
    }

    private func compile(_ module: String, into products: URL) async throws -> (end: Program.End, messages: String) {
        let arguments =
            [
                "swiftc", "-enable-experimental-feature", "Embedded", "-wmo", "-parse-as-library",
                "-swift-version", "6", "-package-name", "sealpost", "-module-name", module, "-I", products.path,
                "-I", VectorFile.packageFolder.appending(path: "Sources/CSodium").path,
                "-emit-module", "-emit-module-path", products.appending(path: "\(module).swiftmodule").path,
                "-c", "-o", products.appending(path: "\(module).o").path,
            ] + (try sources(of: module).map(\.path))
        let compiler = try Program("/usr/bin/env", arguments, limit: .seconds(300))
        let end = await compiler.end()
        return (end, compiler.output.text + compiler.errors.text)
    }
}
