@testable import Billing

/// Plans, entities, controls, grants and corrections (§5.1, §6, §8).
extension ReferenceModel {
    // MARK: Plans

    mutating func create() -> Bool {
        guard !isCreated else { return false }
        isCreated = true
        for (index, plan) in plans.enumerated() where plan.autoEnable {
            activate(UInt32(index + 1))
        }
        return true
    }

    /// Of plans without a charge only, and those start at once.
    mutating func attach(_ number: UInt32) throws(ReferenceRefusal) {
        let plan = plans[Int(number) - 1]
        if !plan.addOn, contracts.contains(where: { $0.plan == number }) {
            throw ReferenceRefusal("planAlreadyAttached")
        }
        activate(number)
    }

    private mutating func activate(_ number: UInt32) {
        let plan = plans[Int(number) - 1]
        var held: [[UInt32]: Amount] = [:]
        // All of them are free, and what is free keeps its days when it changes.
        var anchor = now
        if !plan.addOn, let old = contracts.first(where: { isMain($0, of: plan.group) }) {
            for balance in balances where balance.subscription == old.number {
                if balance.isAllocated {
                    held[[balance.feature, balance.entity], default: 0] += balance.usage
                }
            }
            anchor = old.anchor
            balances.removeAll { $0.subscription == old.number }
            contracts.removeAll { $0.number == old.number }
        }
        lastContract += 1
        let contract = Contract(number: lastContract, plan: number, anchor: anchor)
        contracts.append(contract)
        for item in plan.items {
            if let entityFeature = item.entityFeatureID {
                for member in members where member.feature == self.number(entityFeature) {
                    let seats = held[[self.number(item.featureID), member.number]]
                    grant(item, of: contract, to: member.number, held: seats ?? 0)
                }
            } else {
                let feature = self.number(item.featureID)
                grant(item, of: contract, held: held[[feature, 0]] ?? seats(feature))
            }
        }
    }

    /// Entities of the feature, unless a bucket of the customer counts them already.
    private func seats(_ feature: UInt32) -> Amount {
        if kind(feature) != .allocated { return 0 }
        if balances.contains(where: { $0.feature == feature && $0.entity == 0 }) { return 0 }
        return Amount(members.filter { $0.feature == feature }.count) * ReferenceModel.unit
    }

    private func isMain(_ contract: Contract, of group: String) -> Bool {
        let plan = plans[Int(contract.plan) - 1]
        return !plan.addOn && plan.group == group
    }

    private mutating func grant(
        _ item: PlanItem, of contract: Contract, to entity: UInt32 = 0, held: Amount = 0
    ) {
        let feature = number(item.featureID)
        let interval = item.reset?.interval ?? .oneOff
        let count = item.reset?.count ?? 1
        add(
            Balance(
                number: 0, feature: feature, entity: entity, subscription: contract.number,
                plan: contract.plan, granted: item.included.raw, balance: item.included.raw - held,
                isUnlimited: item.unlimited, isPriced: item.usagePrice != nil,
                most: item.usagePrice?.maxPurchase?.raw, isFlag: kind(feature) == .boolean,
                isAllocated: kind(feature) == .allocated,
                isAddOn: plans[Int(contract.plan) - 1].addOn, isSlice: entity != 0,
                rollover: item.rollover, interval: interval, count: count, anchor: contract.anchor,
                nextReset: ReferenceCalendar.cycle(
                    interval, count, anchor: contract.anchor, around: now)?.end,
                created: now))
    }

    // MARK: Entities

