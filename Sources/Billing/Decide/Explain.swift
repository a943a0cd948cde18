/// How the answer to a check comes about: what the check's own code noted on the way, and what a
/// deduction would draw.
package struct CheckExplanation: Sendable {
    /// A balance that was looked at.
    package struct Pool: Sendable {
        package var feature: FeatureNumber
        /// nil: the feature itself.
        package var cost: UnitPrice?
        package var isOwned: Bool
        package var required: Quantity
        /// Of a credit system: those that decide whether it is chosen.
        package var choosing: [CheckTrace.Rule]
        /// Empty: another one was chosen before.
        package var rules: [CheckTrace.Rule]
        package var reason: CheckReason
        /// Its answer is the check's.
        package var decides: Bool
        package var remaining: Quantity
        package var overage: Quantity
        package var limits: [Limit]
    }

    /// A limit or a permission that concerns a balance, and whose it is.
    package struct Limit: Sendable {
        package enum Kind: Sendable {
            case window(UsageLimit, UsageWindow)
            case spend(UnitsOfOverage)
            case permission(Bool)
        }

        package struct UnitsOfOverage: Sendable {
            package var limit: Quantity
            package var overage: Quantity
        }

        package var owner: ControlOwner
        /// Of a subscription.
        package var plan: PlanNumber?
        package var kind: Kind
    }

    /// A bucket that may be drawn from.
    package struct Part: Sendable {
        package var bucket: Bucket
        /// 0: the customer's own.
        package var entity: UInt32
        /// nil: it is the feature's own.
        package var cost: UnitPrice?
        /// In its own units; negative: what it would get back.
        package var gives = Quantity.zero
        /// Units of the feature.
        package var covers = Quantity.zero
    }

    /// A bucket that doesn't count.
    package struct Excluded: Sendable {
        /// Raw values are those of `tally.v1.ExcludedPartReason`.
        package enum Reason: UInt8, Sendable {
            case otherEntity = 1
            case entityOnly = 2
            case poolingDisabled = 3
            case pastDue = 4
            case paused = 5
        }

        package var bucket: Bucket
        package var entity: UInt32
        package var reason: Reason
    }

    package var answer: CheckAnswer
    package var pools: [Pool]
    /// In the order they are drawn from.
    package var parts: [Part]
    /// Units that none of them would give.
    package var missing: Quantity
    package var excluded: [Excluded]
}

extension CustomerState {
    /// Answers as `check` does, and tells how.
    package func explain(
        _ query: CheckQuery, pricing: PricingState, now: Timestamp
    ) throws(Refusal) -> CheckExplanation {
        let usable = usableBuckets(pricing)
        let scope = try usable.scope(of: query.entity)
        let trace = CheckTrace()
        var answer = CheckAnswer(to: query)
        try usable.check(query, pricing: pricing, now: now, answering: &answer, trace)
        var parts: [CheckExplanation.Part] = []
        var missing = Quantity.zero
        switch pricing.kind(of: query.feature) {
        case .boolean: parts = usable.flags(query.feature, scope)
        case .concurrency:
            parts = usable.slots(query.feature, scope)
            let free = answer.balance?.remaining ?? .zero
            missing = answer.allowed ? .zero : (query.required - free).clampedToZero
        case .metered, .allocated, .creditSystem, .aiCreditSystem:
            let drawing = usable.draw(
                Demand(
                    value: query.required, feature: query.feature, scope: scope, overage: .reject,
                    properties: query.properties, keepsReceipt: true), pricing, now)
            parts = drawing.deduction.parts
            missing = drawing.deduction.rest.clampedToZero
        }
        let deciding = answer.balance?.feature ?? query.feature
        return CheckExplanation(
            answer: answer,
            pools: trace.looks.map { look in
                CheckExplanation.Pool(
                    feature: look.view.feature, cost: look.cost, isOwned: look.isOwned,
                    required: look.required, choosing: look.choosing, rules: look.rules,
                    reason: look.reason, decides: look.view.feature == deciding,
                    remaining: look.view.remaining, overage: look.view.overage,
                    limits: limits(look, usable, scope))
            }, parts: parts, missing: missing,
            excluded: excluded(query.feature, usable, scope, pricing))
    }

