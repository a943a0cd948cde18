internal import Billing
internal import CTallyProto

/// Reads limits, alerts and permissions, of a request or of a plan in a catalog.
struct ControlsReader {
    typealias FeatureLookup = (UnsafePointer<CChar>?) -> FeatureNumber?

    let prefix: String
    var fields: FieldReader

    mutating func controls(
        _ message: Tally__V1__Controls, _ feature: FeatureLookup
    ) -> Controls {
        var controls = Controls()
        controls.spendLimits = spendLimits(
            message.n_spend_limits, message.spend_limits, feature)
        controls.usageLimits = usageLimits(
            message.n_usage_limits, message.usage_limits, feature)
        controls.usageAlerts = usageAlerts(
            message.n_usage_alerts, message.usage_alerts, feature)
        controls.overagePermissions = permissions(
            message.n_overage_permissions, message.overage_permissions, feature)
        controls.autoTopUps = topUps(message.n_auto_topups, message.auto_topups, feature)
        return controls
    }

    mutating func spendLimits(
        _ count: Int, _ list: UnsafeMutablePointer<UnsafeMutablePointer<Tally__V1__SpendLimit>?>?,
        _ feature: FeatureLookup
    ) -> [SpendLimit] {
        readWide(count, list, "spend_limits", feature, { $0.feature_id }) {
            reader, limit, number, path in
            SpendLimit(
                feature: number, isEnabled: limit.enabled != 0,
                bound: reader.bound(of: limit, at: path))
        }
    }

    private mutating func bound(
        of limit: Tally__V1__SpendLimit, at path: String
    ) -> SpendLimit.Bound {
        switch limit.bound_case {
        case TALLY__V1__SPEND_LIMIT__BOUND_OVERAGE_LIMIT:
            .units(fields.grant(limit.overage_limit, at: "\(path).overage_limit") ?? .zero)
        case TALLY__V1__SPEND_LIMIT__BOUND_OVERAGE_PERCENTAGE:
            .percentage(
                fields.percentage(limit.overage_percentage, at: "\(path).overage_percentage")
                    ?? .zero)
        default: .absent
        }
    }

    mutating func usageLimits(
        _ count: Int, _ list: UnsafeMutablePointer<UnsafeMutablePointer<Tally__V1__UsageLimit>?>?,
        _ feature: FeatureLookup
    ) -> [UsageLimit] {
        read(count, list, "usage_limits", feature, { $0.feature_id }) {
            reader, limit, number, path in
            let filter = reader.fields.properties(
                elements(limit.n_filter, limit.filter).map {
                    ($0.pointee.key, $0.pointee.value)
                }, at: "\(path).filter")
            let anchor: UsageLimit.Anchor =
                limit.anchor == TALLY__V1__USAGE_LIMIT_ANCHOR__USAGE_LIMIT_ANCHOR_UTC
                ? .utc : .billingCycle
            return UsageLimit(
                feature: number, isEnabled: limit.enabled != 0,
                limit: reader.fields.grant(limit.limit, at: "\(path).limit") ?? .zero,
                interval: reader.fields.interval(limit.interval, at: "\(path).interval") ?? .day,
                anchor: anchor, filter: filter)
        }
    }

    mutating func usageAlerts(
        _ count: Int, _ list: UnsafeMutablePointer<UnsafeMutablePointer<Tally__V1__UsageAlert>?>?,
        _ feature: FeatureLookup
    ) -> [UsageAlert] {
        readWide(count, list, "usage_alerts", feature, { $0.feature_id }) {
            reader, alert, number, path in
            var measure = UsageAlert.Measure.usage
            if let known = UsageAlert.Measure(rawValue: UInt8(clamping: alert.measure.rawValue)) {
                measure = known
            } else {
                reader.fields.fault(
                    "\(path).measure",
                    "must be usage, usage_percentage, remaining or remaining_percentage")
            }
            let isPercentage = measure == .usagePercentage || measure == .remainingPercentage
            let threshold =
                isPercentage
                ? reader.fields.percentage(alert.threshold, at: "\(path).threshold")
                : reader.fields.grant(alert.threshold, at: "\(path).threshold")
            return UsageAlert(
                feature: number, isEnabled: alert.enabled != 0, threshold: threshold ?? .zero,
                measure: measure,
                name: reader.fields.text(alert.name, at: "\(path).name", limit: 128))
        }
    }

