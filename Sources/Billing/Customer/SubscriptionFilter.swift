/// Which customers are asked for, by their subscriptions.
package struct SubscriptionFilter: Sendable, Equatable {
    /// nil: any.
    package var plan: PlanNumber?
    /// nil: any that isn't over.
    package var status: SubscriptionStatus?

    package init(plan: PlanNumber?, status: SubscriptionStatus?) {
        self.plan = plan
        self.status = status
    }

    /// One subscription must be all that is asked for.
    package func matches(_ plan: PlanNumber, _ status: SubscriptionStatus) -> Bool {
        guard self.plan == nil || self.plan == plan else { return false }
        guard let wanted = self.status else { return status != .ended }
        return status == wanted
    }

    package func matches(_ subscriptions: [Subscription]) -> Bool {
        subscriptions.contains { matches($0.plan.plan, $0.shownStatus) }
    }
}
