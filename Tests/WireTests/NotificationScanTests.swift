import Billing
import Testing

@testable import Wire

/// Which records somebody may be told of, from their bytes alone.
@Suite("The scan for notifications") struct NotificationScanTests {
    private static let subscription = Subscription(
        number: 1, plan: PlanReference(plan: PlanNumber(rawValue: 1), revision: 1),
        status: .active, addOn: false, start: .epoch, anchor: .epoch, periodStart: .epoch,
        periodEnd: .never)

    /// Written as another kind, which older binaries refuse.
    private static let whole: Subscription = {
        var whole = subscription
        whole.trialEnd = Timestamp(milliseconds: 5)
        return whole
    }()

    private static let invoice = Invoice(
        number: 1, status: .paid, lines: [],
        total: Money(minorUnits: 5, currency: Currency(code: "usd")!), time: .epoch)

    static let told: [Fact] = [
        .subscriptionChanged(subscription), .subscriptionChanged(whole), .invoiceChanged(invoice),
        .reminded(
            .methodExpiring(
                CardLabel(brand: "visa", last4: "4242"), CardExpiry(year: 2030, month: 2))),
        .effectSettled(id: "eff", outcome: .done),
        .notified(
            Notice(
                feature: FeatureNumber(rawValue: 1), entity: 0, event: .limitReached(.included))),
        .invoiceRaised(invoice),
        ReceivableSamples.facts[0], ReceivableSamples.facts[1], ReceivableSamples.facts[3],
        ReceivableSamples.facts[4], PauseSamples.facts[1],
        .subscriptionChanged(TaxSamples.subscription), .invoiceRaised(TaxSamples.invoice),
        .invoiceChanged(TaxSamples.invoice),
    ]
    static let others: [Fact] = [
        .deducted(bucket: 1, amount: Quantity(units: 1)),
        .usageRecorded(feature: FeatureNumber(rawValue: 1), value: Quantity(units: 1)),
        .bucketClosed(bucket: 8), .invoiceDropped(number: 10), .subscriptionDropped(number: 14),
        .customerCreated(name: "Acme", email: "", time: Timestamp(milliseconds: 5)),
    ]

    private func scan(_ facts: [Fact]) throws -> (concerns: Bool, plans: Bool, previous: UInt64) {
        let record = CustomerRecord(
            customer: try #require(CustomerID("acme")), time: Timestamp(milliseconds: 5),
            catalogSequence: 1,
            previousPosition: 77, facts: facts, request: nil)
        let arena = Arena()
        return withExtendedLifetime(arena) {
            let bytes = RecordWriter(arena: arena).record(
                record, reply: UnsafeRawBufferPointer(start: nil, count: 0))
            return (
                NotificationScan.concerns(bytes), NotificationScan.changesPlans(bytes),
                NotificationScan.previous(bytes)
            )
        }
    }

    @Test("finds what is told, wherever it stands", arguments: told)
    func finds(fact: Fact) throws {
        var changesPlans = false
        if case .subscriptionChanged = fact { changesPlans = true }
        let found = try scan(NotificationScanTests.others + [fact])
        #expect(found == (true, changesPlans, 77))
    }

    @Test("passes over the rest")
    func passesOver() throws {
        #expect(try scan(NotificationScanTests.others) == (false, false, 77))
        #expect(try scan([]) == (false, false, 77))
    }
}
