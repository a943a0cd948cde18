internal import Billing

/// Limits, alerts and permissions, of a customer or of a plan.
extension Form {
    /// How a feature stands under a key.
    typealias FeatureForm = (inout Form, String, inout FeatureNumber) throws(FormFault) -> Void

    /// Null: every feature.
    private mutating func wide(
        _ value: inout FeatureNumber?, _ feature: FeatureForm
    ) throws(FormFault) {
        try optional("feature", &value, empty: FeatureNumber(rawValue: 0)) {
            (form, number) throws(FormFault) in
            try feature(&form, "feature", &number)
        }
    }

    mutating func controls(
        _ value: inout Controls, _ feature: FeatureForm
    ) throws(FormFault) {
        let none = FeatureNumber(rawValue: 0)
        try list(
            "spend_limits", &value.spendLimits,
            empty: SpendLimit(feature: none, isEnabled: false, bound: .absent)
        ) { (form, limit) throws(FormFault) in
            try form.wide(&limit.feature, feature)
            try form.flag("enabled", &limit.isEnabled)
            try form.bound(&limit.bound)
        }
        try list(
            "usage_limits", &value.usageLimits,
            empty: UsageLimit(feature: none, limit: .zero, interval: .day)
        ) { (form, limit) throws(FormFault) in
            try feature(&form, "feature", &limit.feature)
            try form.usageLimit(&limit)
        }
        try list(
            "usage_alerts", &value.usageAlerts,
            empty: UsageAlert(feature: none, threshold: .zero, measure: .usage)
        ) { (form, alert) throws(FormFault) in
            try form.wide(&alert.feature, feature)
            try form.alert(&alert)
        }
        try list(
            "overage_permissions", &value.overagePermissions,
            empty: OveragePermission(feature: none, isEnabled: false)
        ) { (form, permission) throws(FormFault) in
            try feature(&form, "feature", &permission.feature)
            try form.flag("enabled", &permission.isEnabled)
        }
        try topUps(&value.autoTopUps, feature)
    }

    private mutating func topUps(
        _ value: inout [AutoTopUp], _ feature: FeatureForm
    ) throws(FormFault) {
        guard isSince(6) else { return }
        try list(
            "auto_topups", &value,
            empty: AutoTopUp(
                feature: FeatureNumber(rawValue: 0), threshold: .zero, quantity: .zero)
        ) { (form, topUp) throws(FormFault) in
            try feature(&form, "feature", &topUp.feature)
            try form.flag("enabled", &topUp.isEnabled)
            try form.quantity("threshold", &topUp.threshold)
            try form.quantity("quantity", &topUp.quantity)
            try form.part(
                "purchase_limit", &topUp.limit, empty: AutoTopUp.PurchaseLimit(0, in: Cycle(.hour))
            ) { (form, limit) throws(FormFault) in
                try form.number("limit", &limit.count)
                try form.cycle(&limit.cycle)
            }
        }
    }

    /// Their features are published.
    mutating func controls(_ value: inout Controls) throws(FormFault) {
        try controls(&value) { (form, key, feature) throws(FormFault) in
            try form.feature(key, &feature)
        }
    }

    private mutating func bound(_ value: inout SpendLimit.Bound) throws(FormFault) {
        var (units, percentage) = (Quantity?.none, Quantity?.none)
        switch value {
        case .absent: break
        case .units(let amount): units = amount
        case .percentage(let amount): percentage = amount
        }
        try quantity("overage_limit", &units)
        try quantity("overage_percentage", &percentage)
        switch (units, percentage) {
        case (let units?, nil): value = .units(units)
        case (nil, let percentage?): value = .percentage(percentage)
        case (nil, nil): value = .absent
        case (_?, _?): throw fault("overage_limit", "or overage_percentage must be null")
        }
    }

    private mutating func usageLimit(_ value: inout UsageLimit) throws(FormFault) {
        try flag("enabled", &value.isEnabled)
        try quantity("limit", &value.limit)
        try interval("interval", &value.interval)
        try word("anchor", &value.anchor, [(.billingCycle, "billing_cycle"), (.utc, "utc")])
        try properties("filter", &value.filter)
    }

    private mutating func alert(_ value: inout UsageAlert) throws(FormFault) {
        try flag("enabled", &value.isEnabled)
        try quantity("threshold", &value.threshold)
        try word(
            "measure", &value.measure,
            [
                (.usage, "usage"), (.usagePercentage, "usage_percentage"),
                (.remaining, "remaining"), (.remainingPercentage, "remaining_percentage"),
            ])
        try text("name", &value.name)
    }

    /// Null: nothing goes over.
    mutating func rollover(_ value: inout Rollover?) throws(FormFault) {
        try part("rollover", &value, empty: Rollover(cap: .none, months: 0)) {
            (form, rollover) throws(FormFault) in
            try form.cap(&rollover.cap)
            try form.number("months", &rollover.months)
        }
    }

    private mutating func cap(_ value: inout Rollover.Cap) throws(FormFault) {
        var (units, percentage) = (Quantity?.none, Quantity?.none)
        switch value {
        case .none: break
        case .units(let amount): units = amount
        case .percentage(let amount): percentage = amount
        }
        try quantity("max", &units)
        try quantity("max_percentage", &percentage)
        switch (units, percentage) {
        case (nil, nil): value = .none
        case (let units?, nil): value = .units(units)
        case (nil, let percentage?): value = .percentage(percentage)
        case (_?, _?): throw fault("max", "or max_percentage must be null")
        }
    }
}
