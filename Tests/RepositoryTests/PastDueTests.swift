import Billing
import Testing
import Wire

@testable import Repository

/// A plan that is past due gives nothing where the settings say so (entitlements §1.3), in place,
/// after a replay and from a snapshot.
@Suite("Plans past due") struct PastDueTests {
    private static let id = "acme"

    private func publish(_ bench: Bench, includesPastDue: Bool) async throws {
        var draft = PricingDraft(currency: "usd", features: [], plans: [])
        draft.settings = PricingSettings()
        draft.settings?.includesPastDue = includesPastDue
        let call = PublishCall(draft: draft, validateOnly: false, requestID: "")
        let (changes, _) = try await bench.environment.directory.publish(
            call, found: [], time: bench.environment.now)
        #expect(changes.map(\.subject) == [.settings])
    }

    /// Bought, and declined when it was renewed.
    private func fallDue(_ bench: Bench, _ time: ManualTime) async throws {
        try await bench.create(Self.id)
        let plan = try #require(bench.names.pricing.plan(id: "pro"))
        try await bench.commit(
            .attach(AttachPlan(plan: plan, successURL: "", effectID: "e-1", request: nil)),
            Self.id)
        try await bench.commit(
            .settle(SettleEffect(effectID: "e-1", answer: .checkoutOpened(url: "https://a"))),
            Self.id)
        let method = PaymentMethod(token: "t", brand: "visa", last4: "4242")
        try await bench.commit(
            .completeCheckout(CompleteCheckout(session: "e-1", method: method)), Self.id)
        time.advance(days: 32)
        try await bench.commit(.advance, Self.id)
        let effect = try bench.environment.customers(of: bench.id(Self.id)).read(
            bench.id(Self.id), names: bench.names, in: bench.workspace
        ) { customer, _ in customer.openEffect?.id }.answer
        try await bench.commit(
            .settle(
                SettleEffect(
                    effectID: try #require(effect), answer: .declined(code: "card_declined"))),
            Self.id)
    }

    /// The hot way.
    private func reason(_ bench: Bench) throws -> CheckReason? {
        var reason: CheckReason?
        _ = try bench.environment.customers(of: bench.id(Self.id)).readBuckets(
            bench.id(Self.id), names: bench.names, in: bench.workspace
        ) { (buckets, names, now) throws(Refusal) in
            let query = CheckQuery(
                feature: bench.feature("messages"), required: Quantity(units: 1))
            reason = try buckets.check(query, pricing: names.pricing, now: now).reason
            return UnsafeRawBufferPointer(start: nil, count: 0)
        }
        return reason
    }

    private func draws(_ bench: Bench) async throws -> Int {
        guard case .track(let reply) = try await bench.track(Self.id, 1).reply else { return -1 }
        return reply.draws.count
    }

    @Test("by setting neither checks nor usage find it, whichever way the row came to be")
    func hidden() async throws {
        let (folder, time) = (try TemporaryFolder(), ManualTime())
        do {
            let bench = try await Bench(folder, time: time)
            try await fallDue(bench, time)
            #expect(try reason(bench) == .included)
            #expect(try await draws(bench) == 1)
            try await publish(bench, includesPastDue: false)
            #expect(try reason(bench) == .notIncluded)
            #expect(try await draws(bench) == 0)
            try bench.environment.close()
        }
        do {
            let replayed = try await Bench(folder, time: time, publish: false)
            #expect(!replayed.names.pricing.settings.includesPastDue)
            #expect(try reason(replayed) == .notIncluded)
            try replayed.environment.takeSnapshot()
            try replayed.environment.close()
        }
        let loaded = try await Bench(folder, time: time, publish: false)
        #expect(try reason(loaded) == .notIncluded)
        #expect(try await draws(loaded) == 0)
        try await publish(loaded, includesPastDue: true)
        #expect(try reason(loaded) == .included)
        #expect(try await draws(loaded) == 1)
        try loaded.environment.close()
    }
}
