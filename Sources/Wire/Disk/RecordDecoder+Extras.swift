internal import Billing
internal import CTallyProto

/// What `RecordWriter+Extras` wrote.
extension RecordDecoder {
    func extraFact(_ message: Tally__Disk__V1__Fact) throws(RecordFault) -> Fact {
        switch message.kind_case {
        case TALLY__DISK__V1__FACT__KIND_BUCKET_CHANGED:
            let fact = try need(message.bucket_changed)
            return .bucketChanged(try bucket(fact), entity: fact.entity)
        case TALLY__DISK__V1__FACT__KIND_DETAIL_SET:
            return .detailSet(try detail(try need(message.detail_set)))
        case TALLY__DISK__V1__FACT__KIND_ENTITY_CREATED:
            return .entityCreated(try entity(try need(message.entity_created)))
        case TALLY__DISK__V1__FACT__KIND_UNNAMED_ENTITY_CREATED:
            return .entityCreated(try entity(try need(message.unnamed_entity_created)))
        case TALLY__DISK__V1__FACT__KIND_ENTITY_CLAIMED:
            let fact = try need(message.entity_claimed)
            return .entityClaimed(number: fact.entity, id: try entityID(fact.entity_id))
        case TALLY__DISK__V1__FACT__KIND_ENTITY_CHANGED:
            let fact = try need(message.entity_changed)
            return .entityChanged(number: fact.entity, name: text(fact.name))
        case TALLY__DISK__V1__FACT__KIND_ENTITY_DELETED:
            return .entityDeleted(number: try need(message.entity_deleted).entity)
        case TALLY__DISK__V1__FACT__KIND_CONTROLS_SET:
            return .controlsSet(try owned(try need(message.controls_set)))
        case TALLY__DISK__V1__FACT__KIND_WIDE_CONTROLS_SET:
            return .controlsSet(try owned(try need(message.wide_controls_set)))
        case TALLY__DISK__V1__FACT__KIND_TOPPING_CONTROLS_SET:
            return .controlsSet(try owned(try need(message.topping_controls_set)))
        case TALLY__DISK__V1__FACT__KIND_TOP_UP_SET:
            return .topUpSet(topUpRecord(try need(message.top_up_set)))
        case TALLY__DISK__V1__FACT__KIND_POOLING_SET:
            return .poolingSet(isDisabled: try need(message.pooling_set).disabled != 0)
        case TALLY__DISK__V1__FACT__KIND_WINDOW_COUNTED:
            return .windowCounted(try window(try need(message.window_counted)))
        case TALLY__DISK__V1__FACT__KIND_HOLD_OPENED:
            return .holdOpened(try hold(try need(message.hold_opened)))
        case TALLY__DISK__V1__FACT__KIND_HOLD_EXTENDED:
            let fact = try need(message.hold_extended)
            return .holdExtended(
                id: text(fact.hold_id), expires: Timestamp(milliseconds: fact.expires))
        case TALLY__DISK__V1__FACT__KIND_HOLD_CLOSED:
            return .holdClosed(id: text(try need(message.hold_closed).hold_id))
        case TALLY__DISK__V1__FACT__KIND_NOTIFIED:
            return .notified(try notice(try need(message.notified)))
        case TALLY__DISK__V1__FACT__KIND_CLOCK_MOVED:
            return .clockMoved(clock(try need(message.clock_moved)))
        default: return try rewardFact(message)
        }
    }

    func extras(_ message: Tally__Disk__V1__Extras) throws(RecordFault) -> Extras {
        var extras = Extras()
        for state in elements(message.n_entities, message.entities) {
            var entity = try self.entity(try need(state.pointee.entity))
            for bucket in elements(state.pointee.n_buckets, state.pointee.buckets) {
                entity.buckets.append(try self.bucket(bucket.pointee))
            }
            if let controls = state.pointee.controls {
                entity.controls = try self.controls(controls.pointee)
            }
            extras.entities.insert(entity)
        }
        for owned in elements(message.n_controls, message.controls) {
            extras.controls.append(try self.owned(owned.pointee))
        }
        for window in elements(message.n_windows, message.windows) {
            extras.windows.append(try self.window(window.pointee))
        }
        for hold in elements(message.n_holds, message.holds) {
            extras.holds.append(try self.hold(hold.pointee))
        }
        for detail in elements(message.n_details, message.details) {
            extras.details.append(try self.detail(detail.pointee))
        }
        for record in elements(message.n_top_ups, message.top_ups) {
            extras.topUps.append(topUpRecord(record.pointee))
        }
        extras.lastEntity = message.last_entity
        extras.isPoolingDisabled = message.pooling_disabled != 0
        if let clock = message.clock { extras.clock = self.clock(clock.pointee) }
        return extras
    }