    mutating func createEntity(_ create: CreateEntity) throws(ReferenceRefusal) {
        let feature = create.feature.rawValue
        if kind(feature) != .allocated { throw ReferenceRefusal("invalid feature_id") }
        let waiting = members.firstIndex { $0.id.isEmpty && $0.feature == feature }
        if create.id.isEmpty {
            if waiting != nil { throw ReferenceRefusal("entityIDRequired") }
        } else if members.contains(where: { $0.id == create.id.text }) {
            throw ReferenceRefusal("entityExists")
        } else if let waiting {
            members[waiting].id = create.id.text
            if !create.controls.isEmpty { members[waiting].controls = create.controls }
            return sortMembers()
        }
        lastMember += 1
        members.append(
            Member(
                number: lastMember, id: create.id.text, feature: feature, controls: create.controls)
        )
        sortMembers()
        let (seat, denial) = ran(ReferenceModel.unit, of: feature, 0, .cap, [])
        if !seat.buckets.isEmpty {
            if seat.rest != 0, denial == nil { throw ReferenceRefusal("featureLimitReached") }
            apply(seat, counted(seat, asked: ReferenceModel.unit), feature, [], 0)
        }
        for contract in contracts {
            for item in plans[Int(contract.plan) - 1].items {
                guard let per = item.entityFeatureID, number(per) == feature else { continue }
                grant(item, of: contract, to: lastMember)
            }
        }
    }

    private mutating func sortMembers() {
        members.sort { a, b in
            a.id == b.id
                ? a.number < b.number
                : Array(a.id.utf8).lexicographicallyPrecedes(Array(b.id.utf8))
        }
    }

    mutating func deleteEntity(_ id: InlineText) throws(ReferenceRefusal) {
        let scope = try scope(id)
        guard let member = members.first(where: { $0.number == scope }) else {
            throw ReferenceRefusal("entityNotFound")
        }
        balances.removeAll { $0.entity == scope }
        counters.removeAll { $0.key.entity == scope }
        members.removeAll { $0.number == scope }
        var seat = spread(-ReferenceModel.unit, of: member.feature, 0, .cap, [])
        seat.run()
        for draw in seat.draws { change(draw.bucket) { $0.balance -= draw.amount.raw } }
    }

    mutating func setControls(_ set: SetControls) throws(ReferenceRefusal) {
        let scope = try scope(set.entity)
        var changed = members.first { $0.number == scope }?.controls ?? controls
        if let limits = set.spendLimits { changed.spendLimits = limits }
        if let limits = set.usageLimits { changed.usageLimits = limits }
        if let alerts = set.usageAlerts { changed.usageAlerts = alerts }
        if let permissions = set.overagePermissions { changed.overagePermissions = permissions }
        if let fault = fault(changed) { throw ReferenceRefusal("invalid \(fault)") }
        if let index = members.firstIndex(where: { $0.number == scope }) {
            members[index].controls = changed
        } else {
            controls = changed
        }
        if let isDisabled = set.isPoolingDisabled { isPoolingDisabled = isDisabled }
    }

    /// The first field at fault (§7.1).
    private func fault(_ controls: Controls) -> String? {
        func twice(_ path: String, _ keys: [String]) -> String? {
            var seen: Set<String> = []
            for (index, key) in keys.enumerated() where !seen.insert(key).inserted {
                return "\(path)[\(index)].feature_id"
            }
            return nil
        }
        let lists: [(String, [FeatureNumber?])] = [
            ("spend_limits", controls.spendLimits.map(\.feature)),
            ("usage_limits", controls.usageLimits.map(\.feature)),
            ("usage_alerts", controls.usageAlerts.map(\.feature)),
            ("overage_permissions", controls.overagePermissions.map(\.feature)),
        ]
        for (path, features) in lists {
            for (index, feature) in features.enumerated() {
                guard let feature, isSlots(feature.rawValue) else { continue }
                return "\(path)[\(index)].feature_id"
            }
        }
        return twice("spend_limits", controls.spendLimits.map { "\($0.feature, default: "all")" })
            ?? twice("usage_limits", controls.usageLimits.map { "\($0.feature) \($0.filter)" })
            ?? twice("overage_permissions", controls.overagePermissions.map { "\($0.feature)" })
            ?? controls.spendLimits.firstIndex { limit in
                if case .units = limit.bound { limit.feature == nil } else { false }
            }.map { "spend_limits[\($0)].feature_id" }
    }

    // MARK: Loose balances

