extension BucketSet {
    /// Whether a hold of this id may be opened, and the empty hold (entitlements §1.6).
    func admit(
        _ request: HoldRequest, of feature: FeatureNumber, _ pricing: PricingState, _ now: Timestamp
    ) throws(Refusal) -> Hold {
        switch pricing.kind(of: feature) {
        case .boolean, .allocated:
            throw .invalid([
                Violation(path: "hold", message: "only what is used up can be held")
            ])
        case .metered, .creditSystem, .aiCreditSystem, .concurrency: break
        }
        let latest = now.adding(milliseconds: Hold.longest)
        let expires = request.expires ?? latest
        guard expires > now, expires <= latest else {
            throw .holdTooLong("hold.expire_time")
        }
        let holds = hasExtras ? extras.holds : []
        guard !holds.contains(where: { $0.id == request.id }) else {
            throw .holdExists(request.id)
        }
        guard holds.count < Hold.countLimit else {
            throw .tooMany("open holds", limit: Hold.countLimit)
        }
        return Hold(
            id: request.id, feature: feature, entity: 0, expires: expires, shares: [],
            counted: [], properties: [])
    }

    func hold(_ id: String) throws(Refusal) -> Hold {
        guard hasExtras, let hold = extras.holds.first(where: { $0.id == id }) else {
            throw .holdNotFound(id)
        }
        return hold
    }

    func decideExtendHold(_ extend: ExtendHold, now: Timestamp) throws(Refusal) -> Decision {
        _ = try hold(extend.id)
        let latest = now.adding(milliseconds: Hold.longest)
        guard extend.expires > now, extend.expires <= latest else {
            throw .holdTooLong("expire_time")
        }
        return Decision(
            facts: [.holdExtended(id: extend.id, expires: extend.expires)], reply: .none)
    }

    /// Keeps what was used in the end, and gives the rest back (entitlements §3).
    ///
    /// - Parameter idle: subscriptions that nothing more is drawn from.
    func decideSettleHold(
        _ settle: SettleHold, except idle: [UInt32] = [], pricing: PricingState, now: Timestamp
    ) throws(Refusal) -> Decision {
        let hold = try hold(settle.id)
        guard pricing.kind(of: hold.feature) != .concurrency else {
            return decideFreeSlots(hold, settle.label)
        }
        var settlement = Settlement(self, hold, except: idle, pricing, now)
        let value = settle.value ?? hold.value
        settlement.settle(at: value)
        guard !settlement.overflows else { throw .outOfRange("value") }
        let label = settle.label ?? EventLabel(time: nil, properties: hold.properties)
        var facts: [Fact] = []
        if value != hold.value {
            facts.append(
                .usageRecorded(
                    feature: hold.feature, value: value - hold.value,
                    label: EventLabel.of(
                        label, entity: settlement.entityID, shadow: settlement.shadow)))
        }
        facts += settlement.facts
        facts.append(.holdClosed(id: hold.id))
        let scope = settlement.scope
        let shown = settlement.usable.balance(
            afterwards: [], of: hold.feature, scope, pricing)
        return Decision(
            facts: facts,
            reply: .settled(TrackReply(value: value, balance: shown, draws: settlement.draws)))
    }

    /// What an expired hold's going changes: all of it is given back.
    func releaseFacts(of hold: Hold, pricing: PricingState, now: Timestamp) -> [Fact] {
        guard pricing.kind(of: hold.feature) != .concurrency else {
            return freeingFacts(of: hold, nil)
        }
        var settlement = Settlement(self, hold, pricing, now)
        settlement.settle(at: .zero)
        var facts: [Fact] = []
        if hold.value != .zero {
            let label = EventLabel(time: nil, properties: hold.properties)
            facts.append(
                .usageRecorded(
                    feature: hold.feature, value: -hold.value,
                    label: EventLabel.of(label, entity: settlement.entityID)))
        }
        return facts + settlement.facts + [.holdClosed(id: hold.id)]
    }
}

extension Hold {
    /// With what a deduction drew.
    func with(
        _ deduction: Deduction, _ scope: Scope, properties: [EventProperty]
    ) -> Hold {
        var hold = self
        hold.entity = scope.entity
        hold.shares = deduction.shares
        hold.counted = deduction.counted
        hold.properties = properties
        return hold
    }
}

/// Brings a hold to its final value, step by step on a draft.
private struct Settlement {
    private(set) var buckets: BucketSet
    private(set) var facts: [Fact] = []
    private(set) var draws: [Draw] = []
    private(set) var overflows = false
    /// Why part of what it took more would have been denied.
    private(set) var shadow: CheckReason?
    private let hold: Hold
    private let idle: [UInt32]
    private let pricing: PricingState
    private let now: Timestamp
    /// The entity may be gone.
    let scope: Scope
    let entityID: InlineText

