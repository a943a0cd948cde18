internal import ArgumentParser
internal import Glibc
internal import Logging
internal import Repository
internal import ServiceLifecycle
internal import UnixSignals

struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Runs the server.",
        discussion: """
            Serves gRPC, JSON and the payment pages over TLS, with both environments: on one
            address, or on those of the settings' listeners. Stops on SIGTERM or SIGINT once calls
            under way are finished. Reads certificates and model prices again on SIGHUP, and when
            they change.

            With --dev it makes a first sandbox key and publishes a catalog when there is none.
            """)

    @OptionGroup var flags: SettingsFlags

    @Flag(help: "Development: make a sandbox key, seed the catalog, print how to begin.")
    var dev = false

    @Option(help: "With --dev: where the sandbox key is kept.")
    var devKeyFile = ".dev/sandbox.key"

    @Option(help: "With --dev: the catalog to publish when there is none.")
    var seed: String?

    @Option(help: "With --dev: the CA that clients trust; only printed.")
    var tlsCa: String?

    func run() async throws {
        OpenFiles.raiseLimit()
        let settings = try await ServerSettings(flags.sources)
        guard settings.listeners.allSatisfy(\.hasIdentity) else {
            throw CommandFault(
                "give --tls-cert and --tls-key; scripts/dev-certs makes a pair for development",
                exit: .usage)
        }
        guard let level = Logger.Level(rawValue: settings.logLevel) else {
            throw CommandFault("\"\(settings.logLevel)\" is no log level", exit: .usage)
        }
        let format = settings.logFormat
        LoggingSystem.bootstrap { label in
            switch format {
            case .text: StreamLogHandler.standardError(label: label)
            case .json: JSONLogHandler(label: label)
            }
        }
        var logger = Logger(label: "tally")
        logger.logLevel = level
        let server: TallyServer
        let greeting = Greeting(dev: dev, keyFile: devKeyFile, authority: tlsCa)
        do {
            server = try TallyServer(
                settings, logger: logger, onFault: stop(logger), onReady: greeting.print)
            if dev {
                try await Development(keyFile: devKeyFile, seed: seed)
                    .prepare(server.environments[0])
            }
        } catch let fault as CommandFault {
            throw fault
        } catch {
            throw CommandFault("\(error)", exit: .refused)
        }
        let group = ServiceGroup(
            configuration: .init(
                services: [.init(service: server)],
                gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
        do {
            try await group.run()
        } catch {
            throw CommandFault("\(error)", exit: .refused)
        }
    }

    /// A log that failed is never written again: say so, let replies leave, and end.
    private func stop(_ logger: Logger) -> @Sendable (LogFault) -> Void {
        { fault in
            logger.critical("the log failed; the server stops", metadata: ["error": "\(fault)"])
            Task {
                try? await Task.sleep(for: .milliseconds(500))
                Glibc.exit(CommandFault.Exit.unavailable.rawValue)
            }
        }
    }
}

/// What is printed once the server serves.
struct Greeting: Sendable {
    var dev: Bool
    var keyFile: String
    var authority: String?

    /// `others`: name and address of the listeners but the first.
    func print(
        _ address: String, _ others: [(name: String, address: String)],
        _ signInLink: TallyServer.SignInLink
    ) {
        if dev {
            // The commands know the default address themselves.
            let server = address == "https://127.0.0.1:7443" ? "" : " --server \(address)"
            Swift.print(
                """

                  key file  \(keyFile)    CA  \(authority ?? "-")
                  .build/release/tally check acme messages\(server)
                  .build/release/tally track acme messages --value 10\(server)

                """)
            // Without it there is still the key.
            if let link = try? signInLink() {
                Swift.print("  dashboard, once, within 10 minutes:\n  \(link)\n")
            }
        }
        for other in others { Swift.print("also \(other.name) \(other.address)") }
        Swift.print("ready \(address)")
        fflush(nil)
    }
}
