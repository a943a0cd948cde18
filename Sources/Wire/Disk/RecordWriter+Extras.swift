internal import Billing
internal import CTallyProto

/// What only some customers have, and the facts about it.
extension RecordWriter {
    func extraFact(_ fact: Fact, _ message: UnsafeMutablePointer<Tally__Disk__V1__Fact>) {
        switch fact {
        case .bucketChanged(let bucket, let entity):
            message.pointee.kind_case = TALLY__DISK__V1__FACT__KIND_BUCKET_CHANGED
            message.pointee.bucket_changed = self.bucket(bucket, of: entity)
        case .detailSet(let detail):
            message.pointee.kind_case = TALLY__DISK__V1__FACT__KIND_DETAIL_SET
            message.pointee.detail_set = self.detail(detail)
        case .entityCreated(let entity):
            // Older binaries know no entities without an id, and must refuse them.
            if entity.id.isEmpty {
                message.pointee.kind_case = TALLY__DISK__V1__FACT__KIND_UNNAMED_ENTITY_CREATED
                message.pointee.unnamed_entity_created = self.entity(entity)
            } else {
                message.pointee.kind_case = TALLY__DISK__V1__FACT__KIND_ENTITY_CREATED
                message.pointee.entity_created = self.entity(entity)
            }
        case .entityClaimed(let number, let id):
            message.pointee.kind_case = TALLY__DISK__V1__FACT__KIND_ENTITY_CLAIMED
            let claimed = arena.make(tally__disk__v1__entity_claimed__init)
            claimed.pointee.entity = number
            claimed.pointee.entity_id = id.withBytes { arena.string($0) }
            message.pointee.entity_claimed = claimed
        case .entityChanged(let number, let name):
            message.pointee.kind_case = TALLY__DISK__V1__FACT__KIND_ENTITY_CHANGED
            let changed = arena.make(tally__disk__v1__entity_changed__init)
            changed.pointee.entity = number
            changed.pointee.name = arena.string(name)
            message.pointee.entity_changed = changed
        case .entityDeleted(let number):
            message.pointee.kind_case = TALLY__DISK__V1__FACT__KIND_ENTITY_DELETED
            message.pointee.entity_deleted = arena.make(tally__disk__v1__entity_deleted__init)
            message.pointee.entity_deleted.pointee.entity = number
        case .controlsSet(let owned):
            // Older binaries would take these for something else, and must refuse them.
            if !owned.controls.autoTopUps.isEmpty {
                message.pointee.kind_case = TALLY__DISK__V1__FACT__KIND_TOPPING_CONTROLS_SET
                message.pointee.topping_controls_set = self.owned(owned)
            } else if owned.controls.isWide {
                message.pointee.kind_case = TALLY__DISK__V1__FACT__KIND_WIDE_CONTROLS_SET
                message.pointee.wide_controls_set = self.owned(owned)
            } else {
                message.pointee.kind_case = TALLY__DISK__V1__FACT__KIND_CONTROLS_SET
                message.pointee.controls_set = self.owned(owned)
            }
        case .poolingSet(let isDisabled):
            message.pointee.kind_case = TALLY__DISK__V1__FACT__KIND_POOLING_SET
            message.pointee.pooling_set = arena.make(tally__disk__v1__pooling_set__init)
            message.pointee.pooling_set.pointee.disabled = isDisabled ? 1 : 0
        case .windowCounted(let window):
            message.pointee.kind_case = TALLY__DISK__V1__FACT__KIND_WINDOW_COUNTED
            message.pointee.window_counted = self.window(window)
        case .notified(let notice):
            message.pointee.kind_case = TALLY__DISK__V1__FACT__KIND_NOTIFIED
            message.pointee.notified = self.notice(notice)
        case .clockMoved(let clock):
            message.pointee.kind_case = TALLY__DISK__V1__FACT__KIND_CLOCK_MOVED
            message.pointee.clock_moved = self.clock(clock)
        case .topUpSet(let record):
            message.pointee.kind_case = TALLY__DISK__V1__FACT__KIND_TOP_UP_SET
            message.pointee.top_up_set = topUpRecord(record)
        default: holdFact(fact, message)
        }
    }

