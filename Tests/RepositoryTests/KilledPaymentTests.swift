import Billing
import Payments
import Synchronization
import Testing
import Wire

@testable import Repository

/// The server ends at every step between "decided" and "settled" of a purchase, of a page, of a
/// renewal, of a refund and of a top-up; after the restart the provider has done it exactly once. (That the log
/// itself survives a kill at any moment is tested with the log.)
@Suite("Ended between decided and settled") struct KilledPaymentTests {
    enum Step: CaseIterable {
        /// The effect is on record; nobody has picked it up.
        case decided
        /// The worker has called the provider, which has done nothing yet.
        case called
        /// The provider has done it; its answer is lost.
        case done
        /// The provider has answered; the answer isn't on record.
        case answered
        /// It is on record; nobody was told.
        case settled
    }

    enum Deed: CaseIterable {
        case page, purchase, several, schedule, renewal, refund, invoice, topUp
    }

    private static let id = "acme"

    private static func commit(_ bench: Bench, _ command: Command) async throws {
        try await bench.commit(command, id)
    }

    private static func customer(_ bench: Bench) throws -> CustomerState {
        try bench.environment.customers(of: bench.id(id)).read(
            bench.id(id), names: bench.names, in: bench.workspace
        ) { customer, _ in customer }.answer
    }

    private static func attach(_ bench: Bench, _ effectID: String) async throws {
        let plan = try #require(bench.names.pricing.plan(id: "pro"))
        try await commit(bench, .attach(AttachPlan(plan: plan, effectID: effectID)))
    }

    /// Up to where the effect is on record.
    private static func decide(
        _ deed: Deed, _ bench: Bench, _ time: ManualTime, _ provider: CountingProvider
    ) async throws {
        try await bench.create(id)
        if deed == .invoice { return try await payInvoice(bench) }
        try await attach(bench, "first")
        guard deed != .page else { return }
        provider.skip("first")
        try await commit(
            bench,
            .settle(SettleEffect(effectID: "first", answer: .checkoutOpened(url: "https://a"))))
        let method = PaymentMethod(token: "t", brand: "visa", last4: "4242")
        try await commit(
            bench, .completeCheckout(CompleteCheckout(session: "first", method: method)))
        switch deed {
        case .page, .invoice: break
        case .renewal:
            time.advance(days: 32)
            try await commit(bench, .advance)
        case .refund: try await commit(bench, .refund(.invoice(refund)))
        case .topUp: try await use(bench)
        case .purchase, .several, .schedule:
            var cancel = ChangeSubscription(effectID: "back")
            cancel.cancel = .now
            cancel.refund = .full
            try await commit(bench, .changeSubscription(cancel))
            try await commit(bench, .refund(.settle(SettleRefund(id: "back"))))
            provider.skip("back")
            if deed == .schedule { return try await plan(bench, time) }
            guard deed == .several else { return try await attach(bench, "second") }
            let plan = try #require(bench.names.pricing.plan(id: "pro"))
            let seats = try #require(bench.names.pricing.feature(id: "seats"))
            let unit = try #require(InlineText("unit"))
            try await commit(
                bench, .createEntity(CreateEntity(id: unit, feature: seats, name: "")))
            var several = AttachSeveral([AttachPlan(plan: plan), AttachPlan(plan: plan)])
            several.plans[1].entity = unit
            several.effectID = "second"
            try await commit(bench, .attachSeveral(several))
        }
    }

    /// A plan now, and the same for an entity a day later.
    private static func plan(_ bench: Bench, _ time: ManualTime) async throws {
        let plan = try #require(bench.names.pricing.plan(id: "pro"))
        let seats = try #require(bench.names.pricing.feature(id: "seats"))
        let unit = try #require(InlineText("unit"))
        try await commit(bench, .createEntity(CreateEntity(id: unit, feature: seats, name: "")))
        var ofUnit = AttachPlan(plan: plan)
        ofUnit.entity = unit
        var schedule = CreateSchedule([
            CreateSchedule.Phase(start: .now, plans: [AttachPlan(plan: plan)]),
            CreateSchedule.Phase(
                start: .after(Cycle(.month)), plans: [AttachPlan(plan: plan), ofUnit]),
        ])
        schedule.effectID = "second"
        try await commit(bench, .createSchedule(schedule))
    }

