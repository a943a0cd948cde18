/// What usage is about to change: to be seen before it does, without a copy of the customer.
struct Aftermath {
    static let none = Aftermath(draws: [], windows: [])

    var draws: [Draw]
    /// Counts of usage limits, as they will be.
    var windows: [UsageWindow]
}

extension BucketSet {
    /// Less than anybody uses, for asking whether anything may be used at all.
    private static let probe = Quantity(raw: 1_000)

    /// Says which thresholds the draws pass (entitlements §7.4): each once, in the commit that
    /// passes it.
    func notice(
        _ draws: [Draw], windows: [UsageWindow], of feature: FeatureNumber,
        properties: [EventProperty], _ scope: Scope, _ pricing: PricingState, _ now: Timestamp,
        _ facts: inout [Fact]
    ) {
        let isControlled = hasControls(scope)
        guard
            draws.contains(where: { isUsedUp($0, of: feature, in: scope, draws, pricing) })
                || isControlled
        else { return }
        let after = Aftermath(draws: draws, windows: windows)
        var query = CheckQuery(feature: feature, required: BucketSet.probe)
        query.properties = properties
        var before = CheckAnswer(to: query)
        var afterwards = before
        check(query, scope, pricing, now, answering: &before)
        check(query, scope, pricing, now, answering: &afterwards, after: after)
        if before.allowed, let kind = afterwards.reason.limitKind {
            facts.append(
                .notified(
                    Notice(feature: feature, entity: scope.entity, event: .limitReached(kind))))
        }
        guard isControlled else { return }
        let levels = ControlLevels(extras, scope)
        var drawn: [FeatureNumber] = []
        for draw in draws where !drawn.contains(draw.feature) { drawn.append(draw.feature) }
        for feature in drawn {
            alert(feature, levels, draws, scope, &facts)
        }
    }

    /// The draws leave less where this one drew than the probe asks for.
    private func isUsedUp(
        _ draw: Draw, of feature: FeatureNumber, in scope: Scope, _ draws: [Draw],
        _ pricing: PricingState
    ) -> Bool {
        guard draw.amount > .zero else { return false }
        let pool = pricing.pools(of: feature).first { $0.feature == draw.feature }
        let least = max(BucketSet.probe, pool.map { BucketSet.probe.credits(at: $0.cost) } ?? .zero)
        var rest = Quantity.zero
        eachUsable(scope, of: { $0 == draw.feature }) { bucket, entity in
            guard bucket.feature == draw.feature else { return }
            var balance = bucket.balance
            for other in draws where other.bucket == bucket.number && other.entity == entity {
                balance = balance - other.amount
            }
            rest = rest + balance.clampedToZero
        }
        return rest < least
    }

    private func alert(
        _ feature: FeatureNumber, _ levels: ControlLevels, _ draws: [Draw], _ scope: Scope,
        _ facts: inout [Fact]
    ) {
        let alerts = levels.usageAlerts(of: feature).filter(\.isEnabled)
        guard !alerts.isEmpty, let old = balance(of: feature, in: scope),
            let new = balance(of: feature, in: scope, after: draws), !new.unlimited
        else { return }
        for var alert in alerts where alert.fires(from: old, to: new) {
            // Of an alert for every feature it says which one.
            alert.feature = feature
            facts.append(
                .notified(Notice(feature: feature, entity: scope.entity, event: .alert(alert))))
        }
    }
}

extension UsageAlert {
    /// The threshold lies between the two.
    fileprivate func fires(from old: BalanceView, to new: BalanceView) -> Bool {
        switch measure {
        case .usage: old.usage < threshold && threshold <= new.usage
        case .usagePercentage:
            old.usage < new.granted.percent(threshold)
                && new.granted.percent(threshold) <= new.usage
        case .remaining: old.remaining > threshold && threshold >= new.remaining
        case .remainingPercentage:
            old.remaining > new.granted.percent(threshold)
                && new.granted.percent(threshold) >= new.remaining
        }
    }
}

extension CheckReason {
    fileprivate var limitKind: LimitKind? {
        switch self {
        case .insufficientBalance: .included
        case .maxPurchase: .maxPurchase
        case .spendLimit: .spendLimit
        case .usageLimit: .usageLimit
        case .included, .unlimited, .overage, .flag, .planActive, .planCanceling, .planRenewing,
            .planPastDue, .nothingRequired, .notIncluded, .planNotAttached, .planScheduled,
            .planEnded, .planUnpaid, .planPaused, .concurrencyLimit:
            nil
        }
    }
}
