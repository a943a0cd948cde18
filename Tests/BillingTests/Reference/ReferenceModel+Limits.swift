@testable import Billing

/// What controls say about one feature, for one scope, now (§7.2).
struct ReferenceLimits {
    struct Window {
        var key: WindowKey
        var start: Int64
        var end: Int64
        var limit: Int128
        var used: Int128
    }

    /// nil: the buckets decide.
    var permission: Bool?
    /// The most overage; nil: none is set.
    var spend: Int128?
    var windows: [Window] = []

    /// nil: any amount.
    var headroom: Int128? { windows.map { $0.limit - $0.used }.min() }
}

extension ReferenceModel {
    private func levels(_ scope: UInt32) -> (entity: Controls?, plans: [Controls]) {
        let entity = members.first { $0.number == scope }?.controls
        let plans = contracts.map { self.plans[Int($0.plan) - 1].controls.controls }
        return (entity, plans.filter { !$0.isEmpty })
    }

    func limits(
        of feature: UInt32, _ scope: UInt32, _ properties: [EventProperty]
    ) -> ReferenceLimits {
        var limits = ReferenceLimits()
        limits.permission = permission(of: feature, scope)
        limits.spend = spendLimit(of: feature, scope)
        for (limit, owner) in usageLimits(of: feature, scope) where limit.isEnabled {
            let concerns = limit.filter.allSatisfy { wanted in
                properties.contains { $0.key == wanted.key && $0.value == wanted.value }
            }
            if concerns { limits.windows.append(window(limit, of: owner)) }
        }
        return limits
    }

    /// Entity, customer, plans; of several plans a no wins.
    func permission(of feature: UInt32, _ scope: UInt32) -> Bool? {
        func said(_ controls: Controls) -> Bool? {
            controls.overagePermissions.first { $0.feature.rawValue == feature }?.isEnabled
        }
        let levels = levels(scope)
        if let entity = levels.entity, let answer = said(entity) { return answer }
        if let answer = said(controls) { return answer }
        let answers = levels.plans.compactMap(said)
        return answers.isEmpty ? nil : !answers.contains(false)
    }

    private func spendLimit(of feature: UInt32, _ scope: UInt32) -> Amount? {
        func said(_ controls: Controls) -> SpendLimit? {
            controls.spendLimits.first { $0.feature?.rawValue == feature }
                ?? controls.spendLimits.first { $0.feature == nil }
        }
        let levels = levels(scope)
        let own = levels.entity.flatMap(said) ?? said(controls)
        // Of several plans the enabled one, then units before per cent, then the smaller.
        let ofPlans = levels.plans.compactMap(said).enumerated().min { a, b in
            func key(_ limit: SpendLimit, _ index: Int) -> [Amount] {
                switch limit.bound {
                case .units(let units): [limit.isEnabled ? 0 : 1, 0, units.raw, Amount(index)]
                case .absent: [limit.isEnabled ? 0 : 1, 2, 0, Amount(index)]
                case .percentage(let part): [limit.isEnabled ? 0 : 1, 1, part.raw, Amount(index)]
                }
            }
            return key(a.element, a.offset).lexicographicallyPrecedes(key(b.element, b.offset))
        }?.element
        guard let limit = own ?? ofPlans, limit.isEnabled else { return nil }
        switch limit.bound {
        case .absent: return nil
        case .units(let units): return units.raw
        case .percentage(let part):
            var base: Amount = 0
            for balance in usable(scope) where balance.feature == feature {
                guard balance.plan != nil, !balance.isAddOn, !balance.isRollover,
                    balance.nextReset != nil
                else { continue }
                base += balance.granted - balance.adjustment
            }
            return base > 0 ? ReferenceModel.percent(part.raw, of: base) : nil
        }
    }

