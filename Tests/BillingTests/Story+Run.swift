import Stories
import Testing

@testable import Billing

extension Story {
    /// Tells it, and checks that its facts alone lead to the same state.
    func run(_ pricing: PricingState) throws {
        var desk = Desk(pricing, at: start)
        // Through the API everybody arrives like that.
        if !pricing.autoEnabled.isEmpty { try desk.create() }
        for (index, step) in steps.enumerated() {
            do {
                try desk.perform(step, "\(rule): step \(index + 1), \(step)")
            } catch {
                Issue.record("\(rule): step \(index + 1), \(step) was refused: \(error)")
                return
            }
        }
        var replayed = CustomerState(id: "customer")
        replayed.apply(desk.facts)
        #expect(StateView(replayed) == StateView(desk.customer), "\(rule): replayed")
    }
}
