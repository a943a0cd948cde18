internal import Billing

/// What only some customers have.
extension Form {
    mutating func extras(_ value: inout ExportedCustomer) throws(FormFault) {
        try number("last_entity", &value.extras.lastEntity)
        try flag("pooling_disabled", &value.extras.isPoolingDisabled)
        try list("entities", &value.entities, empty: .empty) { (form, entity) throws(FormFault) in
            try form.entity(&entity)
        }
        try list(
            "controls", &value.extras.controls,
            empty: OwnedControls(owner: .customer, controls: .none)
        ) { (form, owned) throws(FormFault) in try form.owned(&owned) }
        try list(
            "grant_details", &value.extras.details, empty: BucketDetail(bucket: 0)
        ) { (form, detail) throws(FormFault) in try form.detail(&detail) }
        let empty = UsageWindow(key: .empty, start: .never, end: .never, used: .zero)
        try list("usage_windows", &value.extras.windows, empty: empty) {
            (form, window) throws(FormFault) in
            try form.window(&window.key)
            try form.time("start", &window.start)
            try form.time("end", &window.end)
            try form.quantity("used", &window.used)
        }
        try number("clock_ahead_ms", &value.extras.clock.offset, unless: 0)
        if isReading ? has("clock_held") : value.extras.clock.held != .never {
            try time("clock_held", &value.extras.clock.held)
        }
        try list("holds", &value.extras.holds, empty: .empty) { (form, hold) throws(FormFault) in
            try form.hold(&hold)
        }
        try since(6) { form throws(FormFault) in try form.topUps(&value.extras.topUps) }
    }

    private mutating func topUps(_ value: inout [TopUpRecord]) throws(FormFault) {
        let none = TopUpRecord(feature: FeatureNumber(rawValue: 0))
        try list("top_ups", &value, empty: none) { (form, record) throws(FormFault) in
            try form.feature("feature", &record.feature)
            try form.list("attempts", &record.attempts, empty: .epoch) {
                (form, time) throws(FormFault) in try form.time("time", &time)
            }
            try form.number("failures", &record.failures)
            try form.time("failed", &record.failed)
            try form.time("window_start", &record.windowStart)
            try form.number("purchases", &record.purchases)
        }
    }

    private mutating func entity(_ value: inout Entity) throws(FormFault) {
        try number("number", &value.number)
        // Null: it has none yet.
        var id: InlineText? = value.id.isEmpty ? nil : value.id
        try optional("id", &id, empty: .empty) { (form, id) throws(FormFault) in
            try form.id("id", &id)
        }
        value.id = id ?? .empty
        try feature("feature", &value.feature)
        try text("name", &value.name)
        try time("created", &value.created)
        try list("grants", &value.buckets, empty: .empty) { (form, grant) throws(FormFault) in
            try form.grant(&grant)
        }
        try whole("controls", &value.controls, empty: .none) { (form, controls) throws(FormFault) in
            try form.controls(&controls)
        }
    }

    /// Those of entities are with the entities.
    private mutating func owned(_ value: inout OwnedControls) throws(FormFault) {
        var subscription = UInt32?.none
        if case .subscription(let number) = value.owner { subscription = number }
        try optional("subscription", &subscription, empty: 0) { (form, number) throws(FormFault) in
            try form.number("subscription", &number)
        }
        value.owner = subscription.map { .subscription($0) } ?? .customer
        try controls(&value.controls)
    }

    private mutating func detail(_ value: inout BucketDetail) throws(FormFault) {
        try number("grant", &value.bucket)
        try text("name", &value.name)
        try quantity("adjustment", &value.adjustment)
        try quantity("prepaid", &value.prepaid)
        try rollover(&value.rollover)
        try number("parent", &value.parent)
    }

    private mutating func window(_ value: inout WindowKey) throws(FormFault) {
        try feature("feature", &value.feature)
        try number("entity", &value.entity)
        try interval("interval", &value.interval)
        try properties("filter", &value.filter)
    }

    private mutating func hold(_ value: inout Hold) throws(FormFault) {
        try text("id", &value.id)
        try feature("feature", &value.feature)
        try number("entity", &value.entity)
        try time("expires", &value.expires)
        try properties("properties", &value.properties)
        let none = Draw(bucket: 0, feature: FeatureNumber(rawValue: 0), amount: .zero)
        let share = Hold.Share(draw: none, units: .zero, cost: nil)
        try list("shares", &value.shares, empty: share) { (form, share) throws(FormFault) in
            try form.share(&share)
        }
        let count = Hold.Counted(window: .empty, amount: .zero)
        try list("counts", &value.counted, empty: count) { (form, counted) throws(FormFault) in
            try form.window(&counted.window)
            try form.quantity("amount", &counted.amount)
        }
    }

    private mutating func share(_ value: inout Hold.Share) throws(FormFault) {
        try number("grant", &value.draw.bucket)
        try number("entity", &value.draw.entity)
        try feature("feature", &value.draw.feature)
        try quantity("amount", &value.draw.amount)
        try quantity("units", &value.units)
        try optional("cost", &value.cost, empty: .zero) { (form, cost) throws(FormFault) in
            try form.price("cost", &cost)
        }
    }
}

// What is read into.

extension Entity {
    static var empty: Entity {
        Entity(
            number: 0, id: .empty, feature: FeatureNumber(rawValue: 0), name: "", created: .never)
    }
}

extension WindowKey {
    static var empty: WindowKey {
        WindowKey(feature: FeatureNumber(rawValue: 0), entity: 0, interval: .day, filter: [])
    }
}

extension Hold {
    static var empty: Hold {
        Hold(
            id: "", feature: FeatureNumber(rawValue: 0), entity: 0, expires: .never, shares: [],
            counted: [], properties: [])
    }
}
