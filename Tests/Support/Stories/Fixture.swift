package import Billing

/// The features that the rows of the specification speak of (entitlements §14).
package enum Fixture {
    package static let features: [Feature] = [
        .sample("dashboard", .boolean), .sample("messages", .metered), .sample("words", .metered),
        .sample("action1", .metered), .sample("action2", .metered), .sample("action3", .metered),
        .sample("users", .allocated), .sample("workflows", .allocated),
        .sample("credits", .creditSystem, costs: ["action1": "0.2", "action2": "0.6"]),
        .sample("credits2", .creditSystem, costs: ["action3": "1.4"]),
        .sample("free_credits", .creditSystem, costs: ["words": "0"]),
    ]

    package static let dashboard = FeatureNumber(rawValue: 1)
    package static let messages = FeatureNumber(rawValue: 2)
    package static let words = FeatureNumber(rawValue: 3)
    package static let action1 = FeatureNumber(rawValue: 4)
    package static let action3 = FeatureNumber(rawValue: 6)
    package static let users = FeatureNumber(rawValue: 7)
    package static let workflows = FeatureNumber(rawValue: 8)
    package static let credits = FeatureNumber(rawValue: 9)

    package static func pricing(_ plans: Plan...) -> PricingState { .sample(features, plans) }
}

extension PlanItem {
    /// For each entity of a feature.
    package func forEach(_ entityFeatureID: String) -> PlanItem {
        var item = self
        item.entityFeatureID = entityFeatureID
        return item
    }

    package func rolling(_ rollover: Rollover) -> PlanItem {
        var item = self
        item.rollover = rollover
        return item
    }
}

extension SetControls {
    package static func spend(
        _ feature: FeatureNumber, _ bound: SpendLimit.Bound, of entity: InlineText = .empty,
        enabled: Bool = true
    ) -> SetControls {
        var set = SetControls(entity: entity)
        set.spendLimits = [SpendLimit(feature: feature, isEnabled: enabled, bound: bound)]
        return set
    }

    package static func usage(_ limits: UsageLimit..., of entity: InlineText = .empty)
        -> SetControls
    {
        var set = SetControls(entity: entity)
        set.usageLimits = limits
        return set
    }

    package static func alerts(_ alerts: UsageAlert..., of entity: InlineText = .empty)
        -> SetControls
    {
        var set = SetControls(entity: entity)
        set.usageAlerts = alerts
        return set
    }

    package static func overage(
        _ feature: FeatureNumber, _ isEnabled: Bool, of entity: InlineText = .empty
    ) -> SetControls {
        var set = SetControls(entity: entity)
        set.overagePermissions = [OveragePermission(feature: feature, isEnabled: isEnabled)]
        return set
    }

    package static func topUps(_ topUps: AutoTopUp..., of entity: InlineText = .empty)
        -> SetControls
    {
        var set = SetControls(entity: entity)
        set.autoTopUps = topUps
        return set
    }

    package static func pooling(isDisabled: Bool) -> SetControls {
        var set = SetControls()
        set.isPoolingDisabled = isDisabled
        return set
    }
}
