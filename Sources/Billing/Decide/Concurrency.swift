/// Limits of how many may be held open at a time. What is open is nowhere counted but in the open
/// holds themselves, so that no change of plans, grants or entities can lose or invent a slot.
extension BucketSet {
    /// Takes slots, if so many are free: all of them, or none.
    func decideTakeSlots(
        _ query: CheckQuery, pricing: PricingState, now: Timestamp
    ) throws(Refusal) -> Decision {
        guard let request = query.hold else {
            throw .invalid([
                Violation(path: "hold", message: "is what takes a slot of a concurrency limit")
            ])
        }
        guard query.required > .zero else {
            throw .invalid([
                Violation(path: "required_quantity", message: "must be above 0 to hold slots")
            ])
        }
        let scope = try scope(of: query.entity)
        var hold = try admit(request, of: query.feature, pricing, now)
        var answer = CheckAnswer(to: query)
        check(query, scope, pricing, now, answering: &answer)
        answer.isShadow = !answer.reason.allows && pricing.isShadow(query.feature)
        guard answer.allowed else {
            complete(&answer, in: scope)
            return Decision(facts: [], reply: .check(answer))
        }
        hold.take(query.required, scope, properties: query.properties)
        var after = self
        after.changeExtras { $0.apply(.holdOpened(hold)) }
        answer.balance = after.shownBalance(of: query.feature, in: scope)
        let label = EventLabel(time: nil, properties: query.properties)
        return Decision(
            facts: [
                .usageRecorded(
                    feature: query.feature, value: query.required,
                    label: EventLabel.of(
                        label, entity: query.entity,
                        shadow: answer.isShadow ? answer.reason : nil)),
                .holdOpened(hold),
            ],
            reply: .check(answer))
    }

    /// Gives a hold's slots back, whatever was said to be used.
    func decideFreeSlots(_ hold: Hold, _ label: EventLabel?) -> Decision {
        var after = self
        after.changeExtras { $0.apply(.holdClosed(id: hold.id)) }
        let entity = extras.entities.entity(hold.entity)
        let scope = Scope(entity: entity?.number ?? 0)
        let balance = after.shownBalance(of: hold.feature, in: scope)
        return Decision(
            facts: freeingFacts(of: hold, label),
            reply: .settled(TrackReply(value: .zero, balance: balance, draws: [])))
    }

    /// That the slots are free again.
    func freeingFacts(of hold: Hold, _ label: EventLabel?) -> [Fact] {
        let label = label ?? EventLabel(time: nil, properties: hold.properties)
        let entity = extras.entities.entity(hold.entity)?.id ?? .empty
        return [
            .usageRecorded(
                feature: hold.feature, value: -hold.value,
                label: EventLabel.of(label, entity: entity)),
            .holdClosed(id: hold.id),
        ]
    }
}

extension Bucket.Flags {
    /// Its balance is what was granted: see `SlotCount` for what of it is free. A level that never
    /// goes below 0, at no price either: no other kind has these flags together.
    static let concurrency: Bucket.Flags = [.allocated, .limited]

    var isConcurrency: Bool { intersection([.allocated, .limited, .priced]) == .concurrency }
}

extension BalanceView {
    var isConcurrency: Bool { parts.first?.flags.isConcurrency ?? false }
}

extension Hold {
    /// Of no bucket: slots are counted, not drawn.
    fileprivate mutating func take(
        _ slots: Quantity, _ scope: Scope, properties: [EventProperty]
    ) {
        entity = scope.entity
        shares = [
            Share(
                draw: Draw(bucket: 0, entity: scope.entity, feature: feature, amount: slots),
                units: slots, cost: nil)
        ]
        self.properties = properties
    }
}

/// Which grants of a concurrency limit the open holds fill.
///
/// An entity's holds fill what is granted to it alone, then what the customer has as a whole, as do
/// holds that name no entity; what exceeds that fills what is left of entities' slices, in their
/// order. If even that isn't enough, since a limit was lowered, the first grant shows the rest as
/// overage until enough of them are closed.
struct SlotCount {
    private struct Row {
        var bucket: Bucket
        var entity: UInt32
        var taken = Quantity.zero

        var isUnlimited: Bool { bucket.flags.contains(.unlimited) }
    }

    private var rows: [Row] = []
    /// What of each bucket is filled, by number: a customer may have thousands of entities.
    private var taken: [UInt32: Quantity] = [:]

    init(of feature: FeatureNumber, _ buckets: borrowing BucketSet) {
        buckets.each { bucket, entity in
            if bucket.feature == feature { rows.append(Row(bucket: bucket, entity: entity)) }
        }
        var rest = Quantity.zero
        var held: [UInt32: Quantity] = [:]
        for hold in buckets.extras.holds where hold.feature == feature {
            if hold.entity == 0 {
                rest = rest + hold.value
            } else {
                held[hold.entity] = (held[hold.entity] ?? .zero) + hold.value
            }
        }
        for index in rows.indices where rows[index].entity != 0 {
            let entity = rows[index].entity
            if let amount = held[entity] { held[entity] = fill(index, with: amount) }
        }
        // A sum: the order doesn't show.
        for amount in held.values { rest = rest + amount }
        for index in rows.indices where rows[index].entity == 0 { rest = fill(index, with: rest) }
        for index in rows.indices where rows[index].bucket.flags.contains(.slice) {
            rest = fill(index, with: rest)
        }
        if !rows.isEmpty { rows[0].taken = rows[0].taken + rest }
        for row in rows where row.taken != .zero { taken[row.bucket.number] = row.taken }
    }

    /// The bucket with the balance that is free of it.
    func free(_ bucket: Bucket) -> Bucket {
        var bucket = bucket
        bucket.balance = bucket.balance - (taken[bucket.number] ?? .zero)
        return bucket
    }

    /// What doesn't fit.
    private mutating func fill(_ index: Int, with amount: Quantity) -> Quantity {
        let row = rows[index]
        let room = (row.bucket.balance - row.taken).clampedToZero
        let part = row.isUnlimited ? amount : min(amount, room)
        rows[index].taken = row.taken + part
        return amount - part
    }
}
