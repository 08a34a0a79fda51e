import Dispatch
import Logging
import SealpostCore
import ServiceLifecycle
import UnixSignals

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

extension SealpostApp {
    /// Runs until SIGTERM or SIGINT, then leaves gracefully; the process is over at the deadline, whatever hangs.
    package func runUntilSignal() async throws {
        let guarded = DeadlineService(deadline: configuration.shutdownDeadline, logger: logger)
        try await leavingGroup(
            with: [.init(service: guarded, successTerminationBehavior: .ignore)], signals: [.sigterm, .sigint]
        ).run()
        logger.info("Stopped")
    }

    /// A group that runs this service. Three quarters of the deadline after the graceful shutdown began, requests that
    /// are still under way (a client that does not send its body on) are cut off, so that the store closes in order.
    func leavingGroup(
        with others: [ServiceGroupConfiguration.ServiceConfiguration] = [], signals: [UnixSignal] = []
    ) -> ServiceGroup {
        var group = ServiceGroupConfiguration(
            services: [.init(service: self)] + others, gracefulShutdownSignals: signals, logger: logger)
        group.maximumGracefulShutdownDuration = configuration.shutdownDeadline * 3 / 4
        return ServiceGroup(configuration: group)
    }

    /// What a person sees after the first start: where it is, and three lines to try. The first line stands alone.
    ///
    /// - Parameter command: how the tool is called where they are.
    package static func welcome(url: String, command: String = "sealpost") -> String {
        """
        Sealpost is running at \(url)

        Try it in another terminal:
          \(command) register bob --profile bob --server \(url)
          \(command) register alice --profile alice --server \(url)
          \(command) send bob 'hello' --profile alice && \(command) fetch --profile bob
        """
    }
}

extension SealpostApp: CustomStringConvertible {
    /// A name and no more: service groups write what they run into the log, and settings have secrets.
    package var description: String { "SealpostApp" }
}

/// Ends the process some time after the graceful shutdown began, if it has not ended by itself.
private struct DeadlineService: Service {
    let deadline: Duration
    let logger: Logger

    func run() async throws {
        try? await gracefulShutdown()
        let milliseconds = Int(deadline.wholeMilliseconds)
        let (logger, deadline) = (logger, deadline)
        DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(milliseconds)) {
            logger.critical("Not stopped within the deadline", metadata: ["deadline": "\(deadline)"])
            _exit(EX_TEMPFAIL)
        }
    }
}
