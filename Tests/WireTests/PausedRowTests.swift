import Billing
import Testing

@testable import Wire

/// A customer with something paused, as its row and a snapshot say.
@Suite("Paused customers") struct PausedRowTests {
    private func row(pausedBy number: UInt32, _ arena: Arena) throws -> CustomerRow {
        var customer = CustomerState(id: try #require(CustomerID("acme")))
        for fact in PauseSamples.facts {
            guard case .subscriptionChanged(var subscription) = fact else { continue }
            subscription.pausedBy = number
            customer.apply([.subscriptionChanged(subscription)])
        }
        return CustomerRow(customer, arena: arena, seals: nil)
    }

    @Test("the row says so, and a list finds it", arguments: [UInt32(0), 2])
    func listed(number: UInt32) throws {
        let arena = Arena()
        let row = try row(pausedBy: number, arena)
        #expect(row.marks.contains(.isPaused) == (number != 0) && row.marks.contains(.isPastDue))
        let read = try RecordDecoder(arena: arena).row(RecordWriter(arena: arena).row(row))
        #expect(read.marks.contains(.isPaused) == (number != 0))
        let plan = PlanNumber(rawValue: 1)
        for (status, isFound) in [
            (SubscriptionStatus.paused, number != 0), (.pastDue, number == 0), (.active, false),
        ] {
            let filter = SubscriptionFilter(plan: plan, status: status)
            #expect(read.mayMatch(filter) == isFound)
            let whole = try read.opened(arena, seals: nil)
            #expect(filter.matches(whole.subscriptions) == isFound)
        }
        #expect(read.mayMatch(SubscriptionFilter(plan: plan, status: nil)))
    }
}
