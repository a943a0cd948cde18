internal import DashboardFace
internal import GRPCFace
internal import JSONFace
internal import Logging
internal import NIOCore
internal import Payments
internal import RPC
internal import Repository
internal import ServiceLifecycle
internal import Synchronization
internal import UnixSignals
internal import WebFace
internal import Webhooks

/// The composition: environments, faces, listeners. The only place that knows all of them.
final class TallyServer: Service {
    let environments: [TallyEnvironment]
    private let settings: ServerSettings
    private let server: RPCServer
    private let calls: CallPages
    private let health: Health
    private let logger: Logger
    private let prices: PriceFile?
    /// By environment.
    private let webhooks: [String: WebhookDesk]
    /// What to do once it serves, with the first listener's address and the others'.
    private let onReady: OnReady
    private let address: PublicAddress

    typealias OnReady = @Sendable (String, [(name: String, address: String)], SignInLink) -> Void

    /// Makes the address of a page that signs in to the first environment, once; nil: there are no
    /// such pages.
    typealias SignInLink = () throws -> String?

    /// Known once the listener is.
    private final class PublicAddress: Sendable {
        let value: Mutex<String>

        init(_ value: String) {
            self.value = Mutex(value)
        }
    }

    init(
        _ settings: ServerSettings, logger: Logger, onFault: @escaping @Sendable (LogFault) -> Void,
        onReady: @escaping OnReady
    ) throws {
        self.settings = settings
        self.logger = logger
        self.onReady = onReady
        let address = PublicAddress(settings.publicAddress)
        self.address = address
        let prices = try settings.modelPrices.isEmpty ? nil : PriceFile(settings.modelPrices)
        self.prices = prices
        environments = try settings.payments.map { payments in
            let name = payments.environment
            var needs = TallyEnvironment.Settings()
            needs.partitions = settings.partitions
            needs.requestWindowHours = settings.requestWindowHours
            needs.requestMemory = settings.requestMemoryMiB << 20
            needs.segmentSize = settings.logSegmentMiB << 20
            needs.scrubHours = settings.scrubHours
            needs.snapshots = settings.snapshots
            needs.recoveryThreads = System.coreCount
            needs.onFault = onFault
            if let prices { needs.prices = prices.list }
            if payments.kind != .none { needs.address = { address.value.withLock { $0 } } }
            needs.provider = payments.provider(settings.data, needs.address)
            needs.reconcileHours = payments.stripe?.reconcileHours ?? 0
            let environment = try TallyEnvironment(
                name, in: settings.data, settings: needs, logger: logger)
            TallyServer.report(environment, logger)
            return environment
        }
        let access = TallyServer.access(settings, environments)
        let health = TallyServer.health(of: environments)
        self.health = health
        let webhooks = try TallyServer.webhooks(settings, environments, logger)
        self.webhooks = webhooks
        let stripe = TallyServer.stripe(settings, environments, logger)
        let calls = CallPages(access)
        self.calls = calls
        let json = settings.access.json(access, logger, accessLog: settings.accessLog)
        let dashboard = DashboardPages(access, address: settings.publicAddress)
        let metrics = MetricsPage(
            environments: environments, webhooks: webhooks, stripe: stripe, json: json.meter)
        let whole = RunningServer()
        let figures = ServerFigures(
            version: Tally.version, start: SystemTime().now(),
            metrics: { await whole.server.withLock { $0 }?.metrics().calls })
        server = RPCServer(
            configuration: RPCConfiguration(
                listeners: settings.listeners.map {
                    TallyServer.listener($0, access, metrics, stripe, json, calls, dashboard)
                },
                eventLoops: settings.eventLoops == 0 ? System.coreCount : settings.eventLoops,
                limits: settings.limits),
            makeDispatcher: {
                GRPCDispatcher(
                    port: $0, access: access, health: health, webhooks: webhooks,
                    limits: json.limits, figures: figures)
            },
            makeInterceptors: { _ in
                TallyServer.interceptors(accessLog: settings.accessLog, access, logger)
            },
            makeQuickPages: { _ in QuickChecks(access, json) })
        metrics.show(server)
        whole.server.withLock { [server] in $0 = server }
    }

