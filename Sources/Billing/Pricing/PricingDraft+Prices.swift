// What is wrong with prices (billing §1.3).
extension DraftCheck {
    /// How often something is charged.
    mutating func billed(_ cycle: Cycle, at path: String) {
        switch cycle.interval {
        case .minute, .hour, .day:
            fault("\(path).interval", "must be one-off, a week, a month or longer")
        case .oneOff where cycle.count != 1:
            fault("\(path).interval_count", "must be 1: it is charged once")
        case .oneOff, .week, .month, .quarter, .semiAnnual, .year: break
        }
    }

    mutating func dunning() {
        guard let days = draft.settings?.dunning.retryDays else { return }
        let path = "settings.dunning.retry_days"
        if days.count > Dunning.retryLimit { fault(path, "at most \(Dunning.retryLimit)") }
        for (index, day) in days.enumerated() {
            if !(1...Dunning.dayLimit).contains(day) {
                fault("\(path)[\(index)]", "must be 1 to \(Dunning.dayLimit)")
            } else if index > 0, day <= days[index - 1] {
                fault("\(path)[\(index)]", "must be later than the one before")
            }
        }
    }

    mutating func trial(of plan: Plan, at path: String) {
        guard let trial = plan.trial else { return }
        if trial.length == 0 || trial.length > FreeTrial.lengthLimit {
            fault(
                "\(path).free_trial.duration_length",
                "must be 1 to \(FreeTrial.lengthLimit)")
        }
        if plan.isFree || plan.isOneOff {
            fault("\(path).free_trial", "only a plan that is billed again and again has one")
        }
        guard trial.onEnd == .revert else { return }
        if plan.addOn {
            fault("\(path).free_trial.on_end", "an add-on pauses nothing that it could revert to")
        }
        if plan.autoEnable {
            fault(
                "\(path).free_trial.on_end",
                "nobody starts with a plan that a trial could revert to")
        }
    }

    mutating func prepaid(_ item: PlanItem, at path: String) {
        guard let prepaid = item.prepaidPrice else { return }
        let path = "\(path).prepaid_price"
        if item.usagePrice != nil {
            fault(path, "takes the place of usage_price: give one of them")
        }
        if item.entityFeatureID != nil {
            fault(path, "packs are the customer's: leave out entity_feature_id")
        }
        if prepaid.isPerSeat {
            if kinds[item.featureID] != .allocated {
                fault("\(path).per_seat", "only what is held is bought by taking it")
            }
            if prepaid.cycle.interval == .oneOff {
                fault("\(path).interval", "seats are charged each period that they are held")
            }
        }
        billed(prepaid.cycle, at: path)
        packSize(prepaid.price.packSize, at: "\(path).billing_units")
        if prepaid.price.packSize > .zero,
            item.included.raw % prepaid.price.packSize.raw != 0
        {
            fault(path, "included must be a multiple of billing_units")
        }
        let isForGood = prepaid.cycle.interval == .oneOff
        if isForGood, item.reset.map({ $0.interval != .oneOff }) ?? false {
            fault("\(path).interval", "packs that are bought once never reset")
        }
        if let most = prepaid.maxPurchase, most < .zero {
            fault("\(path).max_purchase", "must not be negative")
        }
        amounts(of: prepaid, after: item.included, at: path)
        currencies(prepaid.others, at: path) { check, other, path in
            var substitute = prepaid
            substitute.price.tiers =
                other.tiers.isEmpty ? [Price.Tier(upTo: nil, amount: other.amount)] : other.tiers
            check.amounts(of: substitute, after: item.included, at: path)
        }
    }

    /// What a price is in other currencies.
    mutating func currencies(
        _ others: [CurrencyPrice], at path: String,
        _ body: (inout DraftCheck, CurrencyPrice, String) -> Void
    ) {
        let path = "\(path).additional_currencies"
        if others.count > CurrencyPrice.countLimit {
            fault(path, "at most \(CurrencyPrice.countLimit)")
        }
        for (index, other) in others.enumerated() {
            let path = "\(path)[\(index)]"
            if other.currency.code == draft.currency {
                fault("\(path).currency", "is the catalog's: its amount stands beside")
            }
            if others[..<index].contains(where: { $0.currency == other.currency }) {
                fault("\(path).currency", "appears twice")
            }
            body(&self, other, path)
        }
    }

    private mutating func amounts(
        of prepaid: PrepaidPrice, after included: Quantity, at path: String
    ) {
        let price = prepaid.price
        if price.tiers.count == 1 {
            if price.tiers[0].amount < .zero { fault("\(path).amount", "must not be negative") }
            if price.tiers[0].upTo != nil {
                fault("\(path).tiers[0].up_to", "the last tier has no end")
            }
        } else {
            tiers(price.tiers, after: included, at: "\(path).tiers")
        }
        for (index, tier) in price.tiers.enumerated() {
            let path = "\(path).tiers[\(index)].flat_amount"
            if tier.flat < .zero { fault(path, "must not be negative") }
            if tier.flat != .zero, price.behavior != .volume || price.tiers.count == 1 {
                fault(path, "is for volume tiers, of which there are several")
            }
        }
        if prepaid.cycle.interval == .oneOff {
            let cent = UnitPrice.scale / 100
            for (index, tier) in price.tiers.enumerated() where tier.amount.raw % cent != 0 {
                let place = price.tiers.count == 1 ? "amount" : "tiers[\(index)].amount"
                fault("\(path).\(place)", "a price that is charged once has at most 2 decimals")
            }
        }
    }

    /// Smaller packs would make counts of them that overflow.
    mutating func packSize(_ size: Quantity, at path: String) {
        if size < Quantity(raw: Quantity.scale / 1_000_000) {
            fault(path, "must be at least 0.000001")
        }
    }

    mutating func tiers(_ tiers: [Price.Tier], after included: Quantity, at path: String) {
        if tiers.count > Price.tierLimit { fault(path, "at most \(Price.tierLimit) tiers") }
        var start = included
        for (index, tier) in tiers.enumerated() {
            let path = "\(path)[\(index)]"
            if tier.amount < .zero { fault("\(path).amount", "must not be negative") }
            let isLast = index == tiers.count - 1
            switch tier.upTo {
            case nil where !isLast:
                fault("\(path).up_to", "is missing: only the last tier has no end")
            case .some where isLast: fault("\(path).up_to", "the last tier has no end")
            case let end? where end <= start:
                fault(
                    "\(path).up_to",
                    "must be above \(start.text): what is included counts, and each tier ends "
                        + "after the one before it")
            case let end?: start = end
            case nil: break
            }
        }
    }
}

extension PlanItem {
    /// Their buckets couldn't be told apart.
    fileprivate var cycle: Cycle { reset ?? Cycle(.oneOff) }

    func isLike(_ other: PlanItem) -> Bool {
        featureID == other.featureID && cycle == other.cycle
            && sellsOverage == other.sellsOverage
    }

    func isPrepaid(_ featureID: String) -> Bool {
        self.featureID == featureID && prepaidPrice != nil
    }
}