    /// The limits that were looked at, with their owners.
    private func limits(
        _ look: CheckTrace.Look, _ usable: BucketSet, _ scope: Scope
    ) -> [CheckExplanation.Limit] {
        guard let limits = look.limits else { return [] }
        let levels = ControlLevels(usable.extras, scope)
        let all = levels.all
        var found: [CheckExplanation.Limit] = []
        func add(_ kind: CheckExplanation.Limit.Kind, of owner: ControlOwner) {
            var limit = CheckExplanation.Limit(owner: owner, kind: kind)
            if case .subscription(let number) = owner {
                limit.plan = subscription(number)?.plan.plan
            }
            found.append(limit)
        }
        // Loops, not closures: in a debug build Swift 6.3.1 puts a quantity that one captures where
        // an aligned store traps.
        for window in limits.windows {
            for level in all where level.controls.usageLimits.contains(window.limit) {
                add(.window(window.limit, window.current), of: level.owner)
                break
            }
        }
        if let most = limits.overageLimit, let limit = levels.spendLimit(of: limits.feature) {
            for level in all where level.controls.spendLimits.contains(limit) {
                add(.spend(.init(limit: most, overage: look.view.overage)), of: level.owner)
                break
            }
        }
        if let isAllowed = limits.allowsOverage {
            let permission = OveragePermission(feature: limits.feature, isEnabled: isAllowed)
            for level in all where level.controls.overagePermissions.contains(permission) {
                add(.permission(isAllowed), of: level.owner)
                break
            }
        }
        return found
    }

    /// Buckets of the feature or of what it draws from that the check passed over.
    private func excluded(
        _ feature: FeatureNumber, _ usable: BucketSet, _ scope: Scope, _ pricing: PricingState
    ) -> [CheckExplanation.Excluded] {
        let features = [feature] + pricing.pools(of: feature).map(\.feature)
        let unpaid = unpaid(pricing)
        let paused = subscriptions.filter(\.isPaused).map(\.number)
        var counted: Set<UInt32> = []
        usable.eachUsable(scope) { bucket, _ in counted.insert(bucket.number) }
        var found: [CheckExplanation.Excluded] = []
        buckets.each { bucket, entity in
            guard features.contains(bucket.feature), !counted.contains(bucket.number) else {
                return
            }
            let reason: CheckExplanation.Excluded.Reason =
                if paused.contains(bucket.subscription) {
                    .paused
                } else if unpaid.contains(bucket.subscription) {
                    .pastDue
                } else if entity == 0 {
                    .poolingDisabled
                } else {
                    scope.isEntity ? .otherEntity : .entityOnly
                }
            found.append(.init(bucket: bucket, entity: entity, reason: reason))
        }
        return found
    }
}

extension BucketSet {
    /// What is free of each grant of a concurrency limit.
    fileprivate func slots(_ feature: FeatureNumber, _ scope: Scope) -> [CheckExplanation.Part] {
        let slots = SlotCount(of: feature, self)
        var found: [CheckExplanation.Part] = []
        eachUsable(scope) { bucket, entity in
            guard bucket.feature == feature else { return }
            let free = slots.free(bucket).balance.clampedToZero
            found.append(
                CheckExplanation.Part(bucket: bucket, entity: entity, gives: free, covers: free))
        }
        return found
    }

    /// What there is of a flag.
    fileprivate func flags(
        _ feature: FeatureNumber, _ scope: Scope
    ) -> [CheckExplanation.Part] {
        var found: [CheckExplanation.Part] = []
        eachUsable(scope) { bucket, entity in
            guard bucket.feature == feature else { return }
            found.append(CheckExplanation.Part(bucket: bucket, entity: entity))
        }
        return found
    }
}