    private func holdFact(_ fact: Fact, _ message: UnsafeMutablePointer<Tally__Disk__V1__Fact>) {
        switch fact {
        case .holdOpened(let hold):
            message.pointee.kind_case = TALLY__DISK__V1__FACT__KIND_HOLD_OPENED
            message.pointee.hold_opened = self.hold(hold)
        case .holdExtended(let id, let expires):
            message.pointee.kind_case = TALLY__DISK__V1__FACT__KIND_HOLD_EXTENDED
            let extended = arena.make(tally__disk__v1__hold_extended__init)
            extended.pointee.hold_id = arena.string(id)
            extended.pointee.expires = expires.milliseconds
            message.pointee.hold_extended = extended
        case .holdClosed(let id):
            message.pointee.kind_case = TALLY__DISK__V1__FACT__KIND_HOLD_CLOSED
            message.pointee.hold_closed = arena.make(tally__disk__v1__hold_closed__init)
            message.pointee.hold_closed.pointee.hold_id = arena.string(id)
        default: preconditionFailure("written by the caller")
        }
    }

    /// All of it, in the clear.
    func extras(_ extras: Extras) -> UnsafeMutablePointer<Tally__Disk__V1__Extras> {
        let message = arena.make(tally__disk__v1__extras__init)
        let entities = Array(extras.entities.all)
        (message.pointee.n_entities, message.pointee.entities) = arena.list(entities) { entity in
            let state = arena.make(tally__disk__v1__entity_state__init)
            state.pointee.entity = self.entity(entity)
            (state.pointee.n_buckets, state.pointee.buckets) =
                arena.list(entity.buckets) { bucket($0) }
            if !entity.controls.isEmpty { state.pointee.controls = controls(entity.controls) }
            return state
        }
        (message.pointee.n_controls, message.pointee.controls) =
            arena.list(extras.controls) { owned($0) }
        (message.pointee.n_windows, message.pointee.windows) =
            arena.list(extras.windows) { window($0) }
        (message.pointee.n_holds, message.pointee.holds) = arena.list(extras.holds) { hold($0) }
        (message.pointee.n_details, message.pointee.details) =
            arena.list(extras.details) { detail($0) }
        (message.pointee.n_top_ups, message.pointee.top_ups) =
            arena.list(extras.topUps) { topUpRecord($0) }
        message.pointee.last_entity = extras.lastEntity
        message.pointee.pooling_disabled = extras.isPoolingDisabled ? 1 : 0
        if extras.clock != .unmoved { message.pointee.clock = clock(extras.clock) }
        return message
    }

    private func clock(_ clock: TestClock) -> UnsafeMutablePointer<Tally__Disk__V1__ClockMoved> {
        let message = arena.make(tally__disk__v1__clock_moved__init)
        message.pointee.offset_ms = clock.offset
        message.pointee.held = stored(clock.held)
        return message
    }

    /// As a snapshot holds it: what is personal is sealed. In memory of its own, as there may be
    /// thousands of entities.
    func packed(_ extras: Extras, with key: UInt32, of customer: CustomerID) -> [UInt8] {
        let writer = RecordWriter(arena: Arena(cap: RecordWriter.largest), seals: seals)
        guard key != 0, let seals, extras.isPersonal else {
            return Array(writer.arena.pack(writer.extras(extras)))
        }
        var open = extras
        let parts = PersonalParts(takenFrom: &open)
        let message = writer.extras(open)
        message.pointee.sealed = writer.sealed(
            parts, with: key, for: .extras, of: customer, seals)
        return Array(writer.arena.pack(message))
    }

    /// Bytes that a customer with all entities and balances it may have needs at most.
    static let largest = 1 << 32

    private func owned(
        _ owned: OwnedControls
    ) -> UnsafeMutablePointer<Tally__Disk__V1__ControlsSet> {
        let message = arena.make(tally__disk__v1__controls_set__init)
        switch owned.owner {
        case .customer: message.pointee.owner = 1
        case .entity(let number): (message.pointee.owner, message.pointee.number) = (2, number)
        case .subscription(let number):
            (message.pointee.owner, message.pointee.number) = (3, number)
        }
        if !owned.controls.isEmpty { message.pointee.controls = controls(owned.controls) }
        return message
    }

