internal import Billing
internal import Wire

/// What clients ask for beyond plans and their balances: entities, holds, limits and grants of a
/// customer's own. All of it is about features that the model doesn't count, so that what it counts
/// stays as simple as it is.
enum PartDeed {
    case createEntity(String)
    case renameEntity(String, name: String)
    case deleteEntity(String)
    /// In whole tokens.
    case use(Int, entity: String, hold: String?, refuses: Bool)
    /// So many thousand tokens of a model.
    case think(Int, entity: String)
    /// So many slots, as long as the hold is open.
    case occupy(Int, entity: String, hold: String)
    /// Nil: as it is.
    case settle(hold: String, Int?)
    case extend(hold: String, Int64)
    case open(Grant, entity: String)
    case update(Int, entity: String)
    case delete(Grant, entity: String, keepsUsage: Bool)
    case recalculate(entity: String)
    case limit(Int, entity: String)
    case pool(isDisabled: Bool)
}

extension PartDeed {
    /// Grants that end in different ways.
    enum Grant: String, CaseIterable {
        case lasting, daily, passing
    }

    static let entities = ["ada", "bob", "cyd", "dan", "eve"]
    private static let holds = ["job-1", "job-2", "job-3"]

    static func some(_ dice: inout Dice, number: Int) -> PartDeed {
        let entity = dice.pick(entities)
        let owner = dice.once(in: 2) ? entity : ""
        let hold = dice.pick(holds)
        switch dice.below(28) {
        case 0...3: return .createEntity(dice.once(in: 5) ? "" : entity)
        case 4: return .renameEntity(entity, name: "\(Catalogs.secrets[1]) \(number)")
        case 5: return .deleteEntity(entity)
        case 6...9:
            return .use(
                dice.between(-5, 30), entity: owner, hold: nil, refuses: dice.once(in: 3))
        case 10...12: return .use(dice.between(-5, 30), entity: owner, hold: hold, refuses: false)
        case 13, 14: return .settle(hold: hold, dice.once(in: 3) ? nil : dice.between(-5, 40))
        case 15: return .extend(hold: hold, Int64(dice.between(1, 24)) * Machine.hour)
        case 16, 17: return .open(dice.pick(Grant.allCases), entity: owner)
        case 18: return .update(dice.below(80), entity: owner)
        case 19:
            return .delete(
                dice.pick(Grant.allCases), entity: owner, keepsUsage: dice.once(in: 2))
        case 20: return .recalculate(entity: owner)
        case 21, 22: return .limit(dice.below(40), entity: owner)
        case 23, 24: return .think(dice.below(500), entity: owner)
        case 25, 26: return .occupy(dice.between(1, 2), entity: owner, hold: hold)
        default: return .pool(isDisabled: dice.once(in: 2))
        }
    }

    /// Whom it is about; nil: the customer as a whole.
    var entity: String? {
        switch self {
        case .createEntity(let id), .renameEntity(let id, _), .deleteEntity(let id),
            .use(_, let id, _, _), .think(_, let id), .occupy(_, let id, _), .open(_, let id),
            .update(_, let id), .delete(_, let id, _),
            .recalculate(let id), .limit(_, let id):
            id.isEmpty ? nil : id
        case .settle, .extend, .pool: nil
        }
    }

    var method: Method {
        switch self {
        case .createEntity: .createEntity
        case .renameEntity: .updateEntity
        case .deleteEntity: .deleteEntity
        case .use: .track
        case .think: .trackTokens
        case .occupy: .check
        case .settle: .settleHold
        case .extend: .extendHold
        case .open: .createBalance
        case .update: .updateBalance
        case .delete: .deleteBalance
        case .recalculate: .recalculateBalances
        case .limit, .pool: .updateControls
        }
    }

    /// It may change nothing; then a retry is a first time once more.
    var isUnsure: Bool {
        switch self {
        case .update, .recalculate, .limit, .pool: true
        case .createEntity, .renameEntity, .deleteEntity, .use, .think, .occupy, .settle, .extend,
            .open, .delete:
            false
        }
    }

