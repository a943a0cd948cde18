import Foundation
import GRPCFace
import Logging
import Payments
import RPC
import Stories
import Synchronization
import WebFace

@testable import Billing
@testable import Repository
@testable import Wire

/// An environment in a folder of its own behind the real dispatcher, a catalog, and a clock that
/// stands still until it is set.
final class APIStage: Sendable {
    let clock: StageClock
    let environment: TallyEnvironment
    let api: APIClient
    let pages: CheckoutPages
    let calls: CallPages
    private let server: InProcessServer
    let folder: String
    private let work: Task<Void, Never>

    struct Options {
        var start = Story.usualStart
        var hasProvider = true
        var environment = "sandbox"
        /// All goes on beside calls that does in a server: what falls due is done on time and not
        /// for the next who looks, people are erased. Else payments alone.
        var isWhole = false
        var limits = RPCLimits()
        /// nil: callers may call as often as they like.
        var rates: RateLimits?
        /// Of callers, by a name of their certificate.
        var certificates: [String: Scopes] = [:]
    }

    private init(_ options: Options) async throws {
        folder = NSTemporaryDirectory() + "tally-api-" + UUID().uuidString
        clock = StageClock(options.start)
        var settings = TallyEnvironment.Settings()
        settings.time = clock
        settings.segmentSize = 1 << 20
        settings.scrubHours = 0
        settings.partitions = ProcessInfo.processInfo.environment["TALLY_PARTITIONS"]
            .flatMap { Int($0) }
        settings.address = { "https://localhost" }
        if options.hasProvider { settings.provider = Sandbox(address: settings.address) }
        let environment = try TallyEnvironment(
            options.environment, in: folder, settings: settings,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        self.environment = environment
        pages = CheckoutPages(environment)
        work = Task { [isWhole = options.isWhole] in
            if isWhole { await environment.run() } else { await environment.runEffects() }
        }
        var certificates: [String: Access] = [:]
        for (name, scopes) in options.certificates {
            certificates[name] = Access(environment: 0, scopes: scopes, certificateName: name)
        }
        let access = AccessList(environments: [environment], certificates: certificates)
        calls = CallPages(access)
        let health = Health()
        server = try await InProcessServer(
            limits: options.limits,
            makeDispatcher: { [rates = options.rates] in
                GRPCDispatcher(port: $0, access: access, health: health, limits: rates)
            })
        calls.open([server.port])
        let key = try environment.keys.make(name: "test", time: 0).key
        api = APIClient(client: RPCClient(inProcess: server.port), key: key)
    }

    /// One for as long as `body` takes.
    static func with(
        _ pricing: PricingState, _ options: Options = Options(),
        _ body: (APIStage) async throws -> Void
    ) async throws {
        let stage = try await APIStage(options)
        do {
            try await stage.publish(pricing)
            try await body(stage)
        } catch {
            try await stage.close()
            throw error
        }
        try await stage.close()
    }

    /// One revision of plans after the other.
    private func publish(_ pricing: PricingState) async throws {
        for count in 1...(pricing.plans.map(\.count).max() ?? 1) {
            try await publishOnce(pricing.firstRevisions(count))
        }
    }

    private func publishOnce(_ pricing: PricingState) async throws {
        let arena = Arena()
        let bytes = ReplyWriter(arena: arena, names: PricingNames(pricing)).catalog()
        let published = try withExtendedLifetime(arena) {
            try MessageJSON.decode(bytes, as: .getCatalogResponse)
        }
        _ = try await api.call("PublishCatalog", ["catalog": published["catalog"] ?? .null])
    }

    /// What a person does on the sandbox's payment page.
    func pay(at url: String, card: String = "4242424242424242") async -> Int? {
        let session = url.split(separator: "/").last ?? ""
        let request = PageRequest(
            method: "POST", target: "/checkout/\(session)",
            body: Array("card=\(card)".utf8))
        return await pages.respond(to: request)?.status
    }

    private func close() async throws {
        await api.client.close()
        await server.shutdown()
        environment.stopEffects()
        work.cancel()
        await work.value
        try environment.close()
        try FileManager.default.removeItem(atPath: folder)
    }
}

/// A clock that a test sets.
final class StageClock: TimeSource {
    private let value: Mutex<Timestamp>

    init(_ start: Timestamp) {
        value = Mutex(start)
    }

    func now() -> Timestamp { value.withLock { $0 } }

    func set(_ time: Timestamp) { value.withLock { $0 = max($0, time) } }
}

extension TallyEnvironment {
    /// Payments alone of what goes on beside calls.
    fileprivate func runEffects() async {
        guard let provider else { return }
        await withTaskGroup(of: Void.self) { group in
            for partition in partitions {
                let effects = Effects(
                    repository: partition.customers, provider: provider, home: home,
                    durability: partition.durability, gate: gate, logger: logger)
                group.addTask { await effects.run() }
            }
        }
    }
}

extension PricingState {
    /// As it was when plans had so many revisions at most.
    fileprivate func firstRevisions(_ count: Int) -> PricingState {
        PricingState(
            sequence: sequence, currency: currency, features: features,
            plans: plans.map { Array($0.prefix(count)) }, settings: settings, rewards: rewards,
            taxRates: taxRates)
    }
}