    /// Of a plan that waits for it.
    private static func payInvoice(_ bench: Bench) async throws {
        let plan = try #require(bench.names.pricing.plan(id: "pro"))
        var attach = AttachPlan(plan: plan, effectID: "page")
        attach.terms = InvoiceTerms()
        try await commit(bench, .attach(attach))
        let method = PaymentMethod(token: "t", brand: "visa", last4: "4242")
        try await commit(
            bench, .invoice(InvoiceCommand(number: 1, .charge(method, effectID: "charge"))))
    }

    /// Little is left, twice: what the second time finds under way is enough.
    private static func use(_ bench: Bench) async throws {
        var item = Samples.item("tokens")
        item.prepaidPrice = PrepaidPrice(
            price: Price(Samples.price("10"), packSize: Quantity(units: 100)),
            cycle: Cycle(.oneOff))
        let draft = PricingDraft(
            currency: "usd", features: [Feature(id: "tokens", name: "Tokens", kind: .metered)],
            plans: [Plan(id: "packs", name: "Packs", addOn: true, items: [item])])
        _ = try await bench.environment.directory.publish(
            PublishCall(draft: draft, validateOnly: false, requestID: ""), found: [],
            time: bench.environment.now)
        let (tokens, packs) = (
            bench.feature("tokens"), try #require(bench.names.pricing.plan(id: "packs"))
        )
        try await commit(bench, .attach(AttachPlan(plan: packs)))
        var set = SetControls()
        set.autoTopUps = [
            AutoTopUp(feature: tokens, threshold: .zero, quantity: Quantity(units: 150))
        ]
        try await commit(bench, .setControls(set))
        let use = TrackUsage(feature: tokens, value: Quantity(units: 1), overage: .cap)
        try await commit(bench, .track(use))
        try await commit(bench, .track(use))
    }

    private static var refund: RefundInvoice {
        RefundInvoice(number: 1, effectID: "refund")
    }

    private static func isSettled(_ bench: Bench) throws -> Bool {
        let account = try customer(bench).account
        return account.effects.isEmpty && !account.refunds.contains { $0.status == .pending }
    }

    private static func wait(_ isSo: () throws -> Bool) async throws {
        for _ in 0..<1000 where try !isSo() { try await Task.sleep(for: .milliseconds(5)) }
        try #require(try isSo())
    }

    /// Until the step is reached; then nothing more is done.
    private static func work(
        _ bench: Bench, _ provider: CountingProvider, until step: Step?
    ) async throws {
        let environment = bench.environment
        let work = Task { await environment.run() }
        switch step {
        case .called, .done, .answered: try await wait { provider.isWaiting }
        case .decided: break
        case .settled, nil: try await wait { try isSettled(bench) }
        }
        environment.stopEffects()
        work.cancel()
        await work.value
        try environment.close()
    }