    func command(_ pricing: PricingState, now: Timestamp) -> Command {
        let tokens = pricing.known("tokens")
        switch self {
        case .createEntity(let id):
            return .createEntity(
                CreateEntity(
                    id: id.inline, feature: pricing.known("workspaces"), name: Catalogs.secrets[1]))
        case .renameEntity(let id, let name):
            return .updateEntity(UpdateEntity(id: id.inline, name: name))
        case .deleteEntity(let id): return .deleteEntity(id: id.inline)
        case .use(let count, let entity, let hold, let refuses):
            return .track(use(count, of: tokens, entity, hold, refuses))
        case .think(let count, let entity):
            return .trackTokens(think(count, entity))
        case .occupy(let count, let entity, let hold):
            var query = CheckQuery(
                feature: pricing.known("slots"), required: Quantity(units: count))
            query.entity = entity.inline
            query.hold = HoldRequest(id: hold, expires: nil)
            return .checkAndDeduct(query)
        case .settle(let id, let count):
            return .settleHold(SettleHold(id: id, value: count.map { Quantity(units: $0) }))
        case .extend(let id, let span):
            return .extendHold(ExtendHold(id: id, expires: now.adding(milliseconds: span)))
        case .open(let kind, let entity):
            return .openBalance(kind.balance(of: tokens, entity: entity, now: now))
        case .update(let count, let entity):
            return .updateBalance(update(count, of: tokens, entity, now))
        case .delete(let kind, let entity, let keepsUsage):
            var filter = BalanceFilter(feature: tokens)
            filter.entity = entity.inline
            filter.id = kind.name(of: entity)
            return .deleteBalance(DeleteBalance(filter: filter, keepsUsage: keepsUsage))
        case .recalculate(let entity):
            var filter = BalanceFilter(feature: tokens)
            filter.entity = entity.inline
            return .recalculateBalances(RecalculateBalances(filter: filter))
        case .limit(let count, let entity):
            return .setControls(controls(count, of: tokens, entity))
        case .pool(let isDisabled):
            var set = SetControls()
            set.isPoolingDisabled = isDisabled
            return .setControls(set)
        }
    }

    private func use(
        _ count: Int, of tokens: FeatureNumber, _ entity: String, _ hold: String?, _ refuses: Bool
    ) -> TrackUsage {
        var properties = [EventProperty("model", .text(count % 2 == 0 ? "large" : "small"))]
        if hold != nil { properties.append(EventProperty("by", .text(Catalogs.secrets[1]))) }
        var use = TrackUsage(
            feature: tokens, value: Quantity(units: count), overage: refuses ? .reject : .cap,
            label: EventLabel(time: nil, properties: properties))
        use.entity = entity.inline
        use.hold = hold.map { HoldRequest(id: $0, expires: nil) }
        return use
    }

    private func think(_ count: Int, _ entity: String) -> TrackTokens {
        let price = UnitPrice(raw: UnitPrice.scale * 5)
        var tokens = TrackTokens(
            modelID: "openai/gpt-5",
            counts: TokenCounts(input: UInt64(count) * 1_000, output: UInt64(count)),
            overage: .cap)
        tokens.prices = TokenPrices(input: price, output: price)
        tokens.entity = entity.inline
        return tokens
    }

    private func update(
        _ count: Int, of tokens: FeatureNumber, _ entity: String, _ now: Timestamp
    ) -> UpdateBalance {
        var update = UpdateBalance(filter: BalanceFilter(feature: tokens))
        update.filter.entity = entity.inline
        let amount = Quantity(units: count)
        switch count % 5 {
        case 0: update.amount = .remaining(amount)
        case 1: update.amount = .added(amount)
        case 2: update.amount = .usage(amount)
        case 3: update.granted = amount
        default: update.nextReset = now.adding(milliseconds: Int64(count) * Machine.hour)
        }
        return update
    }

    private func controls(
        _ count: Int, of tokens: FeatureNumber, _ entity: String
    ) -> SetControls {
        var set = SetControls(entity: entity.inline)
        let amount = Quantity(units: count)
        if count % 3 == 0 {
            let isWide = count % 9 == 0
            set.spendLimits = [
                SpendLimit(
                    feature: isWide ? nil : tokens, isEnabled: count % 2 == 0,
                    bound: isWide ? .percentage(amount) : .units(amount))
            ]
            set.usageAlerts = [
                UsageAlert(
                    feature: isWide ? nil : tokens, threshold: amount, measure: .usage,
                    name: "used")
            ]
        } else {
            let large = EventProperty("model", .text("large"))
            set.usageLimits = [
                UsageLimit(
                    feature: tokens, limit: amount, interval: count % 3 == 1 ? .day : .week,
                    anchor: count % 2 == 0 ? .utc : .billingCycle,
                    filter: count % 5 == 0 ? [large] : [])
            ]
            set.overagePermissions = [
                OveragePermission(feature: tokens, isEnabled: count % 7 == 0)
            ]
        }
        return set
    }
}

extension PartDeed.Grant {
    fileprivate func name(of entity: String) -> String {
        entity.isEmpty ? rawValue : "\(rawValue) \(entity)"
    }

    fileprivate func balance(
        of tokens: FeatureNumber, entity: String, now: Timestamp
    ) -> OpenBalance {
        var open = OpenBalance(feature: tokens)
        open.entity = entity.inline
        open.granted = Quantity(units: 20)
        open.name = name(of: entity)
        switch self {
        case .lasting: break
        case .daily:
            open.reset = Cycle(.day)
            open.rollover = Rollover(cap: .units(Quantity(units: 30)), months: 1)
        case .passing: open.expires = now.adding(milliseconds: 3 * Machine.hour)
        }
        return open
    }
}

extension PricingState {
    func known(_ id: String) -> FeatureNumber {
        guard let number = feature(id: id) else {
            preconditionFailure("the first catalog has every feature")
        }
        return number
    }
}

extension String {
    fileprivate var inline: InlineText {
        guard let text = InlineText(self) else { preconditionFailure("it is short") }
        return text
    }
}
