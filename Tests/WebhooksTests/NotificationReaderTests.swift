import Billing
import Foundation
import Logging
import Payments
import Repository
import Stories
import Synchronization
import Testing

@testable import Webhooks
@testable import Wire

/// What is told of records of a real log, with what earlier records say.
@Suite("The reader of notifications") struct NotificationReaderTests {
    /// An environment with a customer, and a clock that the test moves.
    private final class Stage {
        let folder = NSTemporaryDirectory() + "tally-reader-" + UUID().uuidString
        let clock = Clock()
        let environment: TallyEnvironment
        let customer: CustomerID = "acme"
        private let workspace = Workspace()
        private var place = LogPlace.start
        private var effects = 0

        init() async throws {
            var settings = TallyEnvironment.Settings()
            settings.time = clock
            settings.segmentSize = 1 << 20
            settings.scrubHours = 0
            environment = try TallyEnvironment(
                "sandbox", in: folder, settings: settings,
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            let pricing = PricingState.sample(
                [.sample("messages", .metered), .sample("users", .allocated)],
                [.sample("pro", price: "20", .sample("messages", 10, each: .month))])
            let draft = PricingDraft(
                currency: "usd", features: pricing.features,
                plans: pricing.plans.compactMap(\.last))
            _ = try await environment.directory.publish(
                PublishCall(draft: draft, validateOnly: false, requestID: ""), found: [],
                time: environment.now)
            try run(.create(CreateCustomer(name: "Acme", email: "")))
        }

        deinit {
            try? environment.close()
            try? FileManager.default.removeItem(atPath: folder)
        }

        func run(_ command: Command) throws {
            let repository = environment.customers(of: customer)
            _ = try repository.execute(
                command, for: customer, request: nil, names: environment.directory.current,
                in: workspace)
            try repository.log.waitUntilDurable(repository.log.end.sequence)
        }

        func buy() throws {
            let plan = try #require(environment.directory.current.pricing.plan(id: "pro"))
            try run(
                .attach(AttachPlan(plan: plan, successURL: "", effectID: "e", request: nil)))
            try run(
                .settle(SettleEffect(effectID: "e", answer: .checkoutOpened(url: "https://a"))))
            let method = PaymentMethod(token: "t", brand: "visa", last4: "4242")
            try run(.completeCheckout(CompleteCheckout(session: "e", method: method)))
        }

        func settle(_ answer: SettleEffect.Answer) throws {
            let effect = try environment.customers(of: customer).read(
                customer, names: environment.directory.current, in: workspace
            ) { customer, _ in customer.openEffect?.id }.answer
            try run(.settle(SettleEffect(effectID: try #require(effect), answer: answer)))
        }

        func track(_ value: Quantity, of entity: InlineText = .empty) throws {
            let messages = try #require(
                environment.directory.current.pricing.feature(id: "messages"))
            var usage = TrackUsage(feature: messages, value: value, overage: .cap)
            usage.entity = entity
            try run(.track(usage))
        }

        /// Since the last time.
        func told(
            _ kinds: Set<Billing.Notification.Kind> = Set(Billing.Notification.Kind.allCases)
        ) throws -> [JSONValue] {
            let reader = NotificationReader(environment, partition: 0)
            var told: [JSONValue] = []
            try environment.partitions[0].customers.log.read(after: place) { next, record in
                place = next
                told +=
                    try reader.read(record, kinds: kinds)?.told.map {
                        try JSONParser.parse($0.body)
                    } ?? []
                return true
            }
            return told
        }

        func types() throws -> [String] {
            try told().map { value in
                [value["type"], value["data", "scenario"]].compactMap {
                    if case .string(let text)? = $0 { text } else { nil }
                }.joined(separator: " ")
            }
        }
    }

    private final class Clock: TimeSource {
        private let value = Mutex(Timestamp.utc(2027, 1, 10))

        func now() -> Timestamp { value.withLock { $0 } }

        func set(_ time: Timestamp) { value.withLock { $0 = time } }
    }

    @Test("tells a recovery from a renewal by what came before, beyond many records")
    func before() async throws {
        let stage = try await Stage()
        try stage.buy()
        #expect(
            try stage.types() == [
                "invoice.paid", "customer.products.updated new", "billing.updated",
            ])
        stage.clock.set(.utc(2027, 2, 11))
        try stage.run(.advance)
        for _ in 0..<50 { try stage.track("0.001") }
        try stage.settle(.paid)
        #expect(try stage.types() == ["invoice.paid"])
        stage.clock.set(.utc(2027, 3, 11))
        try stage.run(.advance)
        try stage.settle(.declined(code: "card_declined"))
        let failed = try stage.told()
        #expect(
            failed.map { $0["type"] } == [
                "payment.failed", "customer.products.updated", "billing.updated",
            ])
        #expect(failed[0]["data", "code"] == "card_declined")
        #expect(failed[0]["data", "invoice", "status"] == "open")
        #expect(failed[1]["data", "scenario"] == "past_due")
        let change = try #require(failed[2]["data", "plan_changes"]?.first)
        #expect(change["action"] == "updated")
        #expect(change["subscription", "past_due"] == .bool(true))
        #expect(change["previous_attributes"] == .object(["past_due": .bool(false)]))
        for _ in 0..<50 { try stage.track("0.001") }
        stage.clock.set(.utc(2027, 4, 11))
        try stage.run(.advance)
        try stage.settle(.paid)
        #expect(
            try stage.types() == [
                "invoice.paid", "customer.products.updated active", "billing.updated",
            ])
    }

    @Test("names the entity, as long as it is there")
    func entity() async throws {
        let stage = try await Stage()
        try stage.buy()
        let users = try #require(
            stage.environment.directory.current.pricing.feature(id: "users"))
        try stage.run(.createEntity(CreateEntity(id: "seat-1", feature: users, name: "")))
        _ = try stage.told()
        try stage.track(10, of: "seat-1")
        let told = try #require(try stage.told().first)
        #expect(
            told["data"]
                == .object([
                    "customer_id": "acme", "entity_id": "seat-1", "feature_id": "messages",
                    "limit_type": "included",
                ]))
        #expect(told["timestamp"] == "2027-01-10T00:00:00Z")
    }

    @Test("passes over what the receiver doesn't want, and keeps its places")
    func kinds() async throws {
        let stage = try await Stage()
        try stage.buy()
        let reader = NotificationReader(stage.environment, partition: 0)
        var places: [Int] = []
        try stage.environment.partitions[0].customers.log.read(after: .start) { _, record in
            places += try reader.read(record, kinds: [.billingUpdated])?.told.map(\.index) ?? []
            return true
        }
        #expect(places == [2])
    }
}

extension JSONValue: ExpressibleByStringLiteral {
    package init(stringLiteral value: String) { self = .string(value) }
}

extension JSONValue {
    fileprivate var first: JSONValue? {
        if case .array(let elements) = self { elements.first } else { nil }
    }
}
