extension Plan {
    /// Whether moving from this plan to `next` is an upgrade, and so takes place at once
    /// (billing §2, "Comparing plans").
    package func isUpgrade(to next: Plan) -> Bool {
        if isFree != next.isFree { return isFree }
        if isOneOff || next.isOneOff { return true }
        if price == nil, next.price == nil { return true }
        if next.longestInterval > longestInterval { return true }
        return monthlyAmount <= next.monthlyAmount
    }

    /// Minutes of the longest billing interval.
    private var longestInterval: UInt64 {
        billingCycle.flatMap(\.interval.nominalMinutes) ?? 0
    }

    /// The base price for a month, times 12 so that it stays exact; pay-per-use prices don't count.
    var monthlyAmount: Int128 {
        guard let price else { return 0 }
        let perYear: Int128 =
            switch price.interval {
            // The reference counts a week as a quarter of a month.
            case .week: 48
            case .quarter: 4
            case .semiAnnual: 2
            case .year: 1
            case .oneOff, .minute, .hour, .day, .month: 12
            }
        return price.amount.raw * perYear
    }
}
