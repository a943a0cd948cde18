package import Billing
internal import CTallyProto

extension ReplyWriter {
    /// Of parts, and of those that don't count.
    private static let explainedParts = 500

    /// The reply to `ExplainCheck`.
    package func explained(
        _ explanation: CheckExplanation, of customer: borrowing CustomerState
    ) -> UnsafeRawBufferPointer {
        let extras = customer.buckets.extras
        let message = arena.make(tally__v1__explain_check_response__init)
        (message.pointee.n_pools, message.pointee.pools) = arena.list(explanation.pools) {
            pool($0)
        }
        (message.pointee.n_parts, message.pointee.parts) = arena.list(
            Array(explanation.parts.prefix(ReplyWriter.explainedParts))
        ) { part($0, extras) }
        message.pointee.part_count = UInt32(explanation.parts.count)
        message.pointee.missing = explanation.missing.double
        (message.pointee.n_excluded, message.pointee.excluded) = arena.list(
            Array(explanation.excluded.prefix(ReplyWriter.explainedParts))
        ) { excluded($0, extras) }
        message.pointee.excluded_count = UInt32(explanation.excluded.count)
        // The answer is written by hand, and fields of a message may come one after the other.
        let rest = arena.pack(message)
        let answer = check(explanation.answer)
        var writer = FieldWriter(arena, capacity: rest.count + answer.count + 32)
        writer.bytes(1, answer)
        writer.raw(rest)
        return writer.written
    }

    private func pool(
        _ pool: CheckExplanation.Pool
    ) -> UnsafeMutablePointer<Tally__V1__ExplainedPool> {
        let message = arena.make(tally__v1__explained_pool__init)
        message.pointee.feature_id = names.id(pool.feature)
        if let cost = pool.cost { message.pointee.credits = arena.string(cost.text) }
        message.pointee.owned = pool.isOwned ? 1 : 0
        message.pointee.required_quantity = pool.required.double
        (message.pointee.n_choosing_rules, message.pointee.choosing_rules) =
            arena.list(pool.choosing) { rule($0) }
        (message.pointee.n_rules, message.pointee.rules) = arena.list(pool.rules) { rule($0) }
        if !pool.rules.isEmpty {
            message.pointee.reason = Tally__V1__CheckReason(UInt32(pool.reason.rawValue))
        }
        message.pointee.decides = pool.decides ? 1 : 0
        message.pointee.remaining = pool.remaining.double
        message.pointee.overage = pool.overage.double
        (message.pointee.n_limits, message.pointee.limits) = arena.list(pool.limits) { limit($0) }
        return message
    }

    private func rule(
        _ rule: CheckTrace.Rule
    ) -> UnsafeMutablePointer<Tally__V1__ExplainedRule> {
        let message = arena.make(tally__v1__explained_rule__init)
        message.pointee.rule = Tally__V1__CheckRule(UInt32(rule.rule.rawValue))
        message.pointee.required_quantity = rule.required.double
        if let available = rule.available {
            message.pointee._available_case = TALLY__V1__EXPLAINED_RULE___AVAILABLE_AVAILABLE
            message.pointee.available = available.double
        }
        return message
    }

    private func limit(
        _ limit: CheckExplanation.Limit
    ) -> UnsafeMutablePointer<Tally__V1__ExplainedLimit> {
        let message = arena.make(tally__v1__explained_limit__init)
        message.pointee.owner =
            switch limit.owner {
            case .entity: TALLY__V1__LIMIT_OWNER__LIMIT_OWNER_ENTITY
            case .customer: TALLY__V1__LIMIT_OWNER__LIMIT_OWNER_CUSTOMER
            case .subscription: TALLY__V1__LIMIT_OWNER__LIMIT_OWNER_PLAN
            }
        if let plan = limit.plan { message.pointee.plan_id = names.id(plan) }
        switch limit.kind {
        case .window(let limit, let window):
            message.pointee.kind_case = TALLY__V1__EXPLAINED_LIMIT__KIND_USAGE_LIMIT
            let part = arena.make(tally__v1__explained_window__init)
            part.pointee.limit = ControlsWriter(arena: arena).usageLimit(
                limit, names.id(limit.feature))
            part.pointee.used = window.used.double
            part.pointee.headroom = (limit.limit - window.used).clampedToZero.double
            part.pointee.start_time = time(window.start)
            part.pointee.end_time = time(window.end)
            message.pointee.usage_limit = part
        case .spend(let units):
            message.pointee.kind_case = TALLY__V1__EXPLAINED_LIMIT__KIND_SPEND_LIMIT
            let part = arena.make(tally__v1__explained_spend_limit__init)
            part.pointee.overage_limit = units.limit.double
            part.pointee.overage = units.overage.double
            part.pointee.headroom = (units.limit - units.overage).clampedToZero.double
            message.pointee.spend_limit = part
        case .permission(let isAllowed):
            message.pointee.kind_case = TALLY__V1__EXPLAINED_LIMIT__KIND_OVERAGE_ALLOWED
            message.pointee.overage_allowed = isAllowed ? 1 : 0
        }
        return message
    }

    private func part(
        _ part: CheckExplanation.Part, _ extras: Extras
    ) -> UnsafeMutablePointer<Tally__V1__ExplainedPart> {
        let message = arena.make(tally__v1__explained_part__init)
        message.pointee.balance_id = balanceID(part.bucket, extras)
        message.pointee.feature_id = names.id(part.bucket.feature)
        if let plan = part.bucket.plan { message.pointee.plan_id = names.id(plan) }
        if let entity = extras.entities.entity(part.entity) {
            message.pointee.entity_id = entity.id.withBytes { arena.string($0) }
        }
        message.pointee.balance = part.bucket.balance.double
        message.pointee.unlimited = part.bucket.flags.contains(.unlimited) ? 1 : 0
        message.pointee.rollover = part.bucket.flags.contains(.rollover) ? 1 : 0
        message.pointee.gives = part.gives.double
        message.pointee.covers = part.covers.double
        if let cost = part.cost { message.pointee.credits = arena.string(cost.text) }
        return message
    }

    private func excluded(
        _ part: CheckExplanation.Excluded, _ extras: Extras
    ) -> UnsafeMutablePointer<Tally__V1__ExcludedPart> {
        let message = arena.make(tally__v1__excluded_part__init)
        message.pointee.balance_id = balanceID(part.bucket, extras)
        message.pointee.feature_id = names.id(part.bucket.feature)
        if let plan = part.bucket.plan { message.pointee.plan_id = names.id(plan) }
        if let entity = extras.entities.entity(part.entity) {
            message.pointee.entity_id = entity.id.withBytes { arena.string($0) }
        }
        message.pointee.balance = part.bucket.balance.double
        message.pointee.reason = Tally__V1__ExcludedPartReason(UInt32(part.reason.rawValue))
        return message
    }

    private func balanceID(
        _ bucket: Bucket, _ extras: Extras
    ) -> UnsafeMutablePointer<CChar> {
        let name = extras.detail(of: bucket.number)?.name ?? ""
        return name.isEmpty ? arena.numbered("bal_", bucket.number) : arena.string(name)
    }
}