    mutating func openBalance(_ open: OpenBalance) throws(ReferenceRefusal) -> UInt32 {
        let scope = try scope(open.entity)
        let feature = open.feature.rawValue
        if let fault = fault(open, scope) { throw ReferenceRefusal(fault) }
        let interval = open.reset?.interval ?? .oneOff
        let count = open.reset?.count ?? 1
        var next = open.nextReset?.milliseconds
        if next == nil, open.expires == nil {
            next = ReferenceCalendar.cycle(interval, count, anchor: now, around: now)?.end
        }
        let granted = open.granted?.raw ?? 0
        return add(
            Balance(
                number: 0, feature: feature, entity: scope, granted: granted,
                balance: granted - (scope == 0 ? seats(feature) : 0),
                isUnlimited: open.unlimited, isFlag: kind(feature) == .boolean,
                isAllocated: kind(feature) == .allocated, name: open.name,
                rollover: open.rollover, interval: interval, count: count,
                anchor: open.nextReset?.milliseconds ?? now, nextReset: next,
                expires: open.expires?.milliseconds, created: now))
    }

    private func fault(_ open: OpenBalance, _ scope: UInt32) -> String? {
        let feature = open.feature.rawValue
        let kind = kind(feature)
        if scope != 0, members.contains(where: { $0.number == scope && $0.feature == feature }) {
            return "invalid entity_id"
        }
        if kind == .boolean {
            if open.granted != nil || open.unlimited || open.reset != nil {
                return "invalid granted"
            }
            if balances.contains(where: { $0.feature == feature && $0.entity == scope }) {
                return "balanceExists"
            }
        } else if open.unlimited == (open.granted != nil) || (open.granted?.raw ?? 0) < 0 {
            return "invalid granted"
        }
        if open.reset != nil, open.unlimited || kind == .allocated || kind == .concurrency {
            return "invalid reset"
        }
        if let next = open.nextReset {
            let isFine =
                open.reset != nil && next.milliseconds > now
                && next.milliseconds < open.expires?.milliseconds ?? .max
            if !isFine { return "invalid next_reset_time" }
        }
        if let expires = open.expires, expires.milliseconds <= now { return "invalid expire_time" }
        if open.rollover != nil {
            if open.reset == nil { return "invalid rollover" }
            if let expires = open.expires, expires < open.nextReset ?? .never {
                return "invalid expire_time"
            }
        }
        if !open.name.isEmpty, balances.contains(where: { $0.name == open.name }) {
            return "balanceExists"
        }
        return nil
    }

    /// What a filter means, in the order of drawing (§6.2).
    private func targets(
        _ filter: BalanceFilter, _ scope: UInt32
    ) -> [Balance] {
        let all = usable(scope).filter { balance in
            (filter.feature == nil || filter.feature?.rawValue == balance.feature)
                && (scope == 0 || balance.entity == scope)
        }
        let found = all.filter { balance in
            !balance.isRollover && (filter.interval == nil || filter.interval == balance.interval)
                && (filter.id.isEmpty || filter.id == "bal_\(balance.number)"
                    || filter.id == balance.name)
        }
        if found.isEmpty { return [] }
        let isWhole = filter.id.isEmpty && filter.interval == nil
        let over = all.filter { row in
            row.isRollover && (isWhole || found.contains { $0.number == row.parent })
        }
        return ordered(found, scope) + over
    }

    private func present(_ target: Balance) -> Balance {
        balances.first { $0.number == target.number } ?? target
    }

