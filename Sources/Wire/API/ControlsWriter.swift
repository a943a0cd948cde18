internal import Billing
internal import CTallyProto

/// Writes limits, alerts and permissions, for replies and for catalogs.
struct ControlsWriter {
    let arena: Arena
    /// What their usage limits have counted.
    var windows: [UsageWindow] = []
    /// What became of their top-ups.
    var topUps: [TopUpRecord] = []

    /// - Parameter id: of a feature, as a string that outlives the message.
    func message(
        _ controls: Controls, id: (FeatureNumber) -> UnsafeMutablePointer<CChar>
    ) -> UnsafeMutablePointer<Tally__V1__Controls> {
        let message = arena.make(tally__v1__controls__init)
        (message.pointee.n_spend_limits, message.pointee.spend_limits) =
            arena.list(controls.spendLimits) { spendLimit($0, $0.feature.map(id)) }
        (message.pointee.n_usage_limits, message.pointee.usage_limits) =
            arena.list(controls.usageLimits) { usageLimit($0, id($0.feature)) }
        (message.pointee.n_usage_alerts, message.pointee.usage_alerts) =
            arena.list(controls.usageAlerts) { alert($0, $0.feature.map(id)) }
        (message.pointee.n_overage_permissions, message.pointee.overage_permissions) =
            arena.list(controls.overagePermissions) { permission in
                let part = arena.make(tally__v1__overage_permission__init)
                part.pointee.feature_id = id(permission.feature)
                part.pointee.enabled = permission.isEnabled ? 1 : 0
                return part
            }
        (message.pointee.n_auto_topups, message.pointee.auto_topups) =
            arena.list(controls.autoTopUps) { topUp($0, id($0.feature)) }
        return message
    }

    private func spendLimit(
        _ limit: SpendLimit, _ id: UnsafeMutablePointer<CChar>?
    ) -> UnsafeMutablePointer<Tally__V1__SpendLimit> {
        let message = arena.make(tally__v1__spend_limit__init)
        if let id { message.pointee.feature_id = id }
        message.pointee.enabled = limit.isEnabled ? 1 : 0
        switch limit.bound {
        case .absent: break
        case .units(let units):
            message.pointee.bound_case = TALLY__V1__SPEND_LIMIT__BOUND_OVERAGE_LIMIT
            message.pointee.overage_limit = units.double
        case .percentage(let percentage):
            message.pointee.bound_case = TALLY__V1__SPEND_LIMIT__BOUND_OVERAGE_PERCENTAGE
            message.pointee.overage_percentage = percentage.double
        }
        return message
    }

    func usageLimit(
        _ limit: UsageLimit, _ id: UnsafeMutablePointer<CChar>
    ) -> UnsafeMutablePointer<Tally__V1__UsageLimit> {
        let message = arena.make(tally__v1__usage_limit__init)
        message.pointee.feature_id = id
        message.pointee.enabled = limit.isEnabled ? 1 : 0
        message.pointee.limit = limit.limit.double
        message.pointee.interval = Tally__V1__Interval(UInt32(limit.interval.rawValue))
        message.pointee.anchor = Tally__V1__UsageLimitAnchor(UInt32(limit.anchor.rawValue))
        (message.pointee.n_filter, message.pointee.filter) = arena.list(limit.filter) { property in
            let entry = arena.make(tally__v1__usage_limit__filter_entry__init)
            entry.pointee.key = arena.string(property.key)
            entry.pointee.value = value(property.value)
            return entry
        }
        if let window = windows.first(where: { $0.key.counts(limit) }) {
            message.pointee.usage = window.used.double
            let end = arena.make(google__protobuf__timestamp__init)
            (end.pointee.seconds, end.pointee.nanos) = window.end.parts
            message.pointee.window_end_time = end
        }
        return message
    }

    func topUp(
        _ topUp: AutoTopUp, _ id: UnsafeMutablePointer<CChar>
    ) -> UnsafeMutablePointer<Tally__V1__AutoTopUp> {
        let record = topUps.first { $0.feature == topUp.feature }
        let message = arena.make(tally__v1__auto_top_up__init)
        message.pointee.feature_id = id
        message.pointee.enabled = topUp.isEnabled ? 1 : 0
        message.pointee.threshold = topUp.threshold.double
        message.pointee.quantity = topUp.quantity.double
        message.pointee.suspended = record?.isSuspended ?? false ? 1 : 0
        guard let limit = topUp.limit else { return message }
        let part = arena.make(tally__v1__top_up_purchase_limit__init)
        part.pointee.interval = Tally__V1__Interval(UInt32(limit.cycle.interval.rawValue))
        part.pointee.interval_count = UInt32(limit.cycle.count)
        part.pointee.limit = limit.count
        if let record, let window = record.window(of: limit, at: record.windowStart) {
            part.pointee.count = record.purchases
            let end = arena.make(google__protobuf__timestamp__init)
            (end.pointee.seconds, end.pointee.nanos) = window.upperBound.parts
            part.pointee.window_end_time = end
        }
        message.pointee.purchase_limit = part
        return message
    }

    private func value(
        _ value: PropertyValue
    ) -> UnsafeMutablePointer<Tally__V1__PropertyValue> {
        let message = arena.make(tally__v1__property_value__init)
        switch value {
        case .text(let text):
            message.pointee.kind_case = TALLY__V1__PROPERTY_VALUE__KIND_STRING_VALUE
            message.pointee.string_value = arena.string(text)
        case .number(let bits):
            message.pointee.kind_case = TALLY__V1__PROPERTY_VALUE__KIND_NUMBER_VALUE
            message.pointee.number_value = Double(bitPattern: bits)
        case .boolean(let flag):
            message.pointee.kind_case = TALLY__V1__PROPERTY_VALUE__KIND_BOOL_VALUE
            message.pointee.bool_value = flag ? 1 : 0
        }
        return message
    }

    private func alert(
        _ alert: UsageAlert, _ id: UnsafeMutablePointer<CChar>?
    ) -> UnsafeMutablePointer<Tally__V1__UsageAlert> {
        let message = arena.make(tally__v1__usage_alert__init)
        if let id { message.pointee.feature_id = id }
        message.pointee.enabled = alert.isEnabled ? 1 : 0
        message.pointee.threshold = alert.threshold.double
        message.pointee.measure = Tally__V1__UsageAlertMeasure(UInt32(alert.measure.rawValue))
        message.pointee.name = arena.string(alert.name)
        return message
    }
}

extension WindowKey {
    fileprivate func counts(_ limit: UsageLimit) -> Bool {
        feature == limit.feature && interval == limit.interval && filter == limit.filter
    }
}