    init(
        _ buckets: BucketSet, _ hold: Hold, except idle: [UInt32] = [], _ pricing: PricingState,
        _ now: Timestamp
    ) {
        self.buckets = buckets
        self.hold = hold
        self.idle = idle
        self.pricing = pricing
        self.now = now
        // What it holds is no longer reserved.
        self.buckets.changeExtras { $0.apply(.holdClosed(id: hold.id)) }
        let entity = hold.entity == 0 ? nil : buckets.extras.entities.entity(hold.entity)
        scope = Scope(entity: entity?.number ?? 0)
        entityID = entity?.id ?? .empty
    }

    /// What it may draw more from.
    var usable: BucketSet { idle.isEmpty ? buckets : buckets.without(idle) }

    mutating func settle(at final: Quantity) {
        let held = hold.value
        if (final < .zero) != (held < .zero), final != .zero, held != .zero {
            unwind(held)
            draw(final)
        } else if final.magnitude >= held.magnitude {
            draw(final - held)
        } else {
            unwind(held - final)
        }
    }

    /// More of the same, in the usual order; what doesn't fit is dropped (corrections, 5).
    private mutating func draw(_ value: Quantity) {
        guard value != .zero else { return }
        let usable = self.usable
        let drawing = usable.draw(
            Demand(
                value: value, feature: hold.feature, scope: scope, overage: .cap,
                properties: hold.properties), pricing, now)
        if drawing.deduction.overflows { overflows = true }
        if let denial = drawing.shadow { shadow = denial }
        var changes: [Fact] = []
        usable.deduct(
            drawing, feature: hold.feature,
            EventLabel(time: nil, properties: hold.properties), scope, pricing, now, &changes)
        draws += drawing.draws
        emit(changes)
    }

    /// Gives units back to exactly the buckets they came from, the last first; for buckets that are
    /// gone the usual order decides. What was given back for a while is taken whatever is left: it
    /// was used, and nothing of it is dropped.
    private mutating func unwind(_ value: Quantity) {
        var rest = value.magnitude
        var elsewhere = Quantity.zero
        var returned: [Draw] = []
        for share in hold.shares.reversed() where rest > .zero {
            let units = min(rest, share.units.magnitude)
            let part = value > .zero ? units : -units
            rest = rest - units
            var back = share.draw
            back.amount = -share.own(of: part)
            let bucket = buckets.bucket(back.bucket, of: back.entity)
            if bucket.map({ !$0.flags.contains(.rollover) }) ?? true {
                returned.append(share.draw)
                returned[returned.count - 1].amount = share.nominal(of: part)
            }
            if bucket != nil {
                draws.append(back)
                emit([.deducted(bucket: back.bucket, amount: back.amount, entity: back.entity)])
            } else if back.entity == 0 || scope.isEntity {
                elsewhere = elsewhere + part
            }
        }
        uncount(value, returned)
        if elsewhere != .zero { draw(-elsewhere) }
    }

    /// Counts of usage limits go down with an unwind: those of the tracked feature by its units,
    /// those of a credit system by its credits.
    private mutating func uncount(_ value: Quantity, _ returned: [Draw]) {
        let isCredits = pricing.kind(of: hold.feature) == .creditSystem
        for counted in hold.counted {
            let window = buckets.extras.windows.first { $0.key == counted.window }
            guard var window, now < window.end else { continue }
            let feature = counted.window.feature
            var part = value
            if isCredits || feature != hold.feature {
                part = returned.reduce(.zero) { sum, draw in
                    draw.feature == feature ? sum + draw.amount : sum
                }
            }
            if value == hold.value { part = counted.amount }
            window.used = (window.used - min(part, counted.amount)).clampedToZero
            emit([.windowCounted(window)])
        }
    }

    private mutating func emit(_ changes: [Fact]) {
        for fact in changes { _ = buckets.apply(fact) }
        facts += changes
    }
}

extension BucketSet {
    fileprivate func bucket(_ number: UInt32, of entity: UInt32) -> Bucket? {
        guard entity != 0 else { return index(ofNumber: number).map { self[$0] } }
        return extras.entities.entity(entity)?.buckets.first { $0.number == number }
    }
}

extension Quantity {
    var magnitude: Quantity { raw < 0 ? -self : self }
}

extension Refusal {
    static func holdTooLong(_ path: String) -> Refusal {
        .invalid([Violation(path: path, message: "must lie in the coming 24 hours")])
    }
}
