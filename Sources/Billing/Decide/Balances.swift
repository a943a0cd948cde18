/// Grants outside plans, and corrections (entitlements §6).
extension CustomerState {
    func decideOpenBalance(
        _ open: OpenBalance, pricing: PricingState, now: Timestamp
    ) throws(Refusal) -> Decision {
        let scope = try buckets.scope(of: open.entity)
        try check(open, scope, pricing, now)
        var flags: Bucket.Flags = open.unlimited ? .unlimited : []
        switch pricing.kind(of: open.feature) {
        case .boolean: flags.insert(.boolean)
        case .allocated: flags.insert(.allocated)
        case .concurrency: flags.formUnion(.concurrency)
        case .metered, .creditSystem, .aiCreditSystem: break
        }
        var cycle = open.reset ?? Cycle(.oneOff)
        if cycle.interval != .oneOff { cycle.zone = account.zone }
        var next = open.nextReset ?? .never
        // What lapses anyway resets only when told to.
        if open.nextReset == nil, open.expires == nil {
            next = cycle.boundary(after: now, anchor: now)
        }
        let granted = open.granted ?? .zero
        var used = Quantity.zero
        if flags.contains(.allocated), !scope.isEntity {
            used = FactSheet(self, pricing: pricing, now: now).seats(of: open.feature)
        }
        let bucket = Bucket(
            number: lastBucket + 1, feature: open.feature, subscription: 0, granted: granted,
            balance: granted - used, cycle: cycle, anchor: open.nextReset ?? now, nextReset: next,
            expires: open.expires ?? .never, created: now, flags: flags)
        var facts: [Fact] = [.bucketOpened(bucket, entity: scope.entity)]
        let detail = BucketDetail(
            bucket: bucket.number, name: open.name, rollover: open.rollover)
        if detail.isNeeded { facts.append(.detailSet(detail)) }
        return Decision(facts: facts, reply: .customer)
    }

    /// Everything that can refuse a new grant.
    private func check(
        _ open: OpenBalance, _ scope: Scope, _ pricing: PricingState, _ now: Timestamp
    ) throws(Refusal) {
        let isFlag = pricing.kind(of: open.feature) == .boolean
        func refuse(_ path: String, _ message: String) -> Refusal {
            .invalid([Violation(path: path, message: message)])
        }
        if scope.isEntity,
            buckets.extras.entities.entity(scope.entity)?.feature == open.feature
        {
            throw refuse("entity_id", "is itself one of this feature")
        }
        if isFlag {
            guard open.granted == nil, !open.unlimited, open.reset == nil else {
                throw refuse("granted", "a boolean feature takes no amount and no reset")
            }
            var isThere = false
            buckets.each { bucket, entity in
                if bucket.feature == open.feature, entity == scope.entity { isThere = true }
            }
            if isThere { throw .balanceExists(pricing.feature(open.feature).id) }
        } else if (open.granted != nil) == open.unlimited {
            throw refuse("granted", "is required, unless unlimited is true")
        }
        if let granted = open.granted, granted < .zero {
            throw refuse("granted", "must not be negative")
        }
        if open.unlimited, open.reset != nil {
            throw refuse("reset", "what is unlimited never resets")
        }
        if open.reset != nil {
            switch pricing.kind(of: open.feature) {
            case .allocated: throw refuse("reset", "an allocated feature never resets")
            case .concurrency: throw refuse("reset", "a concurrency limit never resets")
            case .boolean, .metered, .creditSystem, .aiCreditSystem: break
            }
        }
        if let next = open.nextReset {
            guard open.reset != nil else { throw refuse("next_reset_time", "needs reset") }
            guard next > now else { throw refuse("next_reset_time", "must be in the future") }
            guard next < open.expires ?? .never else {
                throw refuse("next_reset_time", "must be before expire_time")
            }
        }
        if let expires = open.expires, expires <= now {
            throw refuse("expire_time", "must be in the future")
        }
        if open.rollover != nil {
            guard let reset = open.reset, reset.interval != .oneOff else {
                throw refuse("rollover", "needs reset")
            }
            if let expires = open.expires, open.nextReset.map({ expires < $0 }) ?? true {
                throw refuse("expire_time", "must not come before the next reset")
            }
        }
        if !open.name.isEmpty, buckets.extras.details.contains(where: { $0.name == open.name }) {
            throw .balanceExists(open.name)
        }
        var count = 0
        buckets.each { _, entity in if entity == scope.entity { count += 1 } }
        guard count < OpenBalance.countLimit else {
            throw .tooMany("balances", limit: OpenBalance.countLimit)
        }
    }

