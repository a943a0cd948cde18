@testable import Billing

/// Tracks and checks (§1, §2).
extension ReferenceModel {
    // MARK: Track

    mutating func trackEvent(_ usage: TrackUsage) throws(ReferenceRefusal) -> [ReferenceTrack] {
        var replies: [ReferenceTrack] = []
        var seen: [FeatureNumber] = []
        if usage.hold != nil, !usage.others.isEmpty || usage.setsUsage {
            throw ReferenceRefusal("invalid hold")
        }
        for feature in [usage.feature] + usage.others where !seen.contains(feature) {
            seen.append(feature)
            replies.append(try track(usage, feature.rawValue))
        }
        return replies
    }

    private mutating func track(
        _ usage: TrackUsage, _ feature: UInt32
    ) throws(ReferenceRefusal) -> ReferenceTrack {
        let properties = usage.label?.properties ?? []
        if let time = usage.label?.time?.milliseconds, time > now || time <= 0 {
            throw ReferenceRefusal("invalid event_time")
        }
        let scope = try scope(usage.entity)
        if isSlots(feature) { throw ReferenceRefusal("invalid feature_id") }
        if let hold = usage.hold { try admit(hold, feature) }
        if usage.refusesLate, let time = usage.label?.time {
            try refuseLate(time.milliseconds, feature, scope)
        }
        if usage.setsUsage, kind(feature) != .boolean { return try setUsage(usage, feature, scope) }
        if kind(feature) == .boolean {
            return ReferenceTrack(value: usage.value.raw, figures: nil, draws: [])
        }
        let (spread, denial) = ran(
            usage.value.raw, of: feature, scope, usage.overage, properties)
        if spread.overflows { throw ReferenceRefusal("invalid value") }
        if usage.overage == .reject, spread.rest > 0, denial == nil {
            throw ReferenceRefusal("insufficientBalance")
        }
        let counted = counted(spread, asked: usage.value.raw)
        apply(spread, counted, feature, properties, scope)
        if let hold = usage.hold { open(hold, feature, spread, counted, properties, scope) }
        let unlimited = spread.buckets.first { $0.isUnlimited }?.feature
        return ReferenceTrack(
            value: usage.value.raw,
            figures: unlimited.map { shown($0, scope) }
                ?? shownAfter(spread.draws, feature, scope),
            draws: spread.draws)
    }

    /// Makes the changes, and tells who is to be told (§7.4).
    mutating func apply(
        _ spread: ReferenceSpread,
        _ counted: [(window: ReferenceLimits.Window, amount: Amount)], _ feature: UInt32,
        _ properties: [EventProperty], _ scope: UInt32
    ) {
        let draws = spread.draws
        let before = self
        for draw in draws { change(draw.bucket) { $0.balance -= draw.amount.raw } }
        for (window, amount) in counted { count(window, amount) }
        if kind(feature) != .boolean {
            let probe = 1_000 as Amount
            let was = before.check(feature, probe, properties, scope)
            let kind = check(feature, probe, properties, scope).reason.limit
            if was.reason.allows, let kind { notify(feature, scope, .limitReached(kind)) }
        }
        var told: [UInt32] = []
        for draw in draws where !told.contains(draw.feature.rawValue) {
            let drawn = draw.feature.rawValue
            told.append(drawn)
            guard let old = before.figures(of: drawn, scope), let new = figures(of: drawn, scope),
                !new.isUnlimited
            else { continue }
            for var alert in alerts(of: drawn, scope) where alert.isEnabled {
                alert.feature = FeatureNumber(rawValue: drawn)
                if fires(alert, old, new) { notify(drawn, scope, .alert(alert)) }
            }
        }
    }

    private mutating func notify(_ feature: UInt32, _ scope: UInt32, _ event: Notice.Event) {
        notices.append(
            Notice(feature: FeatureNumber(rawValue: feature), entity: scope, event: event))
    }

    private func fires(
        _ alert: UsageAlert, _ old: ReferenceFigures, _ new: ReferenceFigures
    ) -> Bool {
        let threshold = alert.threshold.raw
        let part = ReferenceModel.percent(threshold, of: new.granted)
        switch alert.measure {
        case .usage: return old.usage < threshold && threshold <= new.usage
        case .usagePercentage: return old.usage < part && part <= new.usage
        case .remaining: return old.remaining > threshold && threshold >= new.remaining
        case .remainingPercentage: return old.remaining > part && part >= new.remaining
        }
    }

