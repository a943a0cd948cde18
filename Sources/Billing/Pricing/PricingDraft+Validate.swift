extension PricingDraft {
    /// Every fault of the draft when published onto `state`, with its path; empty: publishable.
    package func validate(onto state: PricingState) -> [Violation] {
        var check = DraftCheck(draft: self, state: state)
        check.currency()
        check.features()
        check.plans()
        check.dunning()
        check.rewards()
        check.referrals()
        check.taxRates()
        check.removals()
        return check.found
    }
}

/// Walks a draft and collects what is wrong with it (billing §1.1-1.3).
struct DraftCheck {
    let draft: PricingDraft
    let state: PricingState
    private(set) var found: [Violation] = []
    private(set) var kinds: [String: FeatureKind] = [:]

    init(draft: PricingDraft, state: PricingState) {
        self.draft = draft
        self.state = state
        for feature in state.listedFeatures where !draft.removedFeatures.contains(feature.id) {
            kinds[feature.id] = feature.kind
        }
        for feature in draft.features { kinds[feature.id] = feature.kind }
    }

    mutating func fault(_ path: String, _ message: String) {
        found.append(Violation(path: path, message: message))
    }

    mutating func currency() {
        guard let currency = Currency(code: draft.currency) else {
            return fault("currency", "must be an ISO 4217 code in lower case, such as \"usd\"")
        }
        if let present = state.baseCurrency, present != currency {
            fault("currency", "is \"\(present.code)\" already and cannot change")
        }
    }