    mutating func permissions(
        _ count: Int,
        _ list: UnsafeMutablePointer<UnsafeMutablePointer<Tally__V1__OveragePermission>?>?,
        _ feature: FeatureLookup
    ) -> [OveragePermission] {
        read(count, list, "overage_permissions", feature, { $0.feature_id }) {
            _, permission, number, _ in
            OveragePermission(feature: number, isEnabled: permission.enabled != 0)
        }
    }

    mutating func topUps(
        _ count: Int, _ list: UnsafeMutablePointer<UnsafeMutablePointer<Tally__V1__AutoTopUp>?>?,
        _ feature: FeatureLookup
    ) -> [AutoTopUp] {
        read(count, list, "auto_topups", feature, { $0.feature_id }) {
            reader, topUp, number, path in
            AutoTopUp(
                feature: number, isEnabled: topUp.enabled != 0,
                threshold: reader.fields.grant(topUp.threshold, at: "\(path).threshold") ?? .zero,
                quantity: reader.fields.grant(topUp.quantity, at: "\(path).quantity") ?? .zero,
                limit: topUp.purchase_limit.map { reader.limit($0.pointee, at: path) })
        }
    }

    private mutating func limit(
        _ limit: Tally__V1__TopUpPurchaseLimit, at path: String
    ) -> AutoTopUp.PurchaseLimit {
        let path = "\(path).purchase_limit"
        let interval = fields.interval(limit.interval, at: "\(path).interval") ?? .hour
        if limit.interval_count > Cycle.countLimit {
            fields.fault("\(path).interval_count", "must be 0 to \(Cycle.countLimit)")
        }
        return AutoTopUp.PurchaseLimit(
            limit.limit, in: Cycle(interval, count: UInt16(clamping: limit.interval_count)))
    }

    private mutating func read<Message, Item>(
        _ count: Int, _ list: UnsafeMutablePointer<UnsafeMutablePointer<Message>?>?,
        _ name: String, _ feature: FeatureLookup,
        _ featureID: (Message) -> UnsafeMutablePointer<CChar>?,
        _ item: (inout ControlsReader, Message, FeatureNumber, String) -> Item
    ) -> [Item] {
        var found: [Item] = []
        for (index, message) in elements(count, list).enumerated() {
            let path = "\(prefix)\(name)[\(index)]"
            let id = featureID(message.pointee)
            guard let number = number(of: id, at: path, feature) else { continue }
            found.append(item(&self, message.pointee, number, path))
        }
        return found
    }

    /// The same of what is for every feature where it names none.
    private mutating func readWide<Message, Item>(
        _ count: Int, _ list: UnsafeMutablePointer<UnsafeMutablePointer<Message>?>?,
        _ name: String, _ feature: FeatureLookup,
        _ featureID: (Message) -> UnsafeMutablePointer<CChar>?,
        _ item: (inout ControlsReader, Message, FeatureNumber?, String) -> Item
    ) -> [Item] {
        var found: [Item] = []
        for (index, message) in elements(count, list).enumerated() {
            let path = "\(prefix)\(name)[\(index)]"
            let id = featureID(message.pointee)
            let number = number(of: id, at: path, isNeeded: false, feature)
            guard number != nil || bytes(of: id).isEmpty else { continue }
            found.append(item(&self, message.pointee, number, path))
        }
        return found
    }

    private mutating func number(
        of id: UnsafeMutablePointer<CChar>?, at path: String, isNeeded: Bool = true,
        _ feature: FeatureLookup
    ) -> FeatureNumber? {
        guard isNeeded || !bytes(of: id).isEmpty,
            fields.identifier(bytes(of: id), at: "\(path).feature_id")
        else { return nil }
        return feature(id)
    }
}