    func decideUpdateBalance(
        _ update: UpdateBalance, pricing: PricingState, now: Timestamp
    ) throws(Refusal) -> Decision {
        let scope = try buckets.scope(of: update.filter.entity)
        let targets = try targets(of: update.filter, scope, pricing.order)
        guard !targets.isEmpty else { throw .balanceNotFound }
        if update.amount != nil || update.granted != nil,
            targets.contains(where: { $0.bucket.flags.contains(.boolean) })
        {
            throw .invalid([
                Violation(path: "filter.feature_id", message: "a boolean feature has no amount")
            ])
        }
        if update.amount != nil, targets.contains(where: { $0.bucket.flags.isConcurrency }) {
            throw .invalid([
                Violation(
                    path: "feature_id",
                    message: "is a concurrency limit: what of it is free follows from open holds")
            ])
        }
        if let expires = update.expires, expires <= now { throw .notInFuture("expire_time") }
        if let next = update.nextReset, next <= now { throw .notInFuture("next_reset_time") }
        var sheet = FactSheet(self, pricing: pricing, now: now)
        if let granted = update.granted,
            let first = targets.first(where: { !$0.bucket.flags.contains(.rollover) })
        {
            sheet.grant(granted, to: first)
        }
        if let amount = update.amount { try sheet.correct(amount, targets, scope) }
        if let next = update.nextReset { try sheet.moveReset(of: targets, to: next) }
        if let expires = update.expires { try sheet.moveExpiry(of: targets, to: expires) }
        return Decision(facts: sheet.facts, reply: .customer)
    }

    func decideDeleteBalance(
        _ delete: DeleteBalance, pricing: PricingState, now: Timestamp
    ) throws(Refusal) -> Decision {
        let scope = try buckets.scope(of: delete.filter.entity)
        let targets = try targets(of: delete.filter, scope, pricing.order)
        guard !targets.isEmpty else { throw .balanceNotFound }
        if let paid = targets.first(where: { isPaid($0.bucket, pricing) }) {
            throw .balanceIsPaid(pricing.feature(paid.bucket.feature).id)
        }
        if delete.keepsUsage, delete.filter.feature == nil {
            throw .invalid([
                Violation(path: "filter.feature_id", message: "is required to keep the usage")
            ])
        }
        var sheet = FactSheet(self, pricing: pricing, now: now)
        let used = targets.reduce(.zero) { $0 + $1.bucket.usage }
        for target in targets {
            sheet.emit(.bucketClosed(bucket: target.bucket.number, entity: target.entity))
        }
        if delete.keepsUsage, used > .zero, let feature = delete.filter.feature {
            try sheet.carry(used, of: feature, scope)
        }
        return Decision(facts: sheet.facts, reply: .customer)
    }

    func decideRecalculate(
        _ recalculate: RecalculateBalances, pricing: PricingState, now: Timestamp
    ) throws(Refusal) -> Decision {
        let scope = try buckets.scope(of: recalculate.filter.entity)
        let targets = try targets(of: recalculate.filter, scope, pricing.order)
            .filter { $0.bucket.flags.isDisjoint(with: [.unlimited, .rollover]) }
        guard !targets.isEmpty else { throw .balanceNotFound }
        let hasOverage = targets.contains { $0.bucket.balance < .zero }
        let hasRest = targets.contains { $0.bucket.balance > .zero }
        guard hasOverage, hasRest else { return Decision(facts: [], reply: .customer) }
        var sheet = FactSheet(self, pricing: pricing, now: now)
        let used = targets.reduce(.zero) { $0 + $1.bucket.usage }
        var fresh = targets
        for index in fresh.indices { fresh[index].bucket.balance = fresh[index].bucket.granted }
        var deduction = Deduction(
            correcting: used, fresh, scope: scope, order: pricing.order)
        let draws = deduction.run()
        for target in targets {
            let drawn = draws.first { $0.bucket == target.bucket.number }?.amount ?? .zero
            let change = target.bucket.balance - (target.bucket.granted - drawn)
            guard change != .zero else { continue }
            sheet.emit(
                .deducted(bucket: target.bucket.number, amount: change, entity: target.entity))
        }
        return Decision(facts: sheet.facts, reply: .customer)
    }

    /// A plan with a price grants it.
    fileprivate func isPaid(_ bucket: Bucket, _ pricing: PricingState) -> Bool {
        subscription(bucket.subscription).map { !pricing.plan($0.plan).isFree } ?? false
    }

    /// The buckets that a filter means, in the order they are drawn from, and then what went over
    /// from them.
    func targets(
        of filter: BalanceFilter, _ scope: Scope, _ order: DeductionOrder
    ) throws(Refusal) -> [(bucket: Bucket, entity: UInt32)] {
        let details = buckets.extras.details
        var found: [(bucket: Bucket, entity: UInt32)] = []
        var over: [(bucket: Bucket, entity: UInt32)] = []
        inUse.eachUsable(scope) { bucket, entity in
            if let feature = filter.feature, bucket.feature != feature { return }
            if scope.isEntity, entity == 0 { return }
            guard !bucket.flags.contains(.rollover) else { return over.append((bucket, entity)) }
            if let interval = filter.interval, bucket.cycle.interval != interval { return }
            let name = details.first { $0.bucket == bucket.number }?.name
            guard filter.id.isEmpty || filter.id == bucket.publicID || filter.id == name else {
                return
            }
            found.append((bucket, entity))
        }
        found.sort { a, b in order.precedes(a, b, in: scope) }
        guard !found.isEmpty else { return [] }
        let isWhole = filter.id.isEmpty && filter.interval == nil
        return found
            + over.filter { rest in
                let parent = details.first { $0.bucket == rest.bucket.number }?.parent
                return isWhole || found.contains { $0.bucket.number == parent }
            }
    }
}

