/// A plan, without its number and revision.
package struct Plan: Sendable, Equatable {
    package var id: String
    package var name: String
    package var group: String
    package var addOn: Bool
    package var autoEnable: Bool
    package var price: BasePrice?
    /// nil: it is paid for from the first day.
    package var trial: FreeTrial?
    package var items: [PlanItem]
    /// Of every customer that has it.
    package var controls = PlanControls()
    /// It is in no list and offered to nobody, and stays with whoever has it. Of the plan as a
    /// whole: all its revisions have the same.
    package var isArchived = false

    package init(
        id: String, name: String, group: String = "", addOn: Bool = false, autoEnable: Bool = false,
        price: BasePrice? = nil, items: [PlanItem] = []
    ) {
        self.id = id
        self.name = name
        self.group = group
        self.addOn = addOn
        self.autoEnable = autoEnable
        self.price = price
        self.items = items
    }
}

/// For how long a plan is given before it is paid for (billing §9).
package struct FreeTrial: Sendable, Equatable {
    /// Raw values are those of `tally.v1.TrialUnit`.
    package enum Unit: UInt8, Sendable {
        case day = 1
        case month = 2
        case year = 3
    }

    /// What becomes of the plan when it is over. Raw values are those of `tally.v1.TrialEnd`.
    package enum End: UInt8, Sendable {
        /// It is paid for.
        case bill = 1
        /// It ends, and the one that was paused for it goes on.
        case revert = 2
    }

    package static let lengthLimit: UInt16 = 1000

    package var length: UInt16
    package var unit: Unit
    /// Without one on file a payment page asks for it first.
    package var needsCard: Bool
    /// Customers of one fingerprint have it once.
    package var isUnique = false
    package var onEnd = End.bill

    package init(length: UInt16, unit: Unit, needsCard: Bool = true) {
        self.length = length
        self.unit = unit
        self.needsCard = needsCard
    }

    func end(from now: Timestamp, in zone: Zone) -> Timestamp {
        let unit: Interval =
            switch unit {
            case .day: .day
            case .month: .month
            case .year: .year
            }
        return Cycle(unit, count: length, in: zone).boundary(1, anchor: now)
    }
}

extension Plan {
    /// By the clocks of a zone.
    func `in`(_ zone: Zone) -> Plan {
        var plan = self
        plan.price?.cycle.zone = zone
        for index in plan.items.indices {
            plan.items[index].reset?.zone = zone
            plan.items[index].prepaidPrice?.cycle.zone = zone
        }
        return plan
    }

    /// It gives as much for as much.
    func isSameOffer(as other: Plan) -> Bool {
        price == other.price && trial == other.trial && items == other.items
            && controls == other.controls && addOn == other.addOn
    }

    /// No price, or prices that are all 0 (billing §1.2).
    package var isFree: Bool {
        (price?.amount ?? .zero) == .zero
            && items.allSatisfy {
                ($0.usagePrice?.price.isFree ?? true) && ($0.prepaidPrice?.price.isFree ?? true)
            }
    }

    /// Bought once, never renewed (billing §1.2): of its prices each is one-off, and one isn't 0.
    package var isOneOff: Bool {
        !isFree && items.allSatisfy { $0.usagePrice == nil }
            && advanceCycles.allSatisfy { $0.interval == .oneOff }
    }

    /// Takes part in its group's transitions.
    package var isMain: Bool { !addOn && !isOneOff }

    /// Of what is charged in advance.
    private var advanceCycles: [Cycle] {
        (price.map { [$0.cycle] } ?? []) + items.compactMap { $0.prepaidPrice?.cycle }
    }

    /// How often something of it is billed, the shortest first; empty: never again.
    package var billingCycles: [Cycle] {
        let inAdvance = advanceCycles.filter { $0.interval != .oneOff }
        guard inAdvance.isEmpty else {
            return inAdvance.sorted { $0.nominalMinutes < $1.nominalMinutes }
        }
        let priced = items.first { $0.usagePrice != nil }
        return priced.map { [$0.reset ?? Cycle(.month)] } ?? []
    }

    /// When a subscription to it is billed next; `.never`: it isn't.
    func nextBilling(after now: Timestamp, anchor: Timestamp) -> Timestamp {
        guard !isFree else { return .never }
        return billingCycles.reduce(.never) { min($0, $1.boundary(after: now, anchor: anchor)) }
    }

    /// When all that is paid for is over: the end of the longest period that runs.
    func paidEnd(after now: Timestamp, anchor: Timestamp) -> Timestamp {
        billingCycles.reduce(now) { max($0, $1.boundary(after: now, anchor: anchor)) }
    }

    /// The item that a bucket of a feature was opened for: no two of a feature have the same cycle
    /// and way of paying.
    func item(of bucket: Bucket, featureID: String) -> PlanItem? {
        items.first {
            $0.featureID == featureID && ($0.reset ?? Cycle(.oneOff)).isAsLong(as: bucket.cycle)
                && $0.sellsOverage == bucket.flags.contains(.priced)
        }
    }

    func prepaidItem(of featureID: String) -> PlanItem? {
        items.first { $0.featureID == featureID && $0.prepaidPrice != nil }
    }
}

// What is charged in advance.
extension Plan {
    /// What a period of each part costs that costs anything.
    func advancePrices(
        _ reference: PlanReference, bought: [BoughtUnits], _ pricing: PricingState
    ) -> [AdvancePrice] {
        var prices: [AdvancePrice] = []
        if let price, price.amount > .zero {
            prices.append(
                AdvancePrice(
                    part: PricePart(plan: reference), amount: Amount(price.amount),
                    cycle: price.cycle))
        }
        for item in items {
            guard let prepaid = item.prepaidPrice,
                let feature = pricing.feature(id: item.featureID),
                let units = bought.first(where: { $0.feature == feature })?.units, units > .zero
            else { continue }
            let amount = prepaid.price.amount(
                of: item.included + units, included: item.included)
            guard amount > .zero else { continue }
            prices.append(
                AdvancePrice(
                    part: PricePart(plan: reference, feature: feature), amount: amount,
                    cycle: prepaid.cycle, quantity: units))
        }
        return prices
    }

    /// How often a part is charged.
    func cycle(of part: PricePart, _ pricing: PricingState) -> Cycle? {
        guard let feature = part.feature else { return price?.cycle }
        return prepaidItem(of: pricing.feature(feature).id)?.prepaidPrice?.cycle
    }
}
