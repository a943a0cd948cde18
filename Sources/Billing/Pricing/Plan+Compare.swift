extension Plan {
    /// Whether moving from this plan to `next` is an upgrade, and so takes place at once
    /// (billing §2, "Comparing plans").
    package func isUpgrade(to next: Plan) -> Bool {
        if isFree != next.isFree { return isFree }
        if isOneOff || next.isOneOff { return true }
        if hasOnlyUsagePrices, next.hasOnlyUsagePrices { return true }
        if next.longestInterval > longestInterval { return true }
        return monthlyAmount <= next.monthlyAmount
    }

    /// What is paid depends on what is used up, and on nothing else.
    private var hasOnlyUsagePrices: Bool {
        price == nil
            && items.allSatisfy {
                $0.prepaidPrice == nil && ($0.usagePrice == nil || $0.reset != nil)
            }
    }

    /// Minutes of the longest billing interval.
    private var longestInterval: UInt64 { billingCycles.last?.nominalMinutes ?? 0 }

    /// All prices for a month, times 12 so that it stays exact: of a price in tiers the first
    /// one's; those of what is used up don't count.
    var monthlyAmount: Int128 {
        var sum = price.map { $0.amount.raw * $0.cycle.perYear } ?? 0
        for item in items {
            if let prepaid = item.prepaidPrice {
                sum += (prepaid.price.tiers.first?.amount.raw ?? 0) * prepaid.cycle.perYear
            } else if let seats = item.usagePrice, item.reset == nil {
                sum += (seats.price.tiers.first?.amount.raw ?? 0) * 12
            }
        }
        return sum
    }
}

extension Cycle {
    /// How often it comes in a year; one-off ones count as a month.
    fileprivate var perYear: Int128 {
        let whole: Int128 =
            switch interval {
            // The reference counts a week as a quarter of a month.
            case .week: 48
            case .quarter: 4
            case .semiAnnual: 2
            case .year: 1
            case .oneOff, .minute, .hour, .day, .month: 12
            }
        return whole
    }

    /// For comparing lengths; 0: one-off.
    package var nominalMinutes: UInt64 { (interval.nominalMinutes ?? 0) * UInt64(count) }
}
