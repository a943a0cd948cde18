/// One grant and what is left of it: the unit that usage is drawn from.
///
/// A plain value without references, of 88 bytes, in this order of fields.
package struct Bucket: Sendable, Equatable {
    /// Properties that never change.
    package struct Flags: OptionSet, Sendable {
        package var rawValue: UInt8
        package static let unlimited = Flags(rawValue: 1 << 0)
        /// May go below zero, at the plan's usage price.
        package static let priced = Flags(rawValue: 1 << 1)
        /// A boolean feature: being there is all it does.
        package static let boolean = Flags(rawValue: 1 << 2)
        package static let addOn = Flags(rawValue: 1 << 3)
        /// A held level (seats), which never resets.
        package static let allocated = Flags(rawValue: 1 << 4)
        /// `maxOverage` counts.
        package static let limited = Flags(rawValue: 1 << 5)
        /// What went over from cycles before; drawn first, never given back to.
        package static let rollover = Flags(rawValue: 1 << 6)
        /// An entity's share of an item that every entity gets.
        package static let slice = Flags(rawValue: 1 << 7)

        package init(rawValue: UInt8) {
            self.rawValue = rawValue
        }
    }

    package var anchor: Timestamp
    package var nextReset: Timestamp
    package var expires: Timestamp
    package var created: Timestamp
    private var packedGranted: PackedQuantity
    private var packedBalance: PackedQuantity
    private var packedMaxOverage: PackedQuantity
    /// Unique within the customer, never used again.
    package var number: UInt32
    package var feature: FeatureNumber
    /// The subscription it belongs to; 0: none.
    package var subscription: UInt32
    /// 0: none.
    private var planNumber: UInt32
    package var cycle: Cycle
    package var flags: Flags

    /// Units granted in each cycle.
    package var granted: Quantity {
        get { packedGranted.quantity }
        set { packedGranted = PackedQuantity(newValue) }
    }
    /// Units left; below zero: overage.
    package var balance: Quantity {
        get { packedBalance.quantity }
        set { packedBalance = PackedQuantity(newValue) }
    }
    /// How far below zero it may go, with `.limited`.
    package var maxOverage: Quantity {
        get { packedMaxOverage.quantity }
        set { packedMaxOverage = PackedQuantity(newValue) }
    }
    /// The subscription's plan; nil: none. Here too, so that a check reads nothing but buckets.
    package var plan: PlanNumber? {
        get { planNumber == 0 ? nil : PlanNumber(rawValue: planNumber) }
        set { planNumber = newValue?.rawValue ?? 0 }
    }

    package init(
        number: UInt32, feature: FeatureNumber, subscription: UInt32, plan: PlanNumber? = nil,
        granted: Quantity, balance: Quantity, maxOverage: Quantity = .zero, cycle: Cycle,
        anchor: Timestamp,
        nextReset: Timestamp, expires: Timestamp = .never, created: Timestamp, flags: Flags
    ) {
        self.number = number
        self.feature = feature
        self.subscription = subscription
        planNumber = plan?.rawValue ?? 0
        packedGranted = PackedQuantity(granted)
        packedBalance = PackedQuantity(balance)
        packedMaxOverage = PackedQuantity(maxOverage)
        self.cycle = cycle
        self.anchor = anchor
        self.nextReset = nextReset
        self.expires = expires
        self.created = created
        self.flags = flags
    }

    package var remaining: Quantity { balance.clampedToZero }
    package var overage: Quantity { (-balance).clampedToZero }
    package var usage: Quantity { granted - balance }

    /// How much more overage it takes; nil: any amount.
    package var overageRoom: Quantity? {
        guard flags.contains(.priced) else { return .zero }
        return flags.contains(.limited) ? (maxOverage - overage).clampedToZero : nil
    }
}