    @Test(
        "it is done once",
        arguments: Deed.allCases.flatMap { deed in Step.allCases.map { (deed, $0) } })
    func once(deed: Deed, step: Step) async throws {
        let (folder, time) = (try TemporaryFolder(), ManualTime())
        let provider = CountingProvider(waitingAt: step)
        do {
            let bench = try await Bench(folder, time: time, provider: provider)
            try await Self.decide(deed, bench, time, provider)
            if step == .decided {
                try bench.environment.close()
            } else {
                try await Self.work(bench, provider, until: step)
            }
        }
        provider.waitNoMore()
        do {
            let again = try await Bench(folder, time: time, publish: false, provider: provider)
            try await Self.work(again, provider, until: nil)
        }
        #expect(provider.keys.count == 1, "\(provider.keys)")
        let last = try await Bench(folder, time: time, publish: false, provider: provider)
        let account = try Self.customer(last).account
        switch deed {
        case .page: #expect(account.checkout?.session == "first" && account.invoices.isEmpty)
        case .topUp:
            #expect(account.invoices.map(\.status) == [.paid, .paid])
            #expect(account.invoices.last?.total.minorUnits == 2000)
            let tokens = try #require(last.names.pricing.feature(id: "tokens"))
            let left = try Self.customer(last).balance(of: tokens)?.remaining
            #expect(left == Quantity(units: 200))
        case .purchase, .renewal:
            #expect(account.invoices.map(\.status) == [.paid, .paid])
        case .several:
            #expect(account.invoices.map(\.status) == [.paid, .paid])
            let present = try Self.customer(last).subscriptions.filter(\.status.grantsAccess)
            #expect(present.map(\.entity) == [0, 1])
        case .schedule:
            #expect(account.invoices.map(\.status) == [.paid, .paid])
            let found = try Self.customer(last).subscriptions.filter { $0.status != .ended }
            #expect(found.map(\.status) == [.active, .scheduled])
            #expect(account.schedules.map(\.owners) == [[0, 1]])
            #expect(account.schedules.first?.phases.map(\.begins) == [[found[1].number]])
        case .invoice:
            #expect(account.invoices.map(\.status) == [.paid] && account.receivables.isEmpty)
            let present = try Self.customer(last).subscriptions.filter(\.status.grantsAccess)
            #expect(present.map(\.status) == [.active])
        case .refund:
            #expect(account.refunds.map(\.status) == [.succeeded])
            let invoice = account.invoices[0]
            #expect(invoice.returns.refunded == invoice.due.minorUnits)
        }
        try last.environment.close()
    }
}

/// Does what it is asked to once for each key, and can be kept from going on.
private final class CountingProvider: PaymentProvider {
    private struct State {
        var keys: Set<String> = []
        var skipped: Set<String> = []
        var step: KilledPaymentTests.Step?
        var isWaiting = false
    }

    private let state: Mutex<State>

    init(waitingAt step: KilledPaymentTests.Step) {
        state = Mutex(State(step: step))
    }

    /// Of all that it has done.
    var keys: Set<String> { state.withLock { $0.keys } }
    var isWaiting: Bool { state.withLock { $0.isWaiting } }

    func waitNoMore() { state.withLock { ($0.step, $0.isWaiting) = (nil, false) } }

    /// Was done before the test begins.
    func skip(_ id: String) { state.withLock { _ = $0.skipped.insert(id) } }

    func taxes(for payer: Payer, paying currency: Currency, id: String) -> TaxAnswer { .none }

    private func deal(with id: String) async throws {
        if state.withLock({ $0.skipped.contains(id) }) { return }
        try await wait(at: .called)
        state.withLock { _ = $0.keys.insert(id) }
        try await wait(at: .done)
        try? await wait(at: .answered)
    }

    /// Until the server ends.
    private func wait(at step: KilledPaymentTests.Step) async throws {
        let waits = state.withLock { state in
            state.isWaiting = state.isWaiting || state.step == step
            return state.step == step
        }
        if waits { try await Task.sleep(for: .seconds(3600)) }
    }

    func register(_ payer: Payer) async throws -> String? { "cus_\(payer.id.text)" }

    func openCheckout(
        _ effect: Effect, _ context: PaymentContext
    ) async throws -> PageOutcome {
        try await deal(with: effect.id)
        return .opened(url: "https://localhost/checkout/\(effect.id)")
    }

    func closeCheckout(_ session: String, of payer: Payer) async throws {}

    func collect(
        _ effect: Effect, with method: PaymentMethod, _ context: PaymentContext
    ) async throws -> CollectOutcome {
        try await deal(with: effect.id)
        return .paid(payment: effect.id)
    }

    func refund(_ refund: Refund, to payer: Payer) async throws -> RefundOutcome {
        try await deal(with: refund.id)
        return .succeeded
    }

    func unheardReports(now: Timestamp, home: String) async throws -> [ProviderReport] { [] }

    func haveHeard() {}

    func acknowledge(_ payment: PagePayment) throws {}
}
