import Billing

/// One of everything that only some customers have.
enum ExtraSamples {
    static let feature = FeatureNumber(rawValue: 3)
    static let person = "Ada Lovelace"
    static let time = Timestamp(milliseconds: 1_793_000_000_123)
    static let amount = Quantity(raw: -12_345_678_901)

    static let properties = [
        EventProperty("by", .text(person)), EventProperty("cached", .boolean(true)),
        EventProperty("share", .number(bits: 0.1.bitPattern)),
    ]

    static func bucket(_ number: UInt32) -> Bucket {
        Bucket(
            number: number, feature: feature, subscription: 4, plan: PlanNumber(rawValue: 9),
            granted: Quantity(units: 100), balance: amount, maxOverage: Quantity(units: 7),
            cycle: Cycle(.month, count: 3), anchor: time, nextReset: time, expires: .never,
            created: time, flags: [.priced, .limited, .rollover, .slice])
    }

    static var controls: Controls {
        var controls = Controls()
        controls.spendLimits = [
            SpendLimit(feature: feature, isEnabled: true, bound: .units(Quantity(units: 5))),
            SpendLimit(feature: feature, isEnabled: false, bound: .percentage(amount)),
        ]
        controls.usageLimits = [
            UsageLimit(
                feature: feature, isEnabled: false, limit: Quantity(units: 10), interval: .week,
                anchor: .utc, filter: [EventProperty("model", .text("large"))]),
            UsageLimit(feature: feature, limit: .zero, interval: .year),
        ]
        controls.usageAlerts = [alert]
        controls.overagePermissions = [OveragePermission(feature: feature, isEnabled: true)]
        return controls
    }

    /// Something is bought.
    static var toppingControls: Controls {
        var controls = wideControls
        controls.autoTopUps = [
            AutoTopUp(
                feature: feature, isEnabled: false, threshold: .zero, quantity: amount,
                limit: AutoTopUp.PurchaseLimit(3, in: Cycle(.week, count: 2))),
            AutoTopUp(
                feature: FeatureNumber(rawValue: 4), threshold: Quantity(raw: 1),
                quantity: Quantity(units: 1)),
        ]
        return controls
    }

    static var topUps: TopUpRecord {
        var record = TopUpRecord(feature: feature)
        record.attempts = [.epoch, time]
        (record.failures, record.failed) = (2, time)
        (record.windowStart, record.purchases) = (time, 5)
        return record
    }

    /// For every feature, or without a bound.
    static var wideControls: Controls {
        var controls = Controls()
        controls.spendLimits = [
            SpendLimit(feature: nil, isEnabled: true, bound: .percentage(amount)),
            SpendLimit(feature: feature, isEnabled: true, bound: .absent),
        ]
        controls.usageAlerts = [
            UsageAlert(feature: nil, threshold: Quantity(units: 80), measure: .usage)
        ]
        return controls
    }

    static let alert = UsageAlert(
        feature: feature, isEnabled: false, threshold: Quantity(units: 80),
        measure: .remainingPercentage, name: "low")

    static let key = WindowKey(
        feature: feature, entity: 2, interval: .day,
        filter: [EventProperty("model", .text("large"))])

    static let window = UsageWindow(
        key: key, start: .epoch, end: time, used: Quantity(units: 3))

    static func entity(_ number: UInt32) -> Entity {
        guard let id = InlineText("seat-\(number)") else { preconditionFailure("it is short") }
        return Entity(number: number, id: id, feature: feature, name: person, created: time)
    }

    /// Made without an id.
    static let unnamed = Entity(
        number: 7, id: .empty, feature: feature, name: person, created: time)

    static let named = entity(7).id

    static let detail = BucketDetail(
        bucket: 5, name: "gift", adjustment: Quantity(units: 2), prepaid: Quantity(units: 50),
        rollover: Rollover(cap: .percentage(Quantity(units: 20)), months: 2), parent: 1)

    static func hold(_ id: String, _ properties: [EventProperty] = properties) -> Hold {
        Hold(
            id: id, feature: feature, entity: 2, expires: time,
            shares: [
                Hold.Share(
                    draw: Draw(bucket: 5, entity: 2, feature: feature, amount: amount),
                    units: Quantity(units: 4), cost: UnitPrice("0.000000000001")),
                Hold.Share(
                    draw: Draw(bucket: 1, feature: feature, amount: amount), units: amount,
                    cost: nil),
            ], counted: [Hold.Counted(window: key, amount: Quantity(units: 4))],
            properties: properties)
    }