    mutating func identifier(_ id: String, at path: String) {
        let allowed = id.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
                true
            case _: false
            }
        }
        if id.isEmpty || !allowed || id.utf8.count > InlineText.capacity {
            fault(path, "must be 1 to 63 letters, digits, \"_\" or \"-\"")
        }
    }

    mutating func name(_ name: String, at path: String) {
        if name.isEmpty || name.utf8.count > 256 { fault(path, "must be 1 to 256 bytes") }
    }

    mutating func features() {
        var seen: Set<String> = []
        for (index, feature) in draft.features.enumerated() {
            let path = "features[\(index)]"
            identifier(feature.id, at: "\(path).feature_id")
            name(feature.name, at: "\(path).name")
            if !seen.insert(feature.id).inserted {
                fault("\(path).feature_id", "\"\(feature.id)\" appears twice")
            }
            if let number = state.feature(id: feature.id),
                state.feature(number).kind != feature.kind
            {
                fault("\(path).type", "cannot change once published; use another feature_id")
            }
            creditCosts(of: feature, at: path)
            eventNames(of: feature, at: path)
            markups(of: feature, at: path)
        }
    }

    mutating func eventNames(of feature: Feature, at path: String) {
        if feature.eventNames.count > Feature.eventNameLimit {
            fault("\(path).event_names", "must be at most \(Feature.eventNameLimit)")
        }
        if feature.kind == .concurrency, !feature.eventNames.isEmpty {
            fault("\(path).event_names", "a concurrency limit is held, never tracked")
        }
        var seen: Set<String> = []
        for (index, name) in feature.eventNames.enumerated() {
            let path = "\(path).event_names[\(index)]"
            let isShort = !name.isEmpty && name.utf8.count <= InlineText.capacity
            if !isShort || !name.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) {
                fault(path, "must be 1 to 63 printable ASCII characters without spaces")
            } else if !seen.insert(name).inserted {
                fault(path, "\"\(name)\" appears twice")
            }
        }
    }

    mutating func creditCosts(of feature: Feature, at path: String) {
        guard feature.kind == .creditSystem else {
            if !feature.creditCosts.isEmpty {
                fault("\(path).credit_costs", "only a credit system has costs")
            }
            return
        }
        if feature.creditCosts.isEmpty {
            fault("\(path).credit_costs", "a credit system needs at least one member feature")
        }
        var members: Set<String> = []
        for (index, cost) in feature.creditCosts.enumerated() {
            let path = "\(path).credit_costs[\(index)]"
            if cost.credits < .zero { fault("\(path).credits", "must not be negative") }
            let kind = kinds[cost.featureID]
            if kind != .metered, kind != .aiCreditSystem {
                fault(
                    "\(path).feature_id",
                    "\"\(cost.featureID)\" is no metered feature and no AI credit system")
            } else if !members.insert(cost.featureID).inserted {
                fault("\(path).feature_id", "\"\(cost.featureID)\" appears twice")
            }
        }
    }

    mutating func plans() {
        var seen: Set<String> = []
        var defaults: [String: String] = [:]
        for (index, plan) in draft.plans.enumerated() {
            let path = "plans[\(index)]"
            identifier(plan.id, at: "\(path).plan_id")
            name(plan.name, at: "\(path).name")
            if !seen.insert(plan.id).inserted {
                fault("\(path).plan_id", "\"\(plan.id)\" appears twice")
            }
            if plan.autoEnable, !plan.isFree, plan.trial?.needsCard ?? true {
                fault(
                    "\(path).auto_enable",
                    "only a free plan can be given away, or one with a trial without a card")
            }
            // Add-ons stack, so any number of them may be given beside the group's default.
            // An archived one is given to nobody, until it isn't archived any more.
            if plan.autoEnable, !plan.addOn, !plan.isArchived {
                let taken = defaults[plan.group] ?? published(defaultOf: plan.group)
                if let taken, taken != plan.id {
                    fault("\(path).auto_enable", "\"\(taken)\" is this group's default already")
                }
                defaults[plan.group] = plan.id
            }
            price(of: plan, at: path)
            trial(of: plan, at: path)
            items(of: plan, at: path)
            controls(of: plan, at: "\(path).controls")
        }
    }

    mutating func controls(of plan: Plan, at path: String) {
        for id in plan.controls.featureIDs where kinds[id] == nil {
            fault(path, "\"\(id)\" is not a published feature")
        }
        let kind = { [kinds] number in kinds[plan.controls.id(of: number)] }
        for violation in plan.controls.controls.violations(kind: kind) {
            fault("\(path).\(violation.path)", violation.message)
        }
    }

    func published(defaultOf group: String) -> String? {
        let plans = state.autoEnabled.map { state.plan($0) }
            .filter { $0.group == group && !$0.addOn }
        let kept = plans.first { plan in
            !draft.plans.contains { $0.id == plan.id } && !draft.removedPlans.contains(plan.id)
        }
        return kept?.id
    }

    mutating func price(of plan: Plan, at path: String) {
        guard let price = plan.price else { return }
        billed(price.cycle, at: "\(path).price")
        if price.amount < .zero { fault("\(path).price.amount", "must not be negative") }
        if let currency = Currency(code: draft.currency) {
            let money = Money(price: price.amount, count: Quantity(units: 1), currency: currency)
            if (money?.minorUnits ?? .max) > Money.lineLimit {
                fault("\(path).price.amount", "is too large")
            }
        }
        currencies(price.others, at: "\(path).price") { check, other, path in
            if other.amount < .zero { check.fault("\(path).amount", "must not be negative") }
            if !other.tiers.isEmpty { check.fault("\(path).tiers", "a base price has none") }
            let money = Money(
                price: other.amount, count: Quantity(units: 1), currency: other.currency)
            if (money?.minorUnits ?? .max) > Money.lineLimit {
                check.fault("\(path).amount", "is too large")
            }
        }
    }

    mutating func items(of plan: Plan, at path: String) {
        for (index, item) in plan.items.enumerated() {
            let path = "\(path).items[\(index)]"
            if plan.items[..<index].contains(where: item.isLike) {
                fault(
                    "\(path).feature_id",
                    "\"\(item.featureID)\" appears twice in this plan: items of a feature need "
                        + "other resets, or one of them a usage_price")
            }
            if item.prepaidPrice != nil,
                plan.items[..<index].contains(where: { $0.isPrepaid(item.featureID) })
            {
                fault("\(path).prepaid_price", "a plan sells packs of a feature at one price")
            }
            guard let kind = kinds[item.featureID] else {
                fault("\(path).feature_id", "\"\(item.featureID)\" is not a published feature")
                continue
            }
            rollover(of: item, kind, at: path)
            entities(of: item, at: path)
            switch kind {
            case .boolean: booleanItem(item, at: path)
            case .allocated: allocatedItem(item, at: path)
            case .metered, .creditSystem, .aiCreditSystem:
                consumableItem(item, at: path)
            case .concurrency: concurrencyItem(item, at: path)
            }
        }
    }

    /// Only what is granted again can go over (entitlements §5.3).
    mutating func rollover(of item: PlanItem, _ kind: FeatureKind, at path: String) {
        guard item.rollover != nil else { return }
        switch kind {
        case .boolean, .allocated, .concurrency:
            fault("\(path).rollover", "only what is used up can go over")
        case .metered, .creditSystem, .aiCreditSystem: break
        }
        if item.unlimited || item.reset.map({ $0.interval == .oneOff }) ?? true {
            fault("\(path).rollover", "needs a reset")
        }
    }

    mutating func entities(of item: PlanItem, at path: String) {
        guard let id = item.entityFeatureID else { return }
        if kinds[id] != .allocated {
            fault("\(path).entity_feature_id", "\"\(id)\" is not an allocated feature")
        } else if id == item.featureID {
            fault("\(path).entity_feature_id", "must be another feature")
        }
    }

    mutating func booleanItem(_ item: PlanItem, at path: String) {
        if item.included != .zero || item.unlimited || item.reset != nil
            || item.usagePrice != nil || item.prepaidPrice != nil
        {
            fault(path, "a boolean feature takes nothing but its feature_id")
        }
    }

    mutating func allocatedItem(_ item: PlanItem, at path: String) {
        amounts(item, at: path)
        if item.reset != nil { fault("\(path).reset", "an allocated feature never resets") }
    }

    mutating func concurrencyItem(_ item: PlanItem, at path: String) {
        amounts(item, at: path)
        if item.reset != nil { fault("\(path).reset", "a concurrency limit never resets") }
        if item.usagePrice != nil {
            fault("\(path).usage_price", "what is held open is never beyond a concurrency limit")
        }
        if item.prepaidPrice != nil {
            fault("\(path).prepaid_price", "a concurrency limit isn't sold in packs")
        }
    }

    mutating func consumableItem(_ item: PlanItem, at path: String) {
        amounts(item, at: path)
        guard item.usagePrice != nil else { return }
        switch item.reset?.interval {
        case .week, .month, .quarter, .semiAnnual, .year: break
        case nil, .oneOff, .minute, .hour, .day:
            fault("\(path).reset", "usage with a price needs a reset each week, month or longer")
        }
    }

    mutating func amounts(_ item: PlanItem, at path: String) {
        if item.included < .zero { fault("\(path).included", "must not be negative") }
        if item.included > Quantity(units: 10_000_000_000_000) {
            fault("\(path).included", "must be at most 10^13")
        }
        if item.unlimited,
            item.included != .zero || item.reset != nil || item.usagePrice != nil
                || item.prepaidPrice != nil
        {
            fault(path, "an unlimited item takes no included, reset or price")
        }
        prepaid(item, at: path)
        guard let price = item.usagePrice else { return }
        if price.amount < .zero { fault("\(path).usage_price.amount", "must not be negative") }
        tiers(price.tiers, after: item.included, at: "\(path).usage_price.tiers")
        packSize(price.billingUnits, at: "\(path).usage_price.billing_units")
        for (index, tier) in price.tiers.enumerated() where tier.flat != .zero {
            fault(
                "\(path).usage_price.tiers[\(index)].flat_amount",
                "only packs bought in advance have flat amounts")
        }
        if let most = price.maxPurchase, most < .zero {
            fault("\(path).usage_price.max_purchase", "must not be negative")
        }
        currencies(price.others, at: "\(path).usage_price") { check, other, path in
            if other.amount < .zero { check.fault("\(path).amount", "must not be negative") }
            check.tiers(other.tiers, after: item.included, at: "\(path).tiers")
            for (index, tier) in other.tiers.enumerated() where tier.flat != .zero {
                check.fault(
                    "\(path).tiers[\(index)].flat_amount",
                    "only packs bought in advance have flat amounts")
            }
        }
    }
}
