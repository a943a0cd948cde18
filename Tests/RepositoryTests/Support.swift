import Billing
import Foundation
import Logging
import Payments
import Repository
import Synchronization
import Wire

/// A clock that a test moves.
final class ManualTime: TimeSource {
    private let value: Mutex<Int64>

    init(_ milliseconds: Int64 = 1_767_225_600_000) {
        value = Mutex(milliseconds)
    }

    func now() -> Timestamp { Timestamp(milliseconds: value.withLock { $0 }) }

    func advance(days: Int64) { advance(milliseconds: days * 86_400_000) }

    func advance(milliseconds: Int64) { value.withLock { $0 += milliseconds } }
}

/// A folder that goes with the test.
final class TemporaryFolder {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.path + "/tally-test-\(UUID().uuidString)"
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }
}

enum Samples {
    static let free = Plan(
        id: "free", name: "Free", autoEnable: true,
        items: [item("messages", 100), item("sso")])
    static let pro = Plan(
        id: "pro", name: "Pro",
        price: BasePrice(amount: price("20"), cycle: Cycle(.month)),
        items: [
            item("messages", 1000, usagePrice: "0.01"), item("sso"), item("seats", 5, reset: nil),
        ])
    static let draft = PricingDraft(
        currency: "usd",
        features: [
            Feature(id: "messages", name: "Messages", kind: .metered),
            Feature(id: "sso", name: "Single sign-on", kind: .boolean),
            Feature(id: "seats", name: "Seats", kind: .allocated),
        ], plans: [free, pro])

    static func price(_ text: String) -> UnitPrice { UnitPrice(text) ?? .zero }

    static func item(
        _ feature: String, _ included: Int = 0, reset: Cycle? = Cycle(.month),
        usagePrice: String? = nil
    ) -> PlanItem {
        PlanItem(
            featureID: feature, included: Quantity(units: included), unlimited: false,
            reset: included == 0 ? nil : reset,
            usagePrice: usagePrice.map {
                UsagePrice(
                    amount: price($0), billingUnits: Quantity(units: 1), maxPurchase: nil)
            })
    }
}

/// An environment in a folder, with a catalog, and calls in short form.
struct Bench {
    let environment: TallyEnvironment
    let workspace = Workspace()

    /// Of environments that a test says nothing else about: `TALLY_PARTITIONS`, else one.
    static let partitions =
        ProcessInfo.processInfo.environment["TALLY_PARTITIONS"].flatMap { Int($0) } ?? 1

    init(
        _ folder: TemporaryFolder, time: ManualTime = ManualTime(), publish: Bool = true,
        threads: Int = 1, partitions: Int? = Bench.partitions, requestWindowHours: Int = 24,
        provider: any PaymentProvider = Sandbox(address: { "https://localhost" })
    ) async throws {
        var settings = TallyEnvironment.Settings()
        settings.time = time
        settings.partitions = partitions
        settings.segmentSize = 1 << 20
        settings.recoveryThreads = threads
        settings.requestWindowHours = requestWindowHours
        settings.provider = provider
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        environment = try TallyEnvironment(
            "sandbox", in: folder.path, settings: settings, logger: logger)
        if publish {
            let call = PublishCall(draft: Samples.draft, validateOnly: false, requestID: "")
            _ = try await environment.directory.publish(
                call, found: [], time: environment.now)
        }
    }

    var names: PricingNames { environment.directory.current }

    func id(_ text: String) -> CustomerID {
        guard let id = CustomerID(text) else { preconditionFailure("a test's id is short") }
        return id
    }

    func feature(_ id: String) -> FeatureNumber {
        guard let number = names.pricing.feature(id: id) else {
            preconditionFailure("a test's feature is published")
        }
        return number
    }

    func mark(_ id: String, fingerprint: UInt64 = 1) -> RequestMark {
        RequestMark(id: self.id(id), method: Method.track.rawValue, fingerprint: fingerprint)
    }

    /// Executes and waits for the log; the encoded reply.
    @discardableResult
    func commit(
        _ command: Command, _ customer: String, request: RequestMark? = nil
    ) async throws -> (reply: Reply, message: [UInt8], replayed: Bool) {
        // A slow disk may have the next segment to prepare: who is told so tries again.
        for _ in 0..<20 {
            do {
                return try await environment.commit(command, for: id(customer), request: request)
            } catch ExecuteFault.unavailable(.unavailable) {
                try await Task.sleep(for: .milliseconds(50))
            }
        }
        return try await environment.commit(command, for: id(customer), request: request)
    }

    @discardableResult
    func track(
        _ customer: String, _ value: Int, request: RequestMark? = nil
    ) async throws -> (reply: Reply, message: [UInt8], replayed: Bool) {
        try await commit(
            .track(
                TrackUsage(
                    feature: feature("messages"), value: Quantity(units: value), overage: .cap)),
            customer, request: request)
    }

    func create(_ customer: String) async throws {
        try await commit(.create(CreateCustomer(name: customer, email: "")), customer)
    }

    func remaining(_ customer: String) throws -> Quantity? {
        try environment.customers(of: id(customer)).read(id(customer), names: names, in: workspace)
        {
            customer, _ in customer.balance(of: feature("messages"))?.remaining
        }.answer
    }
}

extension TallyEnvironment {
    /// The whole state of all customers, partition by partition.
    func dump() -> [UInt8] { partitions.flatMap { $0.customers.dump() } }
}
