/// A price for packs bought in advance.
package struct PrepaidPrice: Sendable, Equatable {
    /// What buying more costs now. Raw values are those of `tally.v1.IncreaseBehavior`.
    package enum Increase: UInt8, Sendable {
        /// What is left of the period.
        case prorate = 1
        /// The whole price.
        case bill = 2
        /// What is left of the period, on the next invoice.
        case prorateNextCycle = 3
        /// Nothing: the next period costs more.
        case billNextCycle = 4
    }

    /// What buying fewer gives back. Raw values are those of `tally.v1.DecreaseBehavior`.
    package enum Decrease: UInt8, Sendable {
        /// What is left of the period.
        case prorate = 1
        /// What is left of the period, on the next invoice.
        case prorateNextCycle = 2
        /// Nothing, and the units stay until the period is over.
        case keep = 3
        /// Nothing, and the units go at once.
        case drop = 4
    }

    package var price: Price
    /// In other currencies.
    package var others: [CurrencyPrice] = []
    /// One-off: they are bought for good.
    package var cycle: Cycle
    /// The most units beyond what is included; nil: no limit.
    package var maxPurchase: Quantity?
    package var onIncrease: Increase
    package var onDecrease: Decrease
    /// Of seats: what is held beyond what is included is what is bought (billing §11.4).
    package var isPerSeat = false

    package init(
        price: Price, cycle: Cycle, maxPurchase: Quantity? = nil,
        onIncrease: Increase = .prorate, onDecrease: Decrease = .prorate
    ) {
        self.price = price
        self.cycle = cycle
        self.maxPurchase = maxPurchase
        self.onIncrease = onIncrease
        self.onDecrease = onDecrease
    }

    /// What has to be bought to have so many units: whole packs.
    package func packs(for total: Quantity, included: Quantity) -> Quantity {
        (total - included).clampedToZero.roundedUp(to: price.packSize)
    }
}