extension OpenBalance {
    /// Of a customer, and of each of its entities.
    package static let countLimit = 500
    package static let nameLimit = 128
}

extension Bucket {
    /// How it is named where its owner gave it no name.
    package var publicID: String { "bal_\(number)" }
}

extension FactSheet {
    typealias Target = (bucket: Bucket, entity: UInt32)

    /// Another grant until the next reset; what was used stays used.
    fileprivate mutating func grant(_ granted: Quantity, to target: Target) {
        var bucket = target.bucket
        let change = granted - bucket.granted
        guard change != .zero else { return }
        bucket.granted = granted
        bucket.balance = bucket.balance + change
        emit(.bucketChanged(bucket, entity: target.entity))
        var detail =
            customer.buckets.extras.detail(of: bucket.number)
            ?? BucketDetail(bucket: bucket.number)
        detail.adjustment = detail.adjustment + change
        emit(.detailSet(detail))
    }

    /// Draws, or gives, what makes the amount come out.
    fileprivate mutating func correct(
        _ amount: UpdateBalance.Amount, _ targets: [Target], _ scope: Scope
    ) throws(Refusal) {
        let present = targets.map { target in (bucket: current(target), entity: target.entity) }
        let total = present.reduce(.zero) { $0 + $1.bucket.balance }
        let granted = present.reduce(.zero) { $0 + $1.bucket.granted }
        let value: Quantity =
            switch amount {
            case .remaining(let rest): total - rest
            case .added(let more): -more
            case .usage(let used): total - (granted - used)
            }
        guard value != .zero else { return }
        var deduction = Deduction(
            correcting: value, present, scope: scope, order: pricing.order)
        let draws = deduction.run()
        guard !deduction.overflows else { throw .outOfRange("remaining") }
        for draw in draws {
            emit(.deducted(bucket: draw.bucket, amount: draw.amount, entity: draw.entity))
        }
    }

    private func current(_ target: Target) -> Bucket {
        var found = target.bucket
        customer.buckets.each { bucket, _ in
            if bucket.number == target.bucket.number { found = bucket }
        }
        return found
    }

    fileprivate mutating func moveReset(
        of targets: [Target], to next: Timestamp
    ) throws(Refusal) {
        let resetting = targets.filter { $0.bucket.nextReset != .never }
        guard let first = resetting.min(by: { $0.bucket.nextReset < $1.bucket.nextReset }) else {
            throw .invalid([Violation(path: "next_reset_time", message: "it never resets")])
        }
        var bucket = current(first)
        bucket.nextReset = next
        bucket.anchor = next
        emit(.bucketChanged(bucket, entity: first.entity))
    }

    fileprivate mutating func moveExpiry(
        of targets: [Target], to expires: Timestamp
    ) throws(Refusal) {
        let lapsing = targets.filter { !$0.bucket.flags.contains(.rollover) }
        guard let first = lapsing.min(by: { $0.bucket.expires < $1.bucket.expires }) else { return }
        guard !customer.isPaid(first.bucket, pricing) else {
            throw .invalid([
                Violation(path: "expire_time", message: "what is paid for lapses with its plan")
            ])
        }
        var bucket = current(first)
        bucket.expires = expires
        emit(.bucketChanged(bucket, entity: first.entity))
    }

    /// What was used of balances that are gone counts against those that are left; if there are
    /// none, a debt remains.
    fileprivate mutating func carry(
        _ used: Quantity, of feature: FeatureNumber, _ scope: Scope
    ) throws(Refusal) {
        var filter = BalanceFilter(feature: feature)
        if scope.isEntity, let entity = customer.buckets.extras.entities.entity(scope.entity) {
            filter.entity = entity.id
        }
        let left = try customer.targets(of: filter, scope, pricing.order)
        guard left.isEmpty else {
            var deduction = Deduction(
                correcting: used, left, scope: scope, order: pricing.order)
            for draw in deduction.run() {
                emit(.deducted(bucket: draw.bucket, amount: draw.amount, entity: draw.entity))
            }
            return
        }
        emit(
            .bucketOpened(
                Bucket(
                    number: customer.lastBucket + 1, feature: feature, subscription: 0,
                    granted: .zero, balance: -used, cycle: Cycle(.oneOff), anchor: now,
                    nextReset: .never, created: now, flags: []), entity: scope.entity))
    }
}

extension Refusal {
    fileprivate static func notInFuture(_ path: String) -> Refusal {
        .invalid([Violation(path: path, message: "must be in the future")])
    }
}