    private mutating func setUsage(
        _ usage: TrackUsage, _ feature: UInt32, _ scope: UInt32
    ) throws(ReferenceRefusal) -> ReferenceTrack {
        let targets = usable(scope).filter { $0.feature == feature }
        if targets.isEmpty { throw ReferenceRefusal("balanceNotFound") }
        let used = targets.reduce(0) { $0 + $1.usage }
        var spread = correction(usage.value.raw - used, targets, scope)
        spread.run()
        if spread.overflows { throw ReferenceRefusal("invalid value") }
        apply(spread, [], feature, usage.label?.properties ?? [], scope)
        return ReferenceTrack(
            value: usage.value.raw, figures: shownAfter(spread.draws, feature, scope),
            draws: spread.draws)
    }

    /// It lies before the feature's present cycle, or one that is counted from the same anchor.
    private func refuseLate(
        _ time: Int64, _ feature: UInt32, _ scope: UInt32
    ) throws(ReferenceRefusal) {
        let touched = [feature] + pools(feature).map(\.feature)
        for balance in usable(scope)
        where touched.contains(balance.feature) && balance.nextReset != nil && balance.anchor <= now
        {
            let cycle = ReferenceCalendar.cycle(
                balance.interval, balance.count, anchor: balance.anchor, around: now)
            if let cycle, time < cycle.start { throw ReferenceRefusal("invalid event_time") }
        }
    }

    /// §2.7, the draws having been made and nothing being unlimited.
    func shownAfter(_ draws: [Draw], _ feature: UInt32, _ scope: UInt32) -> ReferenceFigures? {
        if kind(feature) == .boolean { return nil }
        if draws.contains(where: { $0.feature.rawValue == feature }) {
            return shown(feature, scope)
        }
        if let first = draws.first { return shown(first.feature.rawValue, scope) }
        let candidates = [feature] + pools(feature).map(\.feature)
        return candidates.lazy.compactMap { self.shown($0, scope) }.first
    }

    // MARK: Check

    mutating func checkAndDeduct(
        _ query: CheckQuery
    ) throws(ReferenceRefusal) -> ReferenceAnswer {
        let feature = query.feature.rawValue
        if isSlots(feature) { return try takeSlots(query) }
        if kind(feature) == .boolean { throw ReferenceRefusal("invalid deduct") }
        let scope = try scope(query.entity)
        if let hold = query.hold { try admit(hold, feature) }
        var answer = check(feature, query.required.raw, query.properties, scope)
        let (spread, denial) = ran(
            query.required.raw, of: feature, scope, .reject, query.properties)
        if spread.buckets.isEmpty, denial == nil {
            if query.required.raw <= 0 { answer.reason = .nothingRequired }
            return answer
        }
        if spread.overflows { throw ReferenceRefusal("invalid required_quantity") }
        if let denial {
            answer.reason = denial
            answer.isShadow = true
        } else if spread.rest > 0 {
            if answer.reason.allows { answer.reason = .insufficientBalance }
            return answer
        } else if !answer.reason.allows {
            answer.reason = .included
        }
        let counted = counted(spread, asked: query.required.raw)
        apply(spread, counted, feature, query.properties, scope)
        if let hold = query.hold { open(hold, feature, spread, counted, query.properties, scope) }
        answer.figures = shown(answer.figures?.feature ?? feature, scope)
        return answer
    }

    /// A plain check (§1.4, §1.5).
    func check(_ query: CheckQuery) throws(ReferenceRefusal) -> ReferenceAnswer {
        let scope = try scope(query.entity)
        var answer = check(
            query.feature.rawValue, query.required.raw, query.properties, scope)
        answer.isShadow =
            !answer.reason.allows && features[Int(query.feature.rawValue) - 1].isShadow
        return answer
    }

