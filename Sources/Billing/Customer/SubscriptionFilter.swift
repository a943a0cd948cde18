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

/// A summary of a customer's subscriptions in eight bytes: their statuses, and roughly their plans.
/// What doesn't fit it matches none of them; what does may.
package struct SubscriptionMarks: Sendable, Equatable {
    /// A bit for each status, and above them one that several plans share.
    private var bits: UInt64 = 0

    private static let planBits: UInt32 = 56

    /// Fits every filter.
    package static let any = SubscriptionMarks(bits: .max)

    private init(bits: UInt64) {
        self.bits = bits
    }

    package init(_ subscriptions: [Subscription] = []) {
        for subscription in subscriptions {
            add(subscription.plan.plan, subscription.shownStatus)
        }
    }

    package mutating func add(_ plan: PlanNumber, _ status: SubscriptionStatus) {
        bits |= Self.bit(of: plan) | Self.bit(of: status)
    }

    package func mayMatch(_ filter: SubscriptionFilter) -> Bool {
        let statuses =
            filter.status.map { Self.bit(of: $0) } ?? (0xFF & ~Self.bit(of: .ended))
        guard bits & statuses != 0 else { return false }
        return filter.plan.map { bits & Self.bit(of: $0) != 0 } ?? true
    }

    private static func bit(of status: SubscriptionStatus) -> UInt64 {
        1 << UInt64(status.rawValue)
    }

    private static func bit(of plan: PlanNumber) -> UInt64 {
        0x100 << UInt64(plan.rawValue % planBits)
    }
}