    private func clock(_ message: Tally__Disk__V1__ClockMoved) -> TestClock {
        TestClock(offset: message.offset_ms, held: time(message.held))
    }

    /// As a snapshot holds it.
    func extras(
        packed bytes: UnsafeRawBufferPointer, of customer: CustomerID
    ) throws(RecordFault) -> Extras {
        let decoder = RecordDecoder(arena: Arena(cap: RecordWriter.largest), seals: seals)
        let message = try decoder.open(bytes, tally__disk__v1__extras__init).pointee
        var extras = try decoder.extras(message)
        if let sealed = message.sealed?.pointee,
            let parts = try decoder.open(sealed, for: .extras, of: customer)
        {
            try decoder.put(parts, into: &extras)
        }
        return extras
    }

    private func owned(
        _ message: Tally__Disk__V1__ControlsSet
    ) throws(RecordFault) -> OwnedControls {
        let owner: ControlOwner
        switch message.owner {
        case 1: owner = .customer
        case 2: owner = .entity(message.number)
        case 3: owner = .subscription(message.number)
        default: throw RecordFault("unknown owner of controls: written by a newer version of tally")
        }
        var controls = Controls()
        if let given = message.controls { controls = try self.controls(given.pointee) }
        return OwnedControls(owner: owner, controls: controls)
    }

    private func controls(
        _ message: Tally__Disk__V1__Controls
    ) throws(RecordFault) -> Controls {
        var controls = Controls()
        for limit in elements(message.n_spend_limits, message.spend_limits) {
            let amount = quantity(limit.pointee.amount)
            let bound: SpendLimit.Bound
            switch limit.pointee.bound {
            case 0: bound = .absent
            case 1: bound = .units(amount)
            case 2: bound = .percentage(amount)
            default:
                throw RecordFault("unknown bound of a limit: written by a newer version of tally")
            }
            controls.spendLimits.append(
                SpendLimit(
                    feature: feature(orEvery: limit.pointee.feature),
                    isEnabled: limit.pointee.enabled != 0, bound: bound))
        }
        for limit in elements(message.n_usage_limits, message.usage_limits) {
            controls.usageLimits.append(
                UsageLimit(
                    feature: FeatureNumber(rawValue: limit.pointee.feature),
                    isEnabled: limit.pointee.enabled != 0, limit: quantity(limit.pointee.limit),
                    interval: try known(limit.pointee.interval, Interval.self),
                    anchor: try known(limit.pointee.anchor, UsageLimit.Anchor.self),
                    filter: try properties(limit.pointee.n_filter, limit.pointee.filter)))
        }
        for alert in elements(message.n_usage_alerts, message.usage_alerts) {
            controls.usageAlerts.append(try self.alert(alert.pointee))
        }
        for permission in elements(
            message.n_overage_permissions, message.overage_permissions)
        {
            controls.overagePermissions.append(
                OveragePermission(
                    feature: FeatureNumber(rawValue: permission.pointee.feature),
                    isEnabled: permission.pointee.enabled != 0))
        }
        for topUp in elements(message.n_auto_topups, message.auto_topups) {
            controls.autoTopUps.append(try self.topUp(topUp.pointee))
        }
        return controls
    }

    /// nil: every feature.
    private func feature(orEvery number: UInt32) -> FeatureNumber? {
        number == 0 ? nil : FeatureNumber(rawValue: number)
    }

