/// What a number of units costs: for each pack, and in tiers where it gets cheaper or dearer
/// (billing §2).
package struct Price: Sendable, Equatable {
    /// How tiers make a price. Raw values are those of `tally.v1.TierBehavior`.
    package enum TierBehavior: UInt8, Sendable {
        /// Each unit costs what its tier says.
        case graduated = 1
        /// All units, the included ones too, cost what the tier of the last one says.
        case volume = 2
    }

    package static let tierLimit = 50

    package struct Tier: Sendable, Equatable {
        /// The last unit in it, counted with the included ones; nil: it has no end.
        package var upTo: Quantity?
        /// For each pack.
        package var amount: UnitPrice
        /// Once, for being in this tier; volume prices only.
        package var flat: UnitPrice

        package init(upTo: Quantity?, amount: UnitPrice, flat: UnitPrice = .zero) {
            self.upTo = upTo
            self.amount = amount
            self.flat = flat
        }
    }

    /// In order; only the last has no end. A price without tiers has one.
    package var tiers: [Tier]
    package var behavior: TierBehavior
    /// The units of a pack: begun ones cost as much as whole ones.
    package var packSize: Quantity

    package init(
        tiers: [Tier], behavior: TierBehavior = .graduated, packSize: Quantity = Quantity(units: 1)
    ) {
        self.tiers = tiers
        self.behavior = behavior
        self.packSize = packSize
    }

    package init(_ amount: UnitPrice, packSize: Quantity = Quantity(units: 1)) {
        self.init(tiers: [Tier(upTo: nil, amount: amount)], packSize: packSize)
    }

    /// It costs nothing, however much is bought.
    package var isFree: Bool {
        tiers.allSatisfy { $0.amount == .zero && $0.flat == .zero }
    }

    /// What so many units cost, of which some are included. What is below 0 gives back what as
    /// much above it costs.
    package func amount(of units: Quantity, included: Quantity = .zero) -> Amount {
        if units < .zero { return -amount(of: -units, included: included) }
        guard units > included else { return .zero }
        let billable = (units - included).roundedUp(to: packSize)
        return switch behavior {
        case .graduated: graduated(billable, after: included)
        case .volume: volume(included + billable)
        }
    }

    private func graduated(_ billable: Quantity, after included: Quantity) -> Amount {
        var sum = Amount.zero
        var done = Quantity.zero
        for tier in tiers where done < billable {
            let end = tier.upTo.map { min(($0 - included).clampedToZero, billable) } ?? billable
            guard end > done else { continue }
            sum = sum + cost(of: end - done, tier.amount)
            done = end
        }
        return sum
    }

    private func volume(_ total: Quantity) -> Amount {
        let tier = tiers.first { tier in tier.upTo.map { total <= $0 } ?? true }
        guard let tier = tier ?? tiers.last else { return .zero }
        return cost(of: total, tier.amount) + Amount(tier.flat)
    }

    /// Exact when they are whole packs; what no bill reaches is cut.
    private func cost(of units: Quantity, _ amount: UnitPrice) -> Amount {
        let product = amount.raw.multipliedFullWidth(by: units.raw)
        let most = Amount.limit.raw.multipliedFullWidth(by: packSize.raw)
        guard (product.high, product.low) < (most.high, most.low) else { return .limit }
        return Amount(
            raw: FixedPoint.multiplyAway(amount.raw, units.raw, dividingBy: packSize.raw))
    }
}