    private func controls(
        _ controls: Controls
    ) -> UnsafeMutablePointer<Tally__Disk__V1__Controls> {
        let message = arena.make(tally__disk__v1__controls__init)
        (message.pointee.n_spend_limits, message.pointee.spend_limits) =
            arena.list(controls.spendLimits) { spendLimit($0) }
        (message.pointee.n_usage_limits, message.pointee.usage_limits) =
            arena.list(controls.usageLimits) { usageLimit($0) }
        (message.pointee.n_usage_alerts, message.pointee.usage_alerts) =
            arena.list(controls.usageAlerts) { alert($0) }
        (message.pointee.n_overage_permissions, message.pointee.overage_permissions) =
            arena.list(controls.overagePermissions) { permission in
                let part = arena.make(tally__disk__v1__overage_permission__init)
                part.pointee.feature = permission.feature.rawValue
                part.pointee.enabled = permission.isEnabled ? 1 : 0
                return part
            }
        (message.pointee.n_auto_topups, message.pointee.auto_topups) =
            arena.list(controls.autoTopUps) { topUp($0) }
        return message
    }

    private func spendLimit(
        _ limit: SpendLimit
    ) -> UnsafeMutablePointer<Tally__Disk__V1__SpendLimit> {
        let message = arena.make(tally__disk__v1__spend_limit__init)
        message.pointee.feature = limit.feature?.rawValue ?? 0
        message.pointee.enabled = limit.isEnabled ? 1 : 0
        switch limit.bound {
        case .absent: message.pointee.bound = 0
        case .units(let units):
            message.pointee.bound = 1
            message.pointee.amount = quantity(units)
        case .percentage(let percentage):
            message.pointee.bound = 2
            message.pointee.amount = quantity(percentage)
        }
        return message
    }

    private func usageLimit(
        _ limit: UsageLimit
    ) -> UnsafeMutablePointer<Tally__Disk__V1__UsageLimit> {
        let message = arena.make(tally__disk__v1__usage_limit__init)
        message.pointee.feature = limit.feature.rawValue
        message.pointee.enabled = limit.isEnabled ? 1 : 0
        message.pointee.limit = quantity(limit.limit)
        message.pointee.interval = UInt32(limit.interval.rawValue)
        message.pointee.anchor = UInt32(limit.anchor.rawValue)
        (message.pointee.n_filter, message.pointee.filter) =
            arena.list(limit.filter) { property($0) }
        return message
    }

    private func alert(_ alert: UsageAlert) -> UnsafeMutablePointer<Tally__Disk__V1__UsageAlert> {
        let message = arena.make(tally__disk__v1__usage_alert__init)
        message.pointee.feature = alert.feature?.rawValue ?? 0
        message.pointee.enabled = alert.isEnabled ? 1 : 0
        message.pointee.threshold = quantity(alert.threshold)
        message.pointee.measure = UInt32(alert.measure.rawValue)
        message.pointee.name = arena.string(alert.name)
        return message
    }

    private func notice(_ notice: Notice) -> UnsafeMutablePointer<Tally__Disk__V1__Notice> {
        let message = arena.make(tally__disk__v1__notice__init)
        message.pointee.feature = notice.feature.rawValue
        message.pointee.entity = notice.entity
        switch notice.event {
        case .alert(let alert): message.pointee.alert = self.alert(alert)
        case .limitReached(let kind): message.pointee.limit = UInt32(kind.rawValue)
        case .toppedUp(let units): message.pointee.topped_up = quantity(units)
        case .topUpFailed(let units, let code, let isSuspended):
            let failed = arena.make(tally__disk__v1__top_up_failed__init)
            failed.pointee.units = quantity(units)
            failed.pointee.code = arena.string(code)
            failed.pointee.suspended = isSuspended ? 1 : 0
            message.pointee.top_up_failed = failed
        }
        return message
    }

