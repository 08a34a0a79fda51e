import Foundation
import Testing

@Suite("Architecture")
struct ArchitectureTests {
    @Test("every module under Sources has its arrows, and every arrow a module")
    func modules() throws {
        let swift = try Set(Repository.folders(in: "Sources")).subtracting(["CSodium", "CCurl", "CPostgres"])
        #expect(swift == Set(Arrows.allowed.keys))
    }

    @Test("sources import what the arrows allow", arguments: Arrows.allowed.keys.sorted())
    func imports(module: String) throws {
        let allowed = try #require(Arrows.allowed[module])
        for file in try Repository.files(in: "Sources/\(module)") where file.path.hasSuffix(".swift") {
            for (imported, line) in file.imports {
                #expect(allowed.contains(imported), "\(file.path):\(line) imports \(imported)")
            }
        }
    }

    @Test(
        "a C module has one importer, its kit",
        arguments: [("CSodium", "SodiumKit"), ("CCurl", "CurlKit"), ("CPostgres", "PostgresKit")])
    func cModules(module: String, kit: String) {
        #expect(Arrows.allowed.filter { $0.value.contains(module) }.map(\.key) == [kit])
    }

    @Test(
        "the server side cannot reach what decrypts",
        arguments: [
            "SealpostStore", "SealpostStoreSQLite", "SealpostStorePostgres", "SealpostDelivery", "SealpostServer",
        ])
    func serverSide(module: String) {
        #expect(Arrows.reach(of: module).isDisjoint(with: ["Ratchet", "SealpostClient"]))
    }

    @Test("what runs in the browser does without Foundation", arguments: ["SealpostFormats", "Ratchet"])
    func embedded(module: String) {
        #expect(Arrows.reach(of: module).isDisjoint(with: Arrows.foundation))
    }

    @Test("arrows go down only")
    func noCircle() {
        for module in Arrows.allowed.keys {
            #expect(!Arrows.reach(of: module).contains(module), "\(module) reaches itself")
        }
    }

    /// Foundation's reads beyond a buffer when many files are open; `Program` of SealpostTesting is there instead.
    @Test("nothing starts a program by Foundation's Process")
    func processes() throws {
        for file in try Repository.files(in: "Sources") + Repository.files(in: "Tests")
        where file.path.hasSuffix(".swift") && !file.path.contains("ArchitectureTests") {
            for (number, line) in file.lines.enumerated() {
                #expect(!line.contains(#/\bProcess\(\)/#), "\(file.path):\(number + 1)")
            }
        }
    }

    @Test("no source file is longer than 800 lines")
    func size() throws {
        for file in try Repository.files(in: "Sources") where file.path.hasSuffix(".swift") {
            #expect(file.lines.count <= 800, "\(file.path)")
        }
    }

    @Test("no file names a folder of somebody's machine")
    func machinePaths() throws {
        let folders = ["Sources", "Tests", "Migrations", "api-spec", "docs", "script", ".ci"]
        // In two parts, or else this file would be the first to be found.
        let places = ["home", "root", "work", "Users"].map { Data("/\($0)/".utf8) }
        for file in try folders.flatMap(Repository.files) + Repository.rootFiles() {
            // A search by lines is slow: only where there is something to find.
            guard places.contains(where: { file.bytes.range(of: $0) != nil }) else { continue }
            for (number, line) in file.lines.enumerated() {
                #expect(
                    !line.contains(#/(?:^|[^\w.])/(?:home|root|work|Users)/\w/#), "\(file.path):\(number + 1): \(line)")
            }
        }
    }
}