    /// One for each filter, with whose count it is.
    private func usageLimits(of feature: UInt32, _ scope: UInt32) -> [(UsageLimit, UInt32)] {
        let levels = levels(scope)
        var found: [(UsageLimit, UInt32)] = []
        func said(_ controls: Controls) -> [UsageLimit] {
            controls.usageLimits.filter { $0.feature.rawValue == feature }
        }
        for limit in levels.entity.map(said) ?? [] { found.append((limit, scope)) }
        for limit in said(controls) where !found.contains(where: { $0.0.filter == limit.filter }) {
            found.append((limit, 0))
        }
        let closer = found.map(\.0.filter)
        var ofPlans: [UsageLimit] = []
        for limit in levels.plans.flatMap(said) where !closer.contains(limit.filter) {
            guard let index = ofPlans.firstIndex(where: { $0.filter == limit.filter }) else {
                ofPlans.append(limit)
                continue
            }
            if isStricter(limit, than: ofPlans[index]) { ofPlans[index] = limit }
        }
        return found + ofPlans.map { ($0, 0) }
    }

    private func isStricter(_ a: UsageLimit, than b: UsageLimit) -> Bool {
        func days(_ interval: Interval) -> Amount {
            switch interval {
            case .week: 7
            case .month: 30
            case .year: 365
            default: 1
            }
        }
        if a.isEnabled != b.isEnabled { return a.isEnabled }
        let rates = (a.limit.raw * days(b.interval), b.limit.raw * days(a.interval))
        if rates.0 != rates.1 { return rates.0 < rates.1 }
        return a.anchor == .utc && b.anchor != .utc
    }

    /// §7.3; a count that all entities share goes by one cycle, whoever adds to it.
    private func window(_ limit: UsageLimit, of owner: UInt32) -> ReferenceLimits.Window {
        var bounds = ReferenceCalendar.calendar(limit.interval, around: now)
        if limit.anchor == .billingCycle,
            let anchor = cycleBalance(of: limit.feature.rawValue, owner)?.anchor,
            let cycle = ReferenceCalendar.cycle(limit.interval, 1, anchor: anchor, around: now)
        {
            bounds = cycle
        }
        let key = WindowKey(
            feature: limit.feature, entity: owner, interval: limit.interval, filter: limit.filter)
        let counter = counters.first {
            $0.key == key && $0.start == bounds.start && $0.end == bounds.end
        }
        return ReferenceLimits.Window(
            key: key, start: bounds.start, end: bounds.end, limit: limit.limit.raw,
            used: counter?.used ?? 0)
    }

    /// The bucket whose cycle is the feature's: of those that reset, the one that is drawn from
    /// first.
    func cycleBalance(of feature: UInt32, _ scope: UInt32) -> Balance? {
        let found = usable(scope).filter { $0.feature == feature && $0.nextReset != nil }
        return ordered(found, scope).first
    }

    /// What a spread adds to the counts: units of the tracked feature, credits of a credit system
    /// (§2.5).
    func counted(
        _ spread: ReferenceSpread, asked: Amount
    ) -> [(window: ReferenceLimits.Window, amount: Amount)] {
        let taken = asked - spread.rest
        guard asked > 0, taken > 0, !spread.hasUnlimited else { return [] }
        var found: [(window: ReferenceLimits.Window, amount: Amount)] = []
        let touched = [spread.feature] + pools(spread.feature).map(\.feature)
        for feature in touched {
            let isTracked = feature == spread.feature && !spread.isCredits
            let amount = isTracked ? taken : spread.creditsTaken(feature)
            guard amount > 0 else { continue }
            for window in spread.limits[feature]?.windows ?? [] { found.append((window, amount)) }
        }
        return found
    }

    mutating func count(_ window: ReferenceLimits.Window, _ amount: Amount) {
        let old = counters.first { $0.key == window.key }
        if old.map({ $0.start != window.start || $0.end != window.end }) ?? true {
            for index in holds.indices { holds[index].counted.removeAll { $0.key == window.key } }
        }
        if old == nil { counters.removeAll { $0.end <= window.start } }
        counters.removeAll { $0.key == window.key }
        counters.append(
            Counter(
                key: window.key, start: window.start, end: window.end, used: window.used + amount))
    }

    /// Entity, customer, plans with the newest first: the closest that has any.
    func alerts(of feature: UInt32, _ scope: UInt32) -> [UsageAlert] {
        func said(_ controls: Controls) -> [UsageAlert] {
            controls.usageAlerts.filter { $0.feature == nil || $0.feature?.rawValue == feature }
        }
        let levels = levels(scope)
        let own = [levels.entity, controls].compactMap(\.self).map(said)
        if let closest = own.first(where: { !$0.isEmpty }) { return closest }
        return levels.plans.reversed().flatMap(said)
    }
}
