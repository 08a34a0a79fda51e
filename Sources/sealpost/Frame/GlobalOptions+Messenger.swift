import ArgumentParser
import Foundation
import SealpostClient
import SealpostCore

extension GlobalOptions {
    /// Where a service is if nobody says: what `sealpost serve` runs without configuration.
    static let localServer = "http://127.0.0.1:8080"

    var location: ProfileLocation {
        get throws { ProfileLocation(directory: try ProfileFolder.path(profile)) }
    }

    /// Opens the profile, runs `body`, tells what the client wants told, and gives the profile back.
    func withMessenger<Value>(_ body: (Messenger) async throws -> Value) async throws -> Value {
        try await Self.translatingErrors {
            let location = try location
            var options = messengerOptions
            if location.exists, try await Messenger.needsPassphrase(location) {
                options.passphrase = try await Passphrase.read()
            }
            return try await using(try await Messenger.open(location, options: options), body)
        }
    }

    /// Makes a profile by `make` and goes on with it; `protect` asks for a passphrase.
    func withNewMessenger<Value>(
        protect: Bool, _ make: (ProfileLocation, Messenger.Options) async throws -> Messenger,
        _ body: (Messenger) async throws -> Value
    ) async throws -> Value {
        try await Self.translatingErrors {
            let location = try location
            var options = messengerOptions
            let needsPassphrase = location.exists ? try await Messenger.needsPassphrase(location) : protect
            if needsPassphrase { options.passphrase = try await Passphrase.read(confirm: !location.exists) }
            return try await using(try await make(location, options), body)
        }
    }

    private func using<Value>(_ messenger: Messenger, _ body: (Messenger) async throws -> Value) async throws -> Value {
        let result: Result<Value, any Error>
        do {
            result = .success(try await body(messenger))
        } catch {
            result = .failure(error)
        }
        let warnings = try await messenger.takeWarnings()
        try messenger.close()
        switch result {
        case .success(let value):
            // The first lie ends the command as its error: the work is done by then, and no script can overlook it.
            let lie = warnings.lazy.compactMap(\.trustFailure).first
            for warning in warnings where lie == nil || warning.trustFailure != lie {
                output.warn(warning.description)
            }
            if let lie { throw ToolError(.untrusted(lie)) }
            return value
        case .failure(let error):
            for warning in warnings { output.warn(warning.description) }
            throw error
        }
    }

    private var messengerOptions: Messenger.Options {
        var environment = ClientEnvironment.system
        if let crash = CrashPoint.fromEnvironment { environment.reached = crash.reached }
        return Messenger.Options(server: server, certificateAuthorityFile: caFile, environment: environment)
    }

    private static func translatingErrors<Value>(_ body: () async throws -> Value) async throws -> Value {
        do {
            return try await body()
        } catch let error as ClientError {
            // What a handler threw is the tool's own word already.
            if case .handlerFailed(let inner) = error, inner is ToolError || inner is OutputClosed { throw inner }
            throw ToolError(error)
        }
    }
}

extension Warning {
    var trustFailure: TrustFailure? {
        if case .trust(let failure) = self { failure } else { nil }
    }
}

/// What protects a profile on this machine: `SEALPOST_PASSPHRASE` or the keyboard.
enum Passphrase {
    static func read(confirm: Bool = false) async throws -> String {
        if let text = ProcessInfo.processInfo.environment["SEALPOST_PASSPHRASE"], !text.isEmpty { return text }
        return try await blocking {
            let keyboard = try Keyboard()
            let passphrase = try keyboard.secret("Passphrase of the profile: ")
            if confirm, try keyboard.secret("Once more: ") != passphrase {
                throw ToolError(.badInput, "the two passphrases differ")
            }
            return passphrase
        }
    }
}

/// `SEALPOST_CRASH_AT=deposit-answered`: the tool kills itself at a commit point, so that tests can see that nothing is
/// lost there. A testing aid.
struct CrashPoint {
    let point: CommitPoint

    static var fromEnvironment: CrashPoint? {
        ProcessInfo.processInfo.environment["SEALPOST_CRASH_AT"].flatMap(CommitPoint.init).map(CrashPoint.init)
    }

    /// SIGKILL, as a power cut would: no handler runs, no buffer is written.
    func reached(_ point: CommitPoint) {
        if point == self.point { kill(getpid(), SIGKILL) }
    }
}