    /// What is asked of the server is made before it.
    private final class RunningServer: Sendable {
        let server = Mutex<RPCServer?>(nil)
    }

    private static func interceptors(
        accessLog linesPerSecond: Int, _ access: AccessList, _ logger: Logger
    ) -> [any CallInterceptor] {
        let methods = GRPCDispatcher.methods
        let meter = CallMeter(methods: methods)
        guard linesPerSecond > 0 else { return [meter] }
        return [
            meter,
            AccessLog(
                logger, methods: methods, linesPerSecond: linesPerSecond,
                principalName: { access.name(of: Access(rawValue: $0)) }),
        ]
    }

    /// nil: nobody's provider is Stripe.
    private static func stripe(
        _ settings: ServerSettings, _ environments: [TallyEnvironment], _ logger: Logger
    ) -> StripePages? {
        let places = zip(settings.payments, environments).compactMap {
            (payments, environment) -> StripePages.Place? in
            guard let provider = environment.provider as? Stripe, let stripe = payments.stripe
            else { return nil }
            return StripePages.Place(
                environment: environment, provider: provider, secrets: stripe.secrets)
        }
        return places.isEmpty ? nil : StripePages(places, logger: logger)
    }

    private static func webhooks(
        _ settings: ServerSettings, _ environments: [TallyEnvironment], _ logger: Logger
    ) throws -> [String: WebhookDesk] {
        var desks: [String: WebhookDesk] = [:]
        for environment in environments {
            let endpoints = settings.webhooks.filter { $0.environment == environment.name }
            desks[environment.name] = try WebhookDesk(
                environment, endpoints.map(\.endpoint), logger: logger)
        }
        return desks
    }

    private static func access(
        _ settings: ServerSettings, _ environments: [TallyEnvironment]
    ) -> AccessList {
        let places = Dictionary(
            uniqueKeysWithValues: environments.enumerated().map { ($0.element.name, $0.offset) })
        var certificates: [String: Access] = [:]
        for principal in settings.principals {
            guard let place = places[principal.environment] else { continue }
            certificates[principal.certificateName] = Access(
                environment: place, scopes: principal.scopes,
                certificateName: principal.certificateName)
        }
        return AccessList(environments: environments, certificates: certificates)
    }

    private static func listener(
        _ settings: ListenerSettings, _ access: AccessList, _ metrics: MetricsPage,
        _ stripe: StripePages?, _ json: JSONSettings, _ calls: CallPages,
        _ dashboard: DashboardPages
    ) -> RPCListener {
        let faces = settings.faces
        return RPCListener(
            host: settings.host, port: settings.port, identity: settings.identity,
            clients: settings.clients, servesCalls: faces.contains(.grpc),
            pages: Pages(
                metrics: faces.contains(.metrics) ? metrics : nil,
                json: faces.contains(.json) ? JSONPages(access, json) : nil,
                calls: faces.contains(.json) ? calls : nil,
                checkout: faces.contains(.web) ? CheckoutPages(access.environments[0]) : nil,
                portal: faces.contains(.web) ? PortalPages(access.environments) : nil,
                invoices: faces.contains(.web) ? InvoicePages(access.environments) : nil,
                stripe: faces.contains(.web) ? stripe : nil,
                dashboard: faces.contains(.dashboard) ? dashboard : nil))
    }

