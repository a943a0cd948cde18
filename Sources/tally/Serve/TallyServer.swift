internal import GRPCFace
internal import JSONFace
internal import Logging
internal import NIOCore
internal import Payments
internal import RPC
internal import Repository
internal import ServiceLifecycle
internal import Synchronization
internal import WebFace

/// The composition: environments, faces, listener. The only place that knows all of them.
final class TallyServer: Service {
    let environments: [TallyEnvironment]
    private let settings: ServerSettings
    private let server: RPCServer
    private let health = Health()
    private let logger: Logger
    /// What to do once it serves, with the address.
    private let onReady: @Sendable (String) -> Void
    private let address: PublicAddress

    /// Known once the listener is.
    private final class PublicAddress: Sendable {
        let value: Mutex<String>

        init(_ value: String) {
            self.value = Mutex(value)
        }
    }

    init(
        _ settings: ServerSettings, logger: Logger, onFault: @escaping @Sendable (LogFault) -> Void,
        onReady: @escaping @Sendable (String) -> Void
    ) throws {
        self.settings = settings
        self.logger = logger
        self.onReady = onReady
        let address = PublicAddress(settings.publicAddress)
        self.address = address
        environments = try ["sandbox", "live"].map { name in
            var needs = TallyEnvironment.Settings()
            needs.requestWindowHours = settings.requestWindowHours
            needs.requestMemory = settings.requestMemoryMiB << 20
            needs.segmentSize = settings.logSegmentMiB << 20
            needs.snapshots = settings.snapshots
            needs.recoveryThreads = System.coreCount
            needs.onFault = onFault
            if name == "sandbox" {
                needs.provider = Sandbox(address: { address.value.withLock { $0 } })
            }
            let environment = try TallyEnvironment(
                name, in: settings.data, settings: needs, logger: logger)
            TallyServer.report(environment, logger)
            return environment
        }
        let (host, port) = try settings.address()
        let environments = self.environments
        let health = self.health
        server = RPCServer(
            configuration: RPCConfiguration(
                host: host, port: port,
                eventLoops: settings.eventLoops == 0 ? System.coreCount : settings.eventLoops,
                identity: TLSIdentity(
                    certificateChainFile: settings.tlsCertificate,
                    privateKeyFile: settings.tlsKey),
                limits: settings.limits),
            makeDispatcher: {
                GRPCDispatcher(port: $0, environments: environments, health: health)
            },
            pages: Pages(
                json: JSONPages(environments: environments),
                checkout: CheckoutPages(environments[0])))
    }

    /// Serves until told to stop; then no new calls, those under way end, the logs are synced.
    func run() async throws {
        let port = try await server.start()
        let (host, _) = try settings.address()
        address.value.withLock { if $0.isEmpty { $0 = "https://localhost:\(port)" } }
        onReady("https://\(host):\(port)")
        await withTaskGroup(of: Void.self) { group in
            for environment in environments { group.addTask { await environment.run() } }
            try? await gracefulShutdown()
            health.drain()
            logger.info("stopping: calls under way are finished")
            await server.shutdown(grace: .seconds(settings.drainSeconds))
            group.cancelAll()
            for environment in environments { environment.stopEffects() }
        }
        for environment in environments { try environment.close() }
        logger.info("stopped: everything is on disk")
    }

    private static func report(_ environment: TallyEnvironment, _ logger: Logger) {
        let recovery = environment.recovery
        logger.info(
            "environment \(environment.name) is open",
            metadata: [
                "records": "\(recovery.records)", "customers": "\(environment.customers.count)",
                "took": "\(recovery.duration)",
            ])
        if recovery.tornBytes > 0 {
            logger.warning(
                "the log ended in a record that was never acknowledged; it was cut off",
                metadata: [
                    "bytes": "\(recovery.tornBytes)",
                    "copies": "\(recovery.tornCopies.joined(separator: ", "))",
                ])
        }
    }
}

/// Everything that isn't gRPC, in turn.
struct Pages: PageHandler {
    let json: JSONPages
    let checkout: CheckoutPages

    func respond(to request: PageRequest) async -> PageResponse {
        if let response = await checkout.respond(to: request) { return response }
        if let response = await json.respond(to: request) { return response }
        switch request.path {
        case "/": return .text(200, "tally is running. gRPC: tally.v1. See docs/ for the API.")
        case "/healthz": return .text(200, "ok")
        default: return .text(404, "there is no page \(request.path)")
        }
    }
}
