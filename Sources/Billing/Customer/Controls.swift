/// Limits, alerts and permissions that an operator sets on a plan, a customer or an entity
/// (entitlements §7.1).
package struct Controls: Sendable, Equatable {
    package var spendLimits: [SpendLimit] = []
    package var usageLimits: [UsageLimit] = []
    package var usageAlerts: [UsageAlert] = []
    package var overagePermissions: [OveragePermission] = []
    /// None of an entity's.
    package var autoTopUps: [AutoTopUp] = []

    package static let none = Controls()

    package init() {}

    package var isEmpty: Bool {
        spendLimits.isEmpty && usageLimits.isEmpty && usageAlerts.isEmpty
            && overagePermissions.isEmpty && autoTopUps.isEmpty
    }
}

/// How far usage of a feature may go beyond what was granted, in units.
package struct SpendLimit: Sendable, Equatable {
    package enum Bound: Sendable, Equatable {
        /// It limits nothing, and hides limits that would count after it.
        case absent
        case units(Quantity)
        /// Of what main plans grant in each cycle.
        case percentage(Quantity)
    }

    /// nil: every feature that has none of its own beside it.
    package var feature: FeatureNumber?
    package var isEnabled: Bool
    package var bound: Bound

    package init(feature: FeatureNumber?, isEnabled: Bool, bound: Bound) {
        self.feature = feature
        self.isEnabled = isEnabled
        self.bound = bound
    }
}

/// How much of a feature may be used in each day, week, month or year.
package struct UsageLimit: Sendable, Equatable {
    /// Raw values are those of `tally.v1.UsageLimitAnchor`.
    package enum Anchor: UInt8, Sendable {
        /// The cycle of the balance that the feature is drawn from first.
        case billingCycle = 1
        /// The calendar; weeks begin on Monday.
        case utc = 2
    }

    package static let filterLimit = 4

    package var feature: FeatureNumber
    package var isEnabled: Bool
    package var limit: Quantity
    package var interval: Interval
    package var anchor: Anchor
    /// It concerns usage that has all of these properties.
    package var filter: [EventProperty]

    package init(
        feature: FeatureNumber, isEnabled: Bool = true, limit: Quantity, interval: Interval,
        anchor: Anchor = .billingCycle, filter: [EventProperty] = []
    ) {
        self.feature = feature
        self.isEnabled = isEnabled
        self.limit = limit
        self.interval = interval
        self.anchor = anchor
        self.filter = filter
    }

    /// Two limits of one feature that don't stand beside each other: one replaces the other.
    func isRival(of other: UsageLimit) -> Bool {
        feature == other.feature && filter == other.filter
    }

    func concerns(_ properties: [EventProperty]) -> Bool {
        filter.allSatisfy(properties.contains)
    }

    /// The window that holds `now`, from the start of one cycle to its end.
    func window(at now: Timestamp, anchor cycleAnchor: Timestamp?) -> Range<Timestamp> {
        let cycle = Cycle(interval)
        let anchor = (self.anchor == .billingCycle ? cycleAnchor : nil) ?? UsageLimit.calendar
        return cycle.window(around: now, anchor: anchor)
    }

    /// A Monday that is a New Year's Day: days, ISO weeks, months and years all begin here.
    private static let calendar = Timestamp(milliseconds: -2_208_988_800_000)

    /// Units in a day, for telling which of two limits is the stricter.
    var daily: Quantity {
        let days: Int128 =
            switch interval {
            case .week: 7
            case .month: 30
            case .year: 365
            case .oneOff, .minute, .hour, .day, .quarter, .semiAnnual: 1
            }
        return Quantity(raw: limit.raw / days)
    }
}

/// Tells when a balance passes a threshold.
package struct UsageAlert: Sendable, Equatable {
    /// Raw values are those of `tally.v1.UsageAlertThreshold`.
    package enum Measure: UInt8, Sendable {
        case usage = 1
        case usagePercentage = 2
        case remaining = 3
        case remainingPercentage = 4
    }

    /// nil: every feature.
    package var feature: FeatureNumber?
    package var isEnabled: Bool
    package var threshold: Quantity
    package var measure: Measure
    package var name: String

    package init(
        feature: FeatureNumber?, isEnabled: Bool = true, threshold: Quantity, measure: Measure,
        name: String = ""
    ) {
        self.feature = feature
        self.isEnabled = isEnabled
        self.threshold = threshold
        self.measure = measure
        self.name = name
    }
}

/// Whether a feature may be used beyond what was granted, whatever its plans say.
package struct OveragePermission: Sendable, Equatable {
    package var feature: FeatureNumber
    package var isEnabled: Bool

    package init(feature: FeatureNumber, isEnabled: Bool) {
        self.feature = feature
        self.isEnabled = isEnabled
    }
}

/// A plan's controls. Features are named, because they may be published together with the plan:
/// `controls` counts them from 1.
package struct PlanControls: Sendable, Equatable {
    package private(set) var featureIDs: [String] = []
    package var controls = Controls.none

    package init() {}

    package var isEmpty: Bool { controls.isEmpty }

    /// The number that stands for a feature here.
    package mutating func number(of featureID: String) -> FeatureNumber {
        let index = featureIDs.firstIndex(of: featureID) ?? featureIDs.endIndex
        if index == featureIDs.endIndex { featureIDs.append(featureID) }
        return FeatureNumber(rawValue: UInt32(index + 1))
    }

    package func id(of feature: FeatureNumber) -> String {
        featureIDs[Int(feature.rawValue) - 1]
    }

    /// With the features' real numbers.
    func resolved(_ pricing: PricingState) -> Controls {
        controls.compactMapFeatures { pricing.feature(id: id(of: $0)) }
    }
}

extension Controls {
    /// With other numbers for features; what has none is left out.
    fileprivate func compactMapFeatures(
        _ number: (FeatureNumber) -> FeatureNumber?
    ) -> Controls {
        func map<Item>(_ items: [Item], _ path: WritableKeyPath<Item, FeatureNumber>) -> [Item] {
            items.compactMap { item in
                guard let feature = number(item[keyPath: path]) else { return nil }
                var item = item
                item[keyPath: path] = feature
                return item
            }
        }
        func map<Item>(_ items: [Item], _ path: WritableKeyPath<Item, FeatureNumber?>) -> [Item] {
            items.compactMap { item in
                guard let named = item[keyPath: path] else { return item }
                guard let feature = number(named) else { return nil }
                var item = item
                item[keyPath: path] = feature
                return item
            }
        }
        var mapped = Controls()
        mapped.spendLimits = map(spendLimits, \.feature)
        mapped.usageLimits = map(usageLimits, \.feature)
        mapped.usageAlerts = map(usageAlerts, \.feature)
        mapped.overagePermissions = map(overagePermissions, \.feature)
        mapped.autoTopUps = map(autoTopUps, \.feature)
        return mapped
    }
}

/// Whose controls they are. Of those for the same feature the entity's count before the
/// customer's, and those before the plans' (entitlements §7.2).
package enum ControlOwner: Sendable, Hashable {
    case customer
    case entity(UInt32)
    case subscription(UInt32)
}

/// The controls of one owner.
package struct OwnedControls: Sendable, Equatable {
    package var owner: ControlOwner
    package var controls: Controls

    package init(owner: ControlOwner, controls: Controls) {
        self.owner = owner
        self.controls = controls
    }
}