    private func key(_ key: WindowKey) -> UnsafeMutablePointer<Tally__Disk__V1__WindowKey> {
        let message = arena.make(tally__disk__v1__window_key__init)
        message.pointee.feature = key.feature.rawValue
        message.pointee.entity = key.entity
        message.pointee.interval = UInt32(key.interval.rawValue)
        (message.pointee.n_filter, message.pointee.filter) = arena.list(key.filter) { property($0) }
        return message
    }

    private func window(
        _ window: UsageWindow
    ) -> UnsafeMutablePointer<Tally__Disk__V1__UsageWindow> {
        let message = arena.make(tally__disk__v1__usage_window__init)
        message.pointee.key = key(window.key)
        message.pointee.start = window.start.milliseconds
        message.pointee.end = stored(window.end)
        message.pointee.used = quantity(window.used)
        return message
    }

    private func hold(_ hold: Hold) -> UnsafeMutablePointer<Tally__Disk__V1__Hold> {
        let message = arena.make(tally__disk__v1__hold__init)
        message.pointee.hold_id = arena.string(hold.id)
        message.pointee.feature = hold.feature.rawValue
        message.pointee.entity = hold.entity
        message.pointee.expires = hold.expires.milliseconds
        (message.pointee.n_shares, message.pointee.shares) = arena.list(hold.shares) { share in
            let part = arena.make(tally__disk__v1__hold_share__init)
            part.pointee.bucket = share.draw.bucket
            part.pointee.entity = share.draw.entity
            part.pointee.feature = share.draw.feature.rawValue
            part.pointee.amount = quantity(share.draw.amount)
            part.pointee.units = quantity(share.units)
            if let cost = share.cost { part.pointee.cost = arena.string(cost.text) }
            return part
        }
        (message.pointee.n_counts, message.pointee.counts) = arena.list(hold.counted) { counted in
            let part = arena.make(tally__disk__v1__hold_count__init)
            part.pointee.key = key(counted.window)
            part.pointee.amount = quantity(counted.amount)
            return part
        }
        (message.pointee.n_properties, message.pointee.properties) =
            arena.list(hold.properties) { property($0) }
        return message
    }

    private func entity(_ entity: Entity) -> UnsafeMutablePointer<Tally__Disk__V1__EntityCreated> {
        let message = arena.make(tally__disk__v1__entity_created__init)
        message.pointee.entity = entity.number
        message.pointee.entity_id = entity.id.withBytes { arena.string($0) }
        message.pointee.feature = entity.feature.rawValue
        message.pointee.name = arena.string(entity.name)
        message.pointee.create_time = entity.created.milliseconds
        return message
    }

    private func detail(
        _ detail: BucketDetail
    ) -> UnsafeMutablePointer<Tally__Disk__V1__BucketDetail> {
        let message = arena.make(tally__disk__v1__bucket_detail__init)
        message.pointee.bucket = detail.bucket
        message.pointee.name = arena.string(detail.name)
        if detail.adjustment != .zero { message.pointee.adjustment = quantity(detail.adjustment) }
        if detail.prepaid != .zero { message.pointee.prepaid = quantity(detail.prepaid) }
        message.pointee.rollover = detail.rollover.map { rollover($0) }
        message.pointee.parent = detail.parent
        return message
    }

    func rollover(_ rollover: Rollover) -> UnsafeMutablePointer<Tally__Disk__V1__Rollover> {
        let message = arena.make(tally__disk__v1__rollover__init)
        message.pointee.months = rollover.months
        switch rollover.cap {
        case .none: message.pointee.cap = 1
        case .units(let units):
            message.pointee.cap = 2
            message.pointee.amount = quantity(units)
        case .percentage(let percentage):
            message.pointee.cap = 3
            message.pointee.amount = quantity(percentage)
        }
        return message
    }
}

extension Controls {
    /// One of them is for every feature, or has no bound.
    fileprivate var isWide: Bool {
        spendLimits.contains { $0.feature == nil || $0.bound == .absent }
            || usageAlerts.contains { $0.feature == nil }
    }
}