    func check(
        _ feature: UInt32, _ required: Amount, _ properties: [EventProperty], _ scope: UInt32
    ) -> ReferenceAnswer {
        let none = ReferenceAnswer(reason: .notIncluded, required: required)
        if kind(feature) == .boolean {
            guard usable(scope).contains(where: { $0.feature == feature }) else { return none }
            return ReferenceAnswer(reason: .flag, required: required, hasFlag: true)
        }
        let own = figures(of: feature, scope)
        let limits = limits(of: feature, scope, properties)
        let ownReason = own.map { verdict($0, required, limits, headroom: limits.headroom) }
        func answer(_ of: UInt32, _ reason: CheckReason, _ required: Amount) -> ReferenceAnswer {
            ReferenceAnswer(reason: reason, required: required, figures: shown(of, scope))
        }
        if let ownReason, ownReason.allows { return answer(feature, ownReason, required) }
        var firstOwned: ReferenceAnswer?
        for pool in pools(feature) {
            guard let figures = figures(of: pool.feature, scope) else { continue }
            let poolLimits = self.limits(of: pool.feature, scope, properties)
            let fromFeature = limits.headroom.map { ReferenceSpread.credits($0, pool.cost) }
            let room = [fromFeature, poolLimits.headroom].compactMap(\.self).min()
            let converted = ReferenceSpread.credits(required, pool.cost)
            let found = answer(
                pool.feature, verdict(figures, converted, poolLimits, headroom: room), converted)
            // The quirk of §1.4: the amount as it was asked for decides here.
            if verdict(figures, required, poolLimits, headroom: room).allows { return found }
            if firstOwned == nil { firstOwned = found }
        }
        return firstOwned ?? ownReason.map { answer(feature, $0, required) } ?? none
    }

    private func verdict(
        _ figures: ReferenceFigures, _ required: Amount, _ limits: ReferenceLimits,
        headroom: Amount?
    ) -> CheckReason {
        if figures.isUnlimited { return .unlimited }
        if required < 0 { return .nothingRequired }
        if let headroom, required > max(0, headroom) { return .usageLimit }
        if required <= figures.remaining { return .included }
        guard limits.permission ?? figures.overageAllowed else {
            return isSlots(figures.feature) ? .concurrencyLimit : .insufficientBalance
        }
        let short = required - figures.remaining
        if let most = limits.spend {
            return short <= max(0, most - figures.overage) ? .overage : .spendLimit
        }
        guard figures.overageAllowed, let most = figures.maxPurchase else { return .overage }
        return short <= max(0, most - figures.overage) ? .overage : .maxPurchase
    }

    // MARK: Figures (§4.2)

    /// Of what may be used; nil: there is no bucket.
    func figures(of feature: UInt32, _ scope: UInt32) -> ReferenceFigures? {
        let found = free(usable(scope).filter { $0.feature == feature })
        if found.isEmpty { return nil }
        var figures = ReferenceFigures(feature: feature)
        add(found, to: &figures)
        if found.contains(where: { $0.isUnlimited }) {
            figures.isUnlimited = true
            figures.granted = 0
            figures.remaining = 0
            figures.overage = 0
            return figures
        }
        let priced = found.filter(\.isPriced)
        figures.overageAllowed = !priced.isEmpty
        if !priced.isEmpty, !priced.contains(where: { $0.most == nil }) {
            figures.maxPurchase = priced.reduce(0) { $0 + ($1.most ?? 0) }
        }
        return figures
    }

    private func add(_ found: [Balance], to figures: inout ReferenceFigures) {
        for balance in found {
            figures.granted += balance.granted
            figures.remaining += balance.rest
            figures.usage += balance.usage
            figures.overage += balance.overage
            if let next = balance.nextReset {
                figures.nextReset = min(figures.nextReset ?? next, next)
            }
        }
    }

    /// As it is shown: to the customer as a whole with what its entities have for themselves
    /// (§1.3).
    func shown(_ feature: UInt32, _ scope: UInt32) -> ReferenceFigures? {
        var usable = figures(of: feature, scope)
        if usable?.isUnlimited == true { return usable }
        let permission = self.permission(of: feature, scope)
        if let permission {
            usable?.overageAllowed = permission
            if !permission { usable?.maxPurchase = nil }
        }
        if scope != 0 { return usable }
        let others = free(
            allBalances.filter {
                $0.feature == feature && $0.entity != 0 && !$0.isSlice && !$0.isUnlimited
            })
        if usable == nil, others.isEmpty { return nil }
        var figures = usable ?? ReferenceFigures(feature: feature)
        if usable == nil, let permission { figures.overageAllowed = permission }
        add(others, to: &figures)
        return figures
    }
}

extension CheckReason {
    fileprivate var limit: LimitKind? {
        switch self {
        case .insufficientBalance: .included
        case .maxPurchase: .maxPurchase
        case .spendLimit: .spendLimit
        case .usageLimit: .usageLimit
        default: nil
        }
    }
}
