import Testing

@testable import sealpost

@Suite struct QRCodeTests {
    @Test func sixtyDigitsGiveTheModulesThatAnIndependentEncoderGives() throws {
        let code = try #require(QRCode("058315607634319738023359766418520880390059225569840875292549"))
        #expect(code.isDark.map { row in String(row.map { $0 ? "#" : "." }) } == Self.bySegno)
    }

    @Test func anythingElseGivesNone() {
        #expect(QRCode("") == nil)
        #expect(QRCode(String(repeating: "1", count: 59)) == nil)
        #expect(QRCode(String(repeating: "x", count: 60)) == nil)
    }

    @Test func aLineHasTwoRowsAndTheQuietZone() throws {
        let lines = try #require(QRCode(String(repeating: "7", count: 60))).lines
        #expect(lines.count == 17)
        #expect(lines.allSatisfy { $0.count == 33 })
        #expect(lines[0] == String(repeating: "█", count: 33))
    }

    /// Python's segno 1.6: version 2, error correction M, mode numeric, mask 0.
    private static let bySegno = [
        "#######..#.#####..#######",
        "#.....#.##...##...#.....#",
        "#.###.#...#..##.#.#.###.#",
        "#.###.#.....#.##..#.###.#",
        "#.###.#.#####.##..#.###.#",
        "#.....#..#####.#..#.....#",
        "#######.#.#.#.#.#.#######",
        ".........#.##.##.........",
        "#.#.#.#..###..##....#..#.",
        "#.###...#...#..#......###",
        ".#..#.#....#.#..#..#...#.",
        "#........#####.##......#.",
        "###.#.###.####.#.#.######",
        ".#..#.....##.#######..###",
        "#...#.###.#.#..###..##...",
        ".##.##.#.#.#...#..#####.#",
        "#..#.####...#.#########.#",
        "........#.###..##...#.##.",
        "#######...#.....#.#.#...#",
        "#.....#..#.#..###...###.#",
        "#.###.#.##.####.########.",
        "#.###.#....#...##.##.#.#.",
        "#.###.#.##.##........#..#",
        "#.....#...######....#.#..",
        "#######.##..###......#..#",
    ]
}
