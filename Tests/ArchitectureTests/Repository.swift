import Foundation

/// The working tree that this test was built from.
enum Repository {
    static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// A file and its path from the root.
    struct File {
        let path: String
        let bytes: Data
    }

    /// The names of the folders in `folder`.
    static func folders(in folder: String) throws -> [String] {
        try FileManager.default
            .contentsOfDirectory(at: root.appending(path: folder), includingPropertiesForKeys: [.isDirectoryKey])
            .filter { try $0.resourceValues(forKeys: [.isDirectoryKey]).isDirectory == true }
            .map(\.lastPathComponent)
    }

    /// Every file below `folder`, but what is hidden or made by tools.
    static func files(in folder: String) throws -> [File] {
        let enumerator = FileManager.default.enumerator(
            at: root.appending(path: folder), includingPropertiesForKeys: [.isRegularFileKey],
            options: [.skipsHiddenFiles])
        var files: [File] = []
        for case let url as URL in enumerator ?? .init() {
            if url.lastPathComponent == "__pycache__" {
                enumerator?.skipDescendants()
            } else if let file = try file(at: url) {
                files.append(file)
            }
        }
        return files
    }

    /// The files beside the folders, but what is hidden.
    static func rootFiles() throws -> [File] {
        try FileManager.default
            .contentsOfDirectory(at: root, includingPropertiesForKeys: nil, options: [.skipsHiddenFiles])
            .compactMap(file)
    }

    private static func file(at url: URL) throws -> File? {
        guard try url.resourceValues(forKeys: [.isRegularFileKey]).isRegularFile == true else { return nil }
        let path = url.path.dropFirst(root.path.count + (root.path.hasSuffix("/") ? 0 : 1))
        return File(path: String(path), bytes: try Data(contentsOf: url))
    }
}

extension Repository.File {
    var lines: [Substring] {
        String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
    }

    /// The modules that the file imports, with the line of each.
    var imports: [(module: String, line: Int)] {
        lines.enumerated().compactMap { number, line in
            // Matching is slow; few lines begin as an import can.
            guard let first = line.utf8.first(where: { $0 != 0x20 }), "@ifp".utf8.contains(first) else { return nil }
            return line.prefixMatch(of: Self.importDeclaration).map { (String($0.output.1), number + 1) }
        }
    }

    // Regex is not Sendable; this one is made anew where it is used.
    private static var importDeclaration: Regex<(Substring, Substring)> {
        #/\s*(?:@\w+(?:\([^)]*\))?\s+)*(?:(?:public|package|internal|fileprivate|private)\s+)?import\s+(?:(?:struct|class|enum|protocol|func|var|let|typealias|actor)\s+)?(\w+)/#
    }
}
