import Stories
import Testing

@testable import Billing

/// Entitlements §2.3, key by key: two buckets that differ in one key, the later one opened first.
@Suite("Deduction order") struct DeductionOrderTests {
    @Test("which bucket is drawn first", arguments: DeductionOrderStories.rows)
    func order(row: DeductionOrderStories.Row) {
        var customer = CustomerState.sample(row.later, row.first)
        if row.later.number > row.first.number { customer = .sample(row.first, row.later) }
        var deduction = Deduction(
            of: 7, feature: FeatureNumber(rawValue: 1), from: customer.buckets,
            pricing: DeductionOrderStories.pricing, overage: .cap, now: .utc(2027, 1, 10))
        let draws = deduction.run()
        #expect(
            draws == [Draw(bucket: row.first.number, feature: row.first.feature, amount: 7)])
        #expect(deduction.rest == .zero)
    }

    @Test("all of them, one after the other")
    func sequence() {
        let customer = CustomerState.sample(
            .sample(1, 2, granted: 5), .sample(2, 1, granted: 5, [.priced]),
            .sample(3, 1, granted: 5, [.addOn]), .sample(4, 1, granted: 5),
            .sample(5, 1, granted: 5, cycle: Cycle(.month), nextReset: DeductionOrderStories.reset),
            .sample(6, 1, granted: 5, cycle: Cycle(.hour), nextReset: DeductionOrderStories.reset),
            .sample(7, 1, granted: 5, expires: .utc(2027, 3, 1)))
        var deduction = Deduction(
            of: 34, feature: FeatureNumber(rawValue: 1), from: customer.buckets,
            pricing: DeductionOrderStories.pricing, overage: .cap, now: .utc(2027, 1, 10))
        let draws = deduction.run()
        #expect(draws.map(\.bucket) == [6, 5, 7, 4, 2, 3, 1])
        #expect(draws.map(\.amount) == [5, 5, 5, 5, 5, 5, 4])
    }
}
