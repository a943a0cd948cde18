extension BucketSet {
    /// Records usage (entitlements §2.2, §2.4).
    package func decideTrack(
        _ usage: TrackUsage, pricing: PricingState, now: Timestamp
    ) throws(Refusal) -> Decision {
        if let time = usage.label?.time, time > now || time <= .epoch {
            throw .invalid([
                Violation(path: "event_time", message: "must be after 1970 and not in the future")
            ])
        }
        var deduction = Deduction(
            of: usage.value, feature: usage.feature, from: self, pricing: pricing,
            overage: usage.overage)
        let isFlag = pricing.kind(of: usage.feature) == .boolean
        let draws = isFlag ? [] : deduction.run()
        guard !deduction.overflows else { throw .outOfRange("value") }
        if !isFlag, usage.overage == .reject, deduction.rest > .zero {
            throw .insufficientBalance(featureID: pricing.feature(usage.feature).id)
        }
        var facts: [Fact] = []
        facts.reserveCapacity(draws.count + 1)
        facts.append(
            .usageRecorded(feature: usage.feature, value: usage.value, label: usage.label))
        for draw in draws {
            facts.append(.deducted(bucket: draw.bucket, amount: draw.amount))
        }
        return Decision(
            facts: facts,
            reply: .track(
                TrackReply(
                    value: usage.value,
                    balance: balance(afterwards: draws, of: usage.feature, pricing), draws: draws)))
    }

    /// Check and deduct in one commit: all of it, or nothing (entitlements §1.6).
    package func decideCheckAndDeduct(
        _ query: CheckQuery, pricing: PricingState
    ) throws(Refusal) -> Decision {
        guard pricing.kind(of: query.feature) != .boolean else {
            throw .invalid([
                Violation(path: "deduct", message: "a boolean feature has nothing to deduct")
            ])
        }
        var deduction = Deduction(
            of: query.required, feature: query.feature, from: self, pricing: pricing,
            overage: .reject)
        var answer = check(query, pricing: pricing)
        var decision = Decision()
        guard !deduction.isEmpty else {
            if query.required <= .zero { answer.reason = .nothingRequired }
            decision.reply = .check(answer)
            return decision
        }
        let draws = deduction.run()
        guard !deduction.overflows else { throw .outOfRange("required_quantity") }
        if deduction.rest > .zero {
            // Own balance and credits are compared one by one, but drawn together: what counts
            // here is whether the whole amount could be drawn.
            if answer.allowed { answer.reason = .insufficientBalance }
        } else {
            if !answer.allowed { answer.reason = .included }
            decision.facts = [.usageRecorded(feature: query.feature, value: query.required)]
            for draw in draws {
                decision.facts.append(.deducted(bucket: draw.bucket, amount: draw.amount))
            }
            let shown = answer.balance?.feature ?? query.feature
            answer.balance = balance(of: shown, after: draws)
        }
        decision.reply = .check(answer)
        return decision
    }

    /// The balance that a track shows: the tracked feature's when something was drawn there or
    /// nothing anywhere, else that of the first credit system drawn from (entitlements §2.7).
    private func balance(
        afterwards draws: [Draw], of feature: FeatureNumber, _ pricing: PricingState
    ) -> BalanceView? {
        guard pricing.kind(of: feature) != .boolean else { return nil }
        let drawn = draws.contains { $0.feature == feature } ? feature : draws.first?.feature
        if let drawn { return balance(of: drawn, after: draws) }
        if let own = balance(of: feature) { return own }
        for pool in pricing.pools(of: feature) {
            if let view = balance(of: pool.feature) { return view }
        }
        return nil
    }
}

extension Refusal {
    fileprivate static func outOfRange(_ path: String) -> Refusal {
        .invalid([Violation(path: path, message: "takes a balance beyond 10^17")])
    }
}
