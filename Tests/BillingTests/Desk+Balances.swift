import Stories

@testable import Billing

/// Balances outside plans, entities, limits and holds.
extension Desk {
    private func number(_ featureID: String) -> FeatureNumber {
        pricing.number(ofFeature: featureID)
    }

    @discardableResult
    mutating func track(
        _ featureID: String, _ value: Quantity, of entity: InlineText,
        _ overage: OverageBehavior = .cap, _ properties: [EventProperty] = []
    ) throws(Refusal) -> TrackReply {
        var usage = TrackUsage(
            feature: number(featureID), value: value, overage: overage,
            label: EventLabel(time: nil, properties: properties))
        usage.entity = entity
        return try track(usage)
    }

    @discardableResult
    mutating func track(_ usage: TrackUsage) throws(Refusal) -> TrackReply {
        guard case .track(let reply) = try run(.track(usage)).reply else {
            preconditionFailure("a track of one feature replies with a track")
        }
        return reply
    }

    @discardableResult
    mutating func setUsage(
        _ featureID: String, _ value: Quantity, of entity: InlineText = .empty
    ) throws(Refusal) -> TrackReply {
        var usage = TrackUsage(feature: number(featureID), value: value, overage: .cap)
        usage.setsUsage = true
        usage.entity = entity
        return try track(usage)
    }

    /// A loose balance.
    mutating func open(
        _ featureID: String, _ granted: Quantity?, of entity: InlineText = .empty,
        each reset: Cycle? = nil, expires: Timestamp? = nil, name: String = "",
        rollover: Rollover? = nil, unlimited: Bool = false, nextReset: Timestamp? = nil
    ) throws(Refusal) {
        var open = OpenBalance(feature: number(featureID))
        open.granted = granted
        open.entity = entity
        open.reset = reset
        open.expires = expires
        open.name = name
        open.rollover = rollover
        open.unlimited = unlimited
        open.nextReset = nextReset
        try run(.openBalance(open))
    }

    func filter(
        _ featureID: String?, of entity: InlineText = .empty, id: String = "",
        _ interval: Interval? = nil
    ) -> BalanceFilter {
        var filter = BalanceFilter(feature: featureID.map { number($0) })
        filter.entity = entity
        filter.id = id
        filter.interval = interval
        return filter
    }

    mutating func update(
        _ filter: BalanceFilter, _ amount: UpdateBalance.Amount? = nil, granted: Quantity? = nil,
        nextReset: Timestamp? = nil, expires: Timestamp? = nil
    ) throws(Refusal) {
        var update = UpdateBalance(filter: filter)
        update.amount = amount
        update.granted = granted
        update.nextReset = nextReset
        update.expires = expires
        try run(.updateBalance(update))
    }

    mutating func delete(_ filter: BalanceFilter, keepsUsage: Bool = false) throws(Refusal) {
        try run(.deleteBalance(DeleteBalance(filter: filter, keepsUsage: keepsUsage)))
    }

    mutating func recalculate(_ filter: BalanceFilter) throws(Refusal) {
        try run(.recalculateBalances(RecalculateBalances(filter: filter)))
    }

    mutating func entity(
        _ id: InlineText, _ featureID: String, controls: Controls = .none
    ) throws(Refusal) {
        try run(
            .createEntity(
                CreateEntity(id: id, feature: number(featureID), name: "", controls: controls)))
    }

    mutating func deleteEntity(_ id: InlineText) throws(Refusal) {
        try run(.deleteEntity(id: id))
    }

    mutating func set(_ controls: SetControls) throws(Refusal) {
        try run(.setControls(controls))
    }

    /// What is held is drawn at once: by a track, which takes what there is, or by a check.
    @discardableResult
    mutating func hold(
        _ id: String, _ featureID: String, _ value: Quantity, of entity: InlineText = .empty,
        until expires: Timestamp? = nil, _ properties: [EventProperty] = []
    ) throws(Refusal) -> CheckAnswer {
        var query = CheckQuery(feature: number(featureID), required: value)
        query.entity = entity
        query.properties = properties
        query.hold = HoldRequest(id: id, expires: expires)
        return try checkAndDeduct(query)
    }

    /// nil keeps what was held; 0 gives all back.
    mutating func settleHold(_ id: String, at value: Quantity?) throws(Refusal) {
        try run(.settleHold(SettleHold(id: id, value: value)))
    }

    func balance(_ featureID: String, of entity: InlineText) throws(Refusal) -> BalanceView? {
        let scope = try customer.buckets.scope(of: entity)
        return customer.usableBuckets(pricing).shownBalance(of: number(featureID), in: scope)
    }

    /// What is left of a feature, for the customer or one of its entities.
    func remaining(_ featureID: String, of entity: InlineText = .empty) -> Quantity? {
        (try? balance(featureID, of: entity))?.remaining
    }

    /// Values of the usage events so far.
    var eventValues: [Quantity] {
        facts.compactMap { fact in
            guard case .usageRecorded(_, let value, _) = fact else { return nil }
            return value
        }
    }

    /// Everybody who was to be told so far.
    var notices: [Notice] {
        facts.compactMap { fact in
            guard case .notified(let notice) = fact else { return nil }
            return notice
        }
    }
}
