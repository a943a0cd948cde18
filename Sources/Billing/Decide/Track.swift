extension BucketSet {
    /// Records usage (entitlements §2.2, §2.4).
    package func decideTrack(
        _ usage: TrackUsage, pricing: PricingState, now: Timestamp
    ) throws(Refusal) -> Decision {
        if usage.hold != nil, !usage.others.isEmpty || usage.setsUsage {
            throw .invalid([
                Violation(path: "hold", message: "takes one feature, and usage that is added")
            ])
        }
        if usage.others.isEmpty { return try decideTrackOne(usage, pricing: pricing, now: now) }
        var features = [usage.feature]
        for feature in usage.others where !features.contains(feature) { features.append(feature) }
        let parts = features.map { feature in
            var part = usage
            part.feature = feature
            part.others = []
            return part
        }
        var decision = try decideTrackAll(parts, pricing: pricing, now: now)
        if case .trackAll(let replies) = decision.reply {
            decision.reply = .trackFeatures(replies)
        }
        return decision
    }

    /// Each sees what the ones before it drew.
    func decideTrackAll(
        _ parts: [TrackUsage], pricing: PricingState, now: Timestamp
    ) throws(Refusal) -> Decision {
        var draft = self
        var decision = Decision()
        var replies: [TrackReply] = []
        for part in parts {
            let one = try draft.decideTrack(part, pricing: pricing, now: now)
            for fact in one.facts where !draft.apply(fact) {
                draft.changeExtras { $0.apply(fact) }
            }
            decision.facts += one.facts
            switch one.reply {
            case .track(let reply): replies.append(reply)
            case .trackFeatures(let more): replies += more
            case .none, .created, .updated, .check, .trackAll, .trackTokens, .trackTokensAll,
                .settled, .customer, .entity, .attach, .clock, .refunded, .reported, .paidLate,
                .redeemed, .migrated, .invoice, .referralCode, .referred, .imported, .recorded:
                preconditionFailure("a track replies with a track")
            }
        }
        decision.reply = .trackAll(replies)
        return decision
    }

    private func decideTrackOne(
        _ usage: TrackUsage, pricing: PricingState, now: Timestamp
    ) throws(Refusal) -> Decision {
        if let time = usage.label?.time, time > now || time <= .epoch {
            throw .invalid([
                Violation(path: "event_time", message: "must be after 1970 and not in the future")
            ])
        }
        let scope = try scope(of: usage.entity)
        guard pricing.kind(of: usage.feature) != .concurrency else { throw .heldNotTracked }
        let hold = try usage.hold.map { (request) throws(Refusal) in
            try admit(request, of: usage.feature, pricing, now)
        }
        if usage.refusesLate { try refuseLate(usage, scope, pricing, now) }
        if pricing.kind(of: usage.feature) == .boolean { return recordFlag(usage) }
        if usage.setsUsage { return try decideSetUsage(usage, scope, pricing, now) }
        let drawing = draw(
            Demand(
                value: usage.value, feature: usage.feature, scope: scope, overage: usage.overage,
                properties: usage.label?.properties ?? [], keepsReceipt: hold != nil),
            pricing, now)
        guard !drawing.deduction.overflows else { throw .outOfRange("value") }
        if usage.overage == .reject, !drawing.isWhole {
            throw .insufficientBalance(featureID: pricing.feature(usage.feature).id)
        }
        var facts: [Fact] = []
        facts.reserveCapacity(drawing.draws.count + 1)
        facts.append(
            .usageRecorded(
                feature: usage.feature, value: usage.value,
                label: EventLabel.of(usage.label, entity: usage.entity, shadow: drawing.shadow)))
        deduct(drawing, feature: usage.feature, usage.label, scope, pricing, now, &facts)
        if let hold {
            facts.append(
                .holdOpened(
                    hold.with(drawing.deduction, scope, properties: usage.label?.properties ?? [])))
        }
        let shown =
            if let unlimited = drawing.deduction.unlimited {
                shownBalance(of: unlimited, in: scope, after: drawing.draws)
            } else {
                balance(afterwards: drawing.draws, of: usage.feature, scope, pricing)
            }
        return Decision(
            facts: facts,
            reply: .track(reply(usage.value, shown, drawing.draws)))
    }

    /// What is on or off is never used up.
    private func recordFlag(_ usage: TrackUsage) -> Decision {
        Decision(
            facts: [
                .usageRecorded(
                    feature: usage.feature, value: usage.value,
                    label: EventLabel.of(usage.label, entity: usage.entity))
            ], reply: .track(reply(usage.value, nil, [])))
    }

    func reply(_ value: Quantity, _ balance: BalanceView?, _ draws: [Draw]) -> TrackReply {
        var reply = TrackReply(value: value, balance: balance, draws: draws)
        let details = self.details
        if !details.isEmpty {
            reply.details = details.filter { detail in
                draws.contains { $0.bucket == detail.bucket }
            }
        }
        return reply
    }

    /// What the draws change, and who is told of it.
    func deduct(
        _ drawing: Drawing, feature: FeatureNumber, _ label: EventLabel?,
        _ scope: Scope, _ pricing: PricingState, _ now: Timestamp, _ facts: inout [Fact]
    ) {
        for draw in drawing.draws {
            facts.append(
                .deducted(bucket: draw.bucket, amount: draw.amount, entity: draw.entity))
        }
        let windows = hasExtras ? drawing.deduction.countedWindows : []
        for window in windows { facts.append(.windowCounted(window)) }
        notice(
            drawing.draws, windows: windows, of: feature, properties: label?.properties ?? [],
            scope, pricing, now, &facts)
    }

    /// Makes the usage what the caller says it is, outside all limits (entitlements §2.1).
    private func decideSetUsage(
        _ usage: TrackUsage, _ scope: Scope, _ pricing: PricingState, _ now: Timestamp
    ) throws(Refusal) -> Decision {
        var buckets: [(Bucket, UInt32)] = []
        var used = Quantity.zero
        eachUsable(scope, of: { $0 == usage.feature }) { bucket, entity in
            guard bucket.feature == usage.feature else { return }
            buckets.append((bucket, entity))
            used = used + bucket.usage
        }
        guard !buckets.isEmpty else { throw .balanceNotFound }
        let change = usage.value - used
        var deduction = Deduction(
            correcting: change, buckets, scope: scope, order: pricing.order)
        let draws = deduction.run()
        guard !deduction.overflows else { throw .outOfRange("value") }
        var facts: [Fact] = [
            .usageRecorded(
                feature: usage.feature, value: change,
                label: EventLabel.of(usage.label, entity: usage.entity))
        ]
        deduct(
            Drawing(deduction: deduction, draws: draws), feature: usage.feature, usage.label,
            scope, pricing, now, &facts)
        let shown = balance(afterwards: draws, of: usage.feature, scope, pricing)
        return Decision(
            facts: facts,
            reply: .track(reply(usage.value, shown, draws)))
    }

    /// Usage of a cycle that is over, of any balance it may draw from, can't be counted in it any
    /// more.
    private func refuseLate(
        _ usage: TrackUsage, _ scope: Scope, _ pricing: PricingState, _ now: Timestamp
    ) throws(Refusal) {
        guard let time = usage.label?.time else { return }
        let pools = pricing.pools(of: usage.feature)
        var isLate = false
        eachUsable(scope) { bucket, _ in
            guard bucket.nextReset != .never,
                bucket.feature == usage.feature
                    || pools.contains(where: { $0.feature == bucket.feature })
            else { return }
            let period = bucket.cycle.period(around: now, anchor: bucket.anchor)
            if time < period.lowerBound { isLate = true }
        }
        guard isLate else { return }
        throw .invalid([
            Violation(path: "event_time", message: "lies in a cycle that is over")
        ])
    }

    /// Check and deduct in one commit: all of it, or nothing (entitlements §1.6).
    package func decideCheckAndDeduct(
        _ query: CheckQuery, pricing: PricingState, now: Timestamp
    ) throws(Refusal) -> Decision {
        let kind = pricing.kind(of: query.feature)
        guard kind != .concurrency else {
            return try decideTakeSlots(query, pricing: pricing, now: now)
        }
        guard kind != .boolean else {
            throw .invalid([
                Violation(path: "deduct", message: "a boolean feature has nothing to deduct")
            ])
        }
        let scope = try scope(of: query.entity)
        let hold = try query.hold.map { (request) throws(Refusal) in
            try admit(request, of: query.feature, pricing, now)
        }
        let drawing = draw(
            Demand(
                value: query.required, feature: query.feature, scope: scope, overage: .reject,
                properties: query.properties, keepsReceipt: hold != nil), pricing, now)
        var answer = CheckAnswer(to: query)
        check(query, scope, pricing, now, answering: &answer)
        var decision = Decision()
        guard !drawing.deduction.isEmpty || drawing.shadow != nil else {
            if query.required <= .zero { answer.reason = .nothingRequired }
            decision.reply = .check(answer)
            return decision
        }
        guard !drawing.deduction.overflows else { throw .outOfRange("required_quantity") }
        if !drawing.isWhole {
            // Own balance and credits are compared one by one, but drawn together: what counts
            // here is whether the whole amount could be drawn.
            if answer.allowed { answer.reason = .insufficientBalance }
            complete(&answer, in: scope)
        } else {
            if let denial = drawing.shadow {
                answer.reason = denial
                answer.isShadow = true
            } else if !answer.allowed {
                answer.reason = .included
            }
            let label = EventLabel(time: nil, properties: query.properties)
            decision.facts = [
                .usageRecorded(
                    feature: query.feature, value: query.required,
                    label: EventLabel.of(label, entity: query.entity, shadow: drawing.shadow))
            ]
            deduct(
                drawing, feature: query.feature, label, scope, pricing, now, &decision.facts)
            if let hold {
                decision.facts.append(
                    .holdOpened(hold.with(drawing.deduction, scope, properties: query.properties)))
            }
            let shown = answer.balance?.feature ?? query.feature
            answer.balance = shownBalance(of: shown, in: scope, after: drawing.draws)
        }
        decision.reply = .check(answer)
        return decision
    }

    /// The balance that a track shows where nothing is unlimited: the tracked feature's when
    /// something was drawn there or nothing anywhere, else that of the first credit system drawn
    /// from (entitlements §2.7).
    func balance(
        afterwards draws: [Draw], of feature: FeatureNumber, _ scope: Scope,
        _ pricing: PricingState
    ) -> BalanceView? {
        guard pricing.kind(of: feature) != .boolean else { return nil }
        let drawn = draws.contains { $0.feature == feature } ? feature : draws.first?.feature
        if let drawn { return shownBalance(of: drawn, in: scope, after: draws) }
        if let own = shownBalance(of: feature, in: scope) { return own }
        for pool in pricing.pools(of: feature) {
            if let view = shownBalance(of: pool.feature, in: scope) { return view }
        }
        return nil
    }
}

extension Refusal {
    static func outOfRange(_ path: String) -> Refusal {
        .invalid([Violation(path: path, message: "takes a balance beyond 10^17")])
    }

    fileprivate static let heldNotTracked = Refusal.invalid([
        Violation(
            path: "feature_id",
            message: "is a concurrency limit: take a slot by Check with deduct and hold, and give "
                + "it back by SettleHold")
    ])
}

extension EventLabel {
    /// The property that names an entity in lists and aggregates; callers can't set it.
    package static let entityKey = "$entity_id"

    /// The label, whose usage it was, and why it would have been denied, if it would.
    static func of(
        _ label: EventLabel?, entity: InlineText, shadow: CheckReason? = nil
    ) -> EventLabel? {
        guard !entity.isEmpty || shadow != nil else { return label }
        var properties = label?.properties ?? []
        if !entity.isEmpty { properties.append(EventProperty(entityKey, .text(entity.text))) }
        if let shadow { properties.append(EventProperty(shadowKey, .text(shadow.text))) }
        return EventLabel(time: label?.time, properties: properties)
    }
}
