import Foundation
import SealpostTesting
import Testing

/// A certificate for `127.0.0.1` that is its own authority, made for a test.
struct Certificate {
    let certificate: URL
    let key: URL

    init() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "curlkit-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        certificate = folder.appending(path: "certificate.pem")
        key = folder.appending(path: "key.pem")
        let openssl = try Program(
            "/usr/bin/env",
            [
                "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days",
                "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
                "-keyout", key.path, "-out", certificate.path,
            ])
        try #require(await openssl.end() == .exited(0), "\(openssl.errors.text)")
    }

    func remove() {
        try? FileManager.default.removeItem(at: certificate.deletingLastPathComponent())
    }
}
