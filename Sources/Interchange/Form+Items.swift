internal import Billing
internal import Wire

/// What a plan includes, and sells beside.
extension Form {
    mutating func item(_ value: inout PlanItem) throws(FormFault) {
        try text("feature", &value.featureID)
        try quantity("included", &value.included)
        try flag("unlimited", &value.unlimited)
        try part("reset", &value.reset, empty: Cycle(.month)) { (form, cycle) throws(FormFault) in
            try form.cycle(&cycle)
        }
        let empty = UsagePrice(amount: .zero, billingUnits: .zero, maxPurchase: nil)
        try part("usage_price", &value.usagePrice, empty: empty) {
            (form, price) throws(FormFault) in
            try form.price("amount", &price.amount)
            try form.quantity("billing_units", &price.billingUnits)
            try form.quantity("max_purchase", &price.maxPurchase)
            try form.since(3) { form throws(FormFault) in
                try form.tiers(&price.tiers)
            }
            try form.currencies(&price.others)
        }
        try since(2) { form throws(FormFault) in
            try form.rollover(&value.rollover)
            try form.optional("entity_feature", &value.entityFeatureID, empty: "") {
                (form, id) throws(FormFault) in
                try form.text("entity_feature", &id)
            }
        }
        try since(4) { form throws(FormFault) in try form.prepaid(&value.prepaidPrice) }
    }

    /// Written only where it isn't as ever.
    mutating func dunning(_ value: inout Dunning) throws(FormFault) {
        guard isReading ? has("dunning") : value != Dunning() else { return }
        try whole("dunning", &value, empty: Dunning()) { (form, dunning) throws(FormFault) in
            var retries = dunning.retryDays.map { Retry(day: $0) }
            try form.list("retries", &retries, empty: Retry(day: 0)) {
                (form, retry) throws(FormFault) in
                try form.number("day", &retry.day)
            }
            dunning.retryDays = retries.map(\.day)
            try form.flag("cancels", &dunning.cancels)
        }
    }

    private struct Retry {
        var day: UInt32
    }

    private mutating func tiers(_ value: inout [Price.Tier]) throws(FormFault) {
        try list("tiers", &value, empty: Price.Tier(upTo: nil, amount: .zero)) {
            (form, tier) throws(FormFault) in
            try form.quantity("up_to", &tier.upTo)
            try form.price("amount", &tier.amount)
            try form.since(4) { form throws(FormFault) in
                try form.price("flat_amount", &tier.flat)
            }
        }
    }

    /// Missing where there are none; before version 7 there were none.
    mutating func currencies(_ value: inout [CurrencyPrice]) throws(FormFault) {
        let key = "additional_currencies"
        guard isSince(7), isReading ? has(key) : !value.isEmpty else { return }
        let empty = CurrencyPrice(Money.empty.currency, .zero)
        try list(key, &value, empty: empty) { (form, other) throws(FormFault) in
            try form.currency("currency", &other.currency)
            try form.price("amount", &other.amount)
            try form.tiers(&other.tiers)
        }
    }

    private mutating func prepaid(_ value: inout PrepaidPrice?) throws(FormFault) {
        let empty = PrepaidPrice(price: Price(tiers: []), cycle: Cycle(.month))
        try part("prepaid_price", &value, empty: empty) { (form, prepaid) throws(FormFault) in
            try form.tiers(&prepaid.price.tiers)
            try form.word(
                "tier_behavior", &prepaid.price.behavior,
                [(.graduated, "graduated"), (.volume, "volume")])
            try form.quantity("billing_units", &prepaid.price.packSize)
            try form.interval("interval", &prepaid.cycle.interval)
            try form.number("interval_count", &prepaid.cycle.count)
            try form.quantity("max_purchase", &prepaid.maxPurchase)
            try form.currencies(&prepaid.others)
            try form.word(
                "on_increase", &prepaid.onIncrease,
                [
                    (.prorate, "prorate"), (.bill, "bill"),
                    (.prorateNextCycle, "prorate_next_cycle"),
                    (.billNextCycle, "bill_next_cycle"),
                ])
            try form.word(
                "on_decrease", &prepaid.onDecrease,
                [
                    (.prorate, "prorate"), (.prorateNextCycle, "prorate_next_cycle"),
                    (.keep, "keep"), (.drop, "drop"),
                ])
            // Missing where it isn't so; before version 10 it never was.
            let isThere =
                form.isReading ? form.isSince(10) && form.has("per_seat") : prepaid.isPerSeat
            if isThere { try form.flag("per_seat", &prepaid.isPerSeat) }
        }
    }
}