    /// Serves until told to stop; then no new calls, those under way end, the logs are synced.
    func run() async throws {
        let files = ReloadWatch(
            server: server, prices: prices, names: settings.listeners.map(\.name), logger: logger,
            hangUps: await UnixSignalsSequence(trapping: .sighup))
        let ports = try await server.start()
        calls.open(server.ports)
        announce(ports)
        for desk in webhooks.values { try desk.start() }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await files.run() }
            for environment in environments { group.addTask { await environment.run() } }
            try? await gracefulShutdown()
            health.drain()
            logger.info("stopping: calls under way are finished")
            await server.shutdown(grace: .seconds(settings.drainSeconds))
            group.cancelAll()
            for environment in environments { environment.stopEffects() }
        }
        for desk in webhooks.values { desk.stop() }
        for environment in environments { try environment.close() }
        logger.info("stopped: everything is on disk")
    }

    private func announce(_ ports: [Int]) {
        let listeners = Array(zip(settings.listeners, ports))
        let pages = listeners.first { $0.0.faces.contains(.web) }
        if let pages {
            address.value.withLock { if $0.isEmpty { $0 = "https://localhost:\(pages.1)" } }
        }
        let addresses = listeners.map { (name: $0.0.name, address: $0.0.url(port: $0.1)) }
        let place = listeners.first { $0.0.faces.contains(.dashboard) }
            .map { "https://localhost:\($0.1)" }
        let members = environments[0].members
        onReady(addresses[0].address, Array(addresses.dropFirst())) { [settings] in
            guard let place else { return nil }
            let base = settings.publicAddress.isEmpty ? place : settings.publicAddress
            return try members.operatorLink().address(at: base)
        }
    }

    /// Its conditions are named like `tally.storage.live`.
    private static func health(of environments: [TallyEnvironment]) -> Health {
        let health = Health(
            conditions: environments.flatMap { environment in
                Conditions.Kind.allCases.map { "tally.\($0.rawValue).\(environment.name)" }
            })
        for environment in environments {
            let name = environment.name
            environment.conditions.listen { kind, isWell in
                health.set("tally.\(kind.rawValue).\(name)", isWell: isWell)
            }
        }
        return health
    }

    private static func report(_ environment: TallyEnvironment, _ logger: Logger) {
        let recovery = environment.recovery
        logger.info(
            "environment \(environment.name) is open",
            metadata: [
                "records": "\(recovery.records)", "customers": "\(environment.customerCount)",
                "partitions": "\(environment.partitions.count)", "took": "\(recovery.duration)",
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

extension PaymentSettings {
    func provider(
        _ data: String, _ address: @escaping @Sendable () -> String
    ) -> (any PaymentProvider)? {
        switch kind {
        case .none: nil
        case .sandbox: Sandbox(address: address, file: "\(data)/\(environment)/payments")
        case .stripe:
            stripe.map {
                Stripe(
                    StripeClient($0.client), address: address, lookBackDays: $0.lookBackDays,
                    choices: $0.choices)
            }
        }
    }
}

/// Everything that isn't gRPC, in turn. What is nil isn't served.
struct Pages: PageHandler {
    let metrics: MetricsPage?
    let json: JSONPages?
    let calls: CallPages?
    let checkout: CheckoutPages?
    let portal: PortalPages?
    let invoices: InvoicePages?
    let stripe: StripePages?
    let dashboard: DashboardPages?

    var hasQuickPages: Bool { json != nil }

    func refusal(_ status: Int, _ reason: String, of target: Substring) -> PageResponse {
        if let response = calls?.refusal(status, reason, of: target) { return response }
        guard target.hasPrefix("/v1/"), let json else { return .text(status, reason) }
        return json.refusal(status, reason)
    }

    func respond(to request: PageRequest) async -> PageResponse {
        guard let dashboard else { return await answer(request) }
        return await dashboard.respond(to: request) { await answer($0) }
    }

    private func answer(_ request: PageRequest) async -> PageResponse {
        if let response = await checkout?.respond(to: request) { return response }
        if let response = await portal?.respond(to: request) { return response }
        if let response = await invoices?.respond(to: request) { return response }
        if let response = await stripe?.respond(to: request) { return response }
        if let response = await json?.respond(to: request) { return response }
        if let response = await calls?.respond(to: request) { return response }
        if request.path == "/metrics", let metrics { return await metrics.respond(to: request) }
        switch request.path {
        case "/": return .text(200, "tally is running. gRPC: tally.v1. See docs/ for the API.")
        case "/healthz": return .text(200, "ok")
        default: return .text(404, "there is no page \(request.path)")
        }
    }
}
