internal import Billing
internal import CTallyProto

/// Prices of a catalog message.
extension DraftReader {
    mutating func usagePrice(
        _ message: Tally__V1__UsagePrice, at path: String
    ) -> UsagePrice {
        let units = fields.quantity(message.billing_units, at: "\(path).billing_units")
        var most: Quantity?
        if message._max_purchase_case == TALLY__V1__USAGE_PRICE___MAX_PURCHASE_MAX_PURCHASE {
            most = fields.quantity(message.max_purchase, at: "\(path).max_purchase")
        }
        let tiers = elements(message.n_tiers, message.tiers).enumerated().map { index, tier in
            self.tier(tier.pointee, at: "\(path).tiers[\(index)]")
        }
        var amount = UnitPrice.zero
        if tiers.isEmpty {
            amount = price(message.amount, at: "\(path).amount")
        } else if !text(message.amount).isEmpty {
            fields.fault("\(path).amount", "takes the place of tiers: give one of them")
        }
        var price = UsagePrice(
            amount: amount,
            billingUnits: units == .zero ? Quantity(units: 1) : units ?? Quantity(units: 1),
            maxPurchase: most)
        price.tiers = tiers
        price.others = currencies(
            message.n_additional_currencies, message.additional_currencies, at: path)
        return price
    }

    mutating func currencies(
        _ count: Int,
        _ list: UnsafeMutablePointer<UnsafeMutablePointer<Tally__V1__CurrencyPrice>?>?,
        at path: String
    ) -> [CurrencyPrice] {
        var others: [CurrencyPrice] = []
        for (index, message) in elements(count, list).map(\.pointee).enumerated() {
            let path = "\(path).additional_currencies[\(index)]"
            guard let currency = Currency(code: text(message.currency)) else {
                fields.fault(
                    "\(path).currency",
                    "must be an ISO 4217 code in lower case, such as \"usd\"")
                continue
            }
            let tiers = elements(message.n_tiers, message.tiers).enumerated().map { index, tier in
                self.tier(tier.pointee, at: "\(path).tiers[\(index)]")
            }
            var amount = UnitPrice.zero
            if tiers.isEmpty {
                amount = price(message.amount, at: "\(path).amount")
            } else if !text(message.amount).isEmpty {
                fields.fault("\(path).amount", "takes the place of tiers: give one of them")
            }
            others.append(CurrencyPrice(currency, amount, tiers: tiers))
        }
        return others
    }

    private mutating func tier(_ message: Tally__V1__PriceTier, at path: String) -> Price.Tier {
        var end: Quantity?
        if message._up_to_case == TALLY__V1__PRICE_TIER___UP_TO_UP_TO {
            end = fields.quantity(message.up_to, at: "\(path).up_to")
        }
        let flat = text(message.flat_amount)
        return Price.Tier(
            upTo: end, amount: price(message.amount, at: "\(path).amount"),
            flat: flat.isEmpty ? .zero : price(message.flat_amount, at: "\(path).flat_amount"))
    }

    mutating func price(_ text: UnsafePointer<CChar>?, at path: String) -> UnitPrice {
        if let price = UnitPrice(self.text(text)) { return price }
        fields.fault(path, "must be a decimal such as \"19.99\", with at most 12 decimals")
        return .zero
    }

    mutating func cycle(
        _ interval: Tally__V1__Interval, _ count: UInt32, at path: String
    ) -> Cycle {
        if count > 1000 { fields.fault("\(path).interval_count", "must be at most 1000") }
        return Cycle(
            fields.interval(interval, at: "\(path).interval") ?? .month,
            count: UInt16(clamping: count))
    }

    mutating func prepaidPrice(
        _ message: Tally__V1__PrepaidPrice, at path: String
    ) -> PrepaidPrice {
        let units = fields.quantity(message.billing_units, at: "\(path).billing_units")
        var tiers = elements(message.n_tiers, message.tiers).enumerated().map { index, tier in
            self.tier(tier.pointee, at: "\(path).tiers[\(index)]")
        }
        if tiers.isEmpty {
            tiers = [Price.Tier(upTo: nil, amount: price(message.amount, at: "\(path).amount"))]
        } else if !text(message.amount).isEmpty {
            fields.fault("\(path).amount", "takes the place of tiers: give one of them")
        }
        let behavior = fields.word(
            message.tier_behavior.rawValue, Price.TierBehavior.graduated,
            at: "\(path).tier_behavior")
        var prepaid = PrepaidPrice(
            price: Price(
                tiers: tiers, behavior: behavior,
                packSize: units == .zero ? Quantity(units: 1) : units ?? Quantity(units: 1)),
            cycle: cycle(message.interval, message.interval_count, at: path),
            onIncrease: fields.word(
                message.on_increase.rawValue, PrepaidPrice.Increase.prorate,
                at: "\(path).on_increase"),
            onDecrease: fields.word(
                message.on_decrease.rawValue, PrepaidPrice.Decrease.prorate,
                at: "\(path).on_decrease"))
        if message._max_purchase_case == TALLY__V1__PREPAID_PRICE___MAX_PURCHASE_MAX_PURCHASE {
            prepaid.maxPurchase = fields.quantity(
                message.max_purchase, at: "\(path).max_purchase")
        }
        prepaid.others = currencies(
            message.n_additional_currencies, message.additional_currencies, at: path)
        prepaid.isPerSeat = message.per_seat != 0
        return prepaid
    }

    mutating func dunning(_ message: Tally__V1__Dunning, at path: String) -> Dunning {
        var dunning = Dunning()
        dunning.retryDays = Array(
            UnsafeBufferPointer(start: message.retry_days, count: message.n_retry_days))
        if message.end.rawValue > 2 { fields.fault("\(path).end", "is no value of this version") }
        dunning.cancels = message.end != TALLY__V1__DUNNING_END__DUNNING_END_KEEP
        return dunning
    }

    mutating func trial(_ message: Tally__V1__FreeTrial, at path: String) -> FreeTrial {
        if message.duration_type == TALLY__V1__TRIAL_UNIT__TRIAL_UNIT_UNSPECIFIED {
            fields.fault("\(path).duration_type", "must be day, month or year")
        }
        var trial = FreeTrial(
            length: UInt16(clamping: message.duration_length),
            unit: fields.word(
                message.duration_type.rawValue, FreeTrial.Unit.day, at: "\(path).duration_type"),
            needsCard: message.card_not_required == 0)
        trial.isUnique = message.unique_fingerprint != 0
        if message.on_end.rawValue != 0 {
            trial.onEnd = fields.word(
                message.on_end.rawValue, FreeTrial.End.bill, at: "\(path).on_end")
        }
        return trial
    }
}
