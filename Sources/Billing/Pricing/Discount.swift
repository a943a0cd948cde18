/// Something off what is charged (billing §8.2).
package struct Discount: Sendable, Equatable {
    package enum Kind: Sendable, Equatable {
        /// Per cent of each line, 0 to 100.
        case percentage(Quantity)
        /// Minor units of all lines together.
        case amount(Money)
        /// What is left once all others are taken off, up to so much.
        case credits(Money)
    }

    /// What it comes from: two of the same count once.
    package var rewardID: String
    package var kind: Kind
    /// Only lines of these plans; empty: of all.
    package var plans: [PlanNumber]
    /// Only lines of what was used beyond grants.
    package var usageOnly = false
    /// Only lines of these subscriptions; nil: of all.
    package var subscriptions: [UInt32]?
    /// See `AppliedDiscount`.
    package var holder: UInt32 = 0

    package init(rewardID: String, _ kind: Kind, plans: [PlanNumber] = []) {
        self.rewardID = rewardID
        self.kind = kind
        self.plans = plans
    }

    func concerns(_ line: InvoiceLine) -> Bool {
        (plans.isEmpty || plans.contains(line.part.plan.plan))
            && (!usageOnly || line.kind == .overage)
            && (subscriptions?.contains(line.subscription) ?? true)
    }
}

/// What one discount took off a line.
package struct AppliedDiscount: Sendable, Equatable {
    /// Held by the subscription that paying starts.
    package static let newSubscription = UInt32.max

    package var rewardID: String
    /// Above 0.
    package var minorUnits: Int64
    /// The subscription whose discount it is; 0: the customer's.
    package var holder: UInt32

    package init(rewardID: String, minorUnits: Int64, holder: UInt32 = 0) {
        self.rewardID = rewardID
        self.minorUnits = minorUnits
        self.holder = holder
    }
}

extension [InvoiceLine] {
    /// Lowers what is charged, never what is given back, and no line below 0: percentages first,
    /// each of what the ones before it left; then amounts, spread by what the lines were; then
    /// credits, line by line.
    package mutating func apply(_ discounts: [Discount]) {
        var unique: [Discount] = []
        for discount in discounts
        where !unique.contains(where: {
            $0.rewardID == discount.rewardID && $0.holder == discount.holder
        }) {
            unique.append(discount)
        }
        takePercentages(unique)
        for discount in unique {
            if case .amount(let money) = discount.kind { spread(money, discount) }
        }
        for discount in unique {
            if case .credits(let money) = discount.kind { cover(money, discount) }
        }
    }

    private mutating func cover(_ money: Money, _ discount: Discount) {
        var left = money.minorUnits
        for index in indices where discount.concerns(self[index]) {
            let part = Swift.min(left, self[index].discounted.minorUnits)
            guard part > 0 else { continue }
            self[index].take(part, by: discount)
            left -= part
        }
    }

    /// Each line is rounded once for all of them; what each took adds up to that.
    private mutating func takePercentages(_ discounts: [Discount]) {
        for index in indices where self[index].subtotal.minorUnits > 0 {
            let line = self[index]
            var left = UnitPrice.scale
            for discount in discounts where discount.concerns(line) {
                guard case .percentage(let percentage) = discount.kind else { continue }
                let before = Self.part(left, of: line.subtotal)
                let kept = Quantity.scale * 100 - percentage.raw
                left = FixedPoint.multiplyAway(left, kept, dividingBy: Quantity.scale * 100)
                self[index].take(
                    before - Self.part(left, of: line.subtotal), by: discount)
            }
        }
    }

    private static func part(_ factor: Int128, of money: Money) -> Int64 {
        let step = Int128(money.currency.chargeStep)
        let units = FixedPoint.multiplyAway(
            Int128(money.minorUnits), factor, dividingBy: UnitPrice.scale * step)
        return Int64(units * step)
    }

    /// By the lines' subtotals; what is left over by rounding goes to those that lost most by it, a
    /// step each.
    private mutating func spread(_ money: Money, _ discount: Discount) {
        let chosen = indices.filter {
            self[$0].subtotal.minorUnits > 0 && discount.concerns(self[$0])
        }
        let whole = chosen.reduce(Int128(0)) { $0 + Int128(self[$1].subtotal.minorUnits) }
        guard whole > 0 else { return }
        let step = Int128(money.currency.chargeStep)
        let amount = Swift.min(Int128(money.minorUnits), whole) / step
        var shares: [(index: Int, part: Int128, rest: Int128)] = chosen.map { index in
            let (part, rest) = (amount * Int128(self[index].subtotal.minorUnits))
                .quotientAndRemainder(dividingBy: whole)
            return (index, part, rest)
        }
        var left = amount - shares.reduce(0) { $0 + $1.part }
        // Stable: of equal rests the first line's comes first.
        let order = shares.indices.sorted {
            (shares[$1].rest, $0) < (shares[$0].rest, $1)
        }
        for place in order where left > 0 {
            shares[place].part += 1
            left -= 1
        }
        for place in shares.indices { shares[place].part *= step }
        for share in shares {
            self[share.index].take(
                Swift.min(Int64(share.part), self[share.index].discounted.minorUnits),
                by: discount)
        }
    }
}