    /// Of each kind that isn't about the customer as a whole and its plans alone.
    static let facts =
        ownFacts + RewardSamples.facts + SeveralSamples.facts
        + ReceivableSamples.facts + PauseSamples.facts + TaxSamples.facts
        + AddressSamples.facts + ExternalInvoiceSamples.facts

    private static let ownFacts: [Fact] = [
        .deducted(bucket: 5, amount: amount, entity: 2),
        .bucketOpened(bucket(5), entity: 2),
        .bucketReset(bucket: 5, balance: amount, nextReset: time, entity: 2),
        .bucketClosed(bucket: 5, entity: 2),
        .bucketChanged(bucket(5), entity: 2),
        .bucketChanged(bucket(1)),
        .detailSet(detail),
        .detailSet(
            BucketDetail(
                bucket: 6, rollover: Rollover(cap: .units(Quantity(units: 9)), months: 0))),
        .detailSet(BucketDetail(bucket: 7, rollover: Rollover(cap: .none, months: 1))),
        .entityCreated(entity(2)),
        .entityCreated(unnamed),
        .entityClaimed(number: 2, id: entity(2).id),
        .entityChanged(number: 2, name: person),
        .entityDeleted(number: 2),
        .controlsSet(OwnedControls(owner: .customer, controls: controls)),
        .controlsSet(OwnedControls(owner: .entity(2), controls: controls)),
        .controlsSet(OwnedControls(owner: .subscription(4), controls: .none)),
        .controlsSet(OwnedControls(owner: .customer, controls: wideControls)),
        .controlsSet(OwnedControls(owner: .subscription(4), controls: toppingControls)),
        .topUpSet(topUps),
        .topUpSet(TopUpRecord(feature: feature)),
        .notified(Notice(feature: feature, entity: 0, event: .toppedUp(units: amount))),
        .notified(
            Notice(
                feature: feature, entity: 0,
                event: .topUpFailed(units: amount, code: "declined", isSuspended: true))),
        .poolingSet(isDisabled: true),
        .poolingSet(isDisabled: false),
        .windowCounted(window),
        .windowCounted(UsageWindow(key: key, start: time, end: .never, used: amount)),
        .holdOpened(hold("job-1")),
        .holdExtended(id: "job-1", expires: time),
        .holdClosed(id: "job-1"),
        .clockMoved(TestClock(offset: 86_400_000, held: time)),
        .clockMoved(TestClock(offset: -1)),
        .reminded(
            .trialEnding(
                subscription: 3, plan: PlanReference(plan: PlanNumber(rawValue: 2), revision: 4),
                entity: 2, end: time)),
        .reminded(
            .methodExpiring(
                CardLabel(brand: "visa", last4: "4242"), CardExpiry(year: 2030, month: 2))),
        .notified(Notice(feature: feature, entity: 2, event: .alert(alert))),
        .notified(Notice(feature: feature, entity: 0, event: .limitReached(.spendLimit))),
        usage(properties + [ofEntity]),
        usage([ofEntity]),
    ]

    static let ofEntity = EventProperty("$entity_id", .text("seat-2"))

    static func usage(_ properties: [EventProperty]) -> Fact {
        .usageRecorded(
            feature: feature, value: amount,
            label: EventLabel(time: time, properties: properties))
    }

    static var extras: Extras {
        var extras = Extras()
        for number in UInt32(1)...3 {
            var entity = entity(number)
            if number == 2 {
                entity.buckets = [bucket(5), bucket(6)]
                entity.controls = controls
            }
            extras.entities.insert(entity)
        }
        extras.entities.insert(unnamed)
        extras.controls = [
            OwnedControls(owner: .subscription(4), controls: controls),
            OwnedControls(owner: .customer, controls: controls),
            OwnedControls(owner: .subscription(5), controls: wideControls),
            OwnedControls(owner: .subscription(6), controls: toppingControls),
        ]
        extras.windows = [window]
        extras.topUps = [topUps, TopUpRecord(feature: FeatureNumber(rawValue: 4))]
        extras.holds = [hold("job-1"), hold("job-2", [])]
        extras.details = [detail]
        extras.lastEntity = 8
        extras.isPoolingDisabled = true
        extras.clock = TestClock(offset: 86_400_000, held: time)
        return extras
    }
}