    mutating func updateBalance(_ update: UpdateBalance) throws(ReferenceRefusal) {
        let scope = try scope(update.filter.entity)
        let targets = targets(update.filter, scope)
        if targets.isEmpty { throw ReferenceRefusal("balanceNotFound") }
        if update.amount != nil || update.granted != nil, targets.contains(where: { $0.isFlag }) {
            throw ReferenceRefusal("invalid filter.feature_id")
        }
        if update.amount != nil, targets.contains(where: { isSlots($0.feature) }) {
            throw ReferenceRefusal("invalid feature_id")
        }
        if let expires = update.expires?.milliseconds, expires <= now {
            throw ReferenceRefusal("invalid expire_time")
        }
        if let next = update.nextReset?.milliseconds, next <= now {
            throw ReferenceRefusal("invalid next_reset_time")
        }
        // What went over was granted before.
        let main = targets.filter { !$0.isRollover }
        if let granted = update.granted?.raw, let first = main.first {
            change(first.number) { balance in
                let more = granted - balance.granted
                balance.granted += more
                balance.balance += more
                balance.adjustment += more
            }
        }
        if let amount = update.amount { try correct(amount, targets, scope) }
        if let next = update.nextReset?.milliseconds {
            let resetting = targets.filter { $0.nextReset != nil }
            guard let first = resetting.min(by: { ($0.nextReset ?? 0) < ($1.nextReset ?? 0) }),
                next > now
            else { throw ReferenceRefusal("invalid next_reset_time") }
            change(first.number) { ($0.nextReset, $0.anchor) = (next, next) }
        }
        if let expires = update.expires?.milliseconds {
            guard expires > now else { throw ReferenceRefusal("invalid expire_time") }
            let first = main.min { ($0.expires ?? .max) < ($1.expires ?? .max) }
            guard let first else { return }
            change(first.number) { $0.expires = expires }
        }
    }

    private mutating func correct(
        _ amount: UpdateBalance.Amount, _ targets: [Balance], _ scope: UInt32
    ) throws(ReferenceRefusal) {
        let present = targets.map { self.present($0) }
        let total = present.reduce(0) { $0 + $1.balance }
        let granted = present.reduce(0) { $0 + $1.granted }
        let value: Amount
        switch amount {
        case .remaining(let rest): value = total - rest.raw
        case .added(let more): value = -more.raw
        case .usage(let used): value = total - (granted - used.raw)
        }
        var spread = correction(value, present, scope)
        spread.run()
        if spread.overflows { throw ReferenceRefusal("invalid remaining") }
        for draw in spread.draws { change(draw.bucket) { $0.balance -= draw.amount.raw } }
    }

    mutating func deleteBalance(_ delete: DeleteBalance) throws(ReferenceRefusal) {
        let scope = try scope(delete.filter.entity)
        let targets = targets(delete.filter, scope)
        if targets.isEmpty { throw ReferenceRefusal("balanceNotFound") }
        if delete.keepsUsage, delete.filter.feature == nil {
            throw ReferenceRefusal("invalid filter.feature_id")
        }
        for target in targets { remove(target.number) }
        let used = targets.reduce(0) { $0 + $1.usage }
        guard delete.keepsUsage, used > 0 else { return }
        guard let feature = delete.filter.feature else {
            throw ReferenceRefusal("invalid filter.feature_id")
        }
        let left = self.targets(BalanceFilter(feature: feature), scope)
        if left.isEmpty {
            add(
                Balance(
                    number: 0, feature: feature.rawValue, entity: scope, granted: 0,
                    balance: -used, anchor: now, created: now))
        } else {
            var spread = correction(used, left, scope)
            spread.run()
            for draw in spread.draws { change(draw.bucket) { $0.balance -= draw.amount.raw } }
        }
    }

    /// §6.4.
    mutating func recalculate(_ again: RecalculateBalances) throws(ReferenceRefusal) {
        let scope = try scope(again.filter.entity)
        let targets = targets(again.filter, scope).filter { !$0.isUnlimited && !$0.isRollover }
        if targets.isEmpty { throw ReferenceRefusal("balanceNotFound") }
        guard targets.contains(where: { $0.balance < 0 }),
            targets.contains(where: { $0.balance > 0 })
        else { return }
        var fresh = targets
        for index in fresh.indices { fresh[index].balance = fresh[index].granted }
        var spread = correction(targets.reduce(0) { $0 + $1.usage }, fresh, scope)
        spread.run()
        for bucket in spread.buckets { change(bucket.number) { $0.balance = bucket.balance } }
    }
}