    private func alert(_ message: Tally__Disk__V1__UsageAlert) throws(RecordFault) -> UsageAlert {
        UsageAlert(
            feature: feature(orEvery: message.feature), isEnabled: message.enabled != 0,
            threshold: quantity(message.threshold),
            measure: try known(message.measure, UsageAlert.Measure.self),
            name: text(message.name))
    }

    private func notice(_ message: Tally__Disk__V1__Notice) throws(RecordFault) -> Notice {
        let event: Notice.Event
        if let alert = message.alert {
            event = .alert(try self.alert(alert.pointee))
        } else if let units = message.topped_up {
            event = .toppedUp(units: quantity(units))
        } else if let failed = message.top_up_failed?.pointee {
            event = .topUpFailed(
                units: quantity(failed.units), code: text(failed.code),
                isSuspended: failed.suspended != 0)
        } else {
            event = .limitReached(try known(message.limit, LimitKind.self))
        }
        return Notice(
            feature: FeatureNumber(rawValue: message.feature), entity: message.entity,
            event: event)
    }

    private func key(_ message: Tally__Disk__V1__WindowKey) throws(RecordFault) -> WindowKey {
        WindowKey(
            feature: FeatureNumber(rawValue: message.feature), entity: message.entity,
            interval: try known(message.interval, Interval.self),
            filter: try properties(message.n_filter, message.filter))
    }

    private func window(
        _ message: Tally__Disk__V1__UsageWindow
    ) throws(RecordFault) -> UsageWindow {
        UsageWindow(
            key: try key(try need(message.key)), start: Timestamp(milliseconds: message.start),
            end: time(message.end), used: quantity(message.used))
    }

    private func hold(_ message: Tally__Disk__V1__Hold) throws(RecordFault) -> Hold {
        var hold = Hold(
            id: text(message.hold_id), feature: FeatureNumber(rawValue: message.feature),
            entity: message.entity, expires: Timestamp(milliseconds: message.expires), shares: [],
            counted: [], properties: try properties(message.n_properties, message.properties))
        for share in elements(message.n_shares, message.shares) {
            let cost = text(share.pointee.cost)
            hold.shares.append(
                Hold.Share(
                    draw: Draw(
                        bucket: share.pointee.bucket, entity: share.pointee.entity,
                        feature: FeatureNumber(rawValue: share.pointee.feature),
                        amount: quantity(share.pointee.amount)),
                    units: quantity(share.pointee.units),
                    cost: cost.isEmpty ? nil : UnitPrice(cost)))
        }
        for count in elements(message.n_counts, message.counts) {
            hold.counted.append(
                Hold.Counted(
                    window: try key(try need(count.pointee.key)),
                    amount: quantity(count.pointee.amount)))
        }
        return hold
    }

    private func entity(
        _ message: Tally__Disk__V1__EntityCreated
    ) throws(RecordFault) -> Entity {
        return Entity(
            number: message.entity, id: try entityID(message.entity_id),
            feature: FeatureNumber(rawValue: message.feature),
            name: text(message.name), created: Timestamp(milliseconds: message.create_time))
    }

    private func entityID(_ text: UnsafePointer<CChar>?) throws(RecordFault) -> InlineText {
        guard let id = InlineText(Wire.bytes(of: text)) else {
            throw RecordFault("an entity's id is too long")
        }
        return id
    }

    private func detail(
        _ message: Tally__Disk__V1__BucketDetail
    ) throws(RecordFault) -> BucketDetail {
        var detail = BucketDetail(
            bucket: message.bucket, name: text(message.name),
            adjustment: quantity(message.adjustment), prepaid: quantity(message.prepaid),
            parent: message.parent)
        if let rollover = message.rollover {
            detail.rollover = try self.rollover(rollover.pointee)
        }
        return detail
    }

    func rollover(_ message: Tally__Disk__V1__Rollover) throws(RecordFault) -> Rollover {
        let cap: Rollover.Cap
        switch message.cap {
        case 1: cap = .none
        case 2: cap = .units(quantity(message.amount))
        case 3: cap = .percentage(quantity(message.amount))
        default: throw RecordFault("unknown cap of a rollover: written by a newer version of tally")
        }
        return Rollover(cap: cap, months: message.months)
    }
}
