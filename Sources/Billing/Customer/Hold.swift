/// Usage that is reserved: drawn already, to be settled or given back (entitlements §3).
package struct Hold: Sendable, Equatable {
    /// What it drew from one bucket.
    package struct Share: Sendable, Equatable {
        package var draw: Draw
        /// Tracked units that the draw covers.
        package var units: Quantity
        /// The bucket's own units for one tracked unit; nil: they are the same.
        package var cost: UnitPrice?

        package init(draw: Draw, units: Quantity, cost: UnitPrice?) {
            self.draw = draw
            self.units = units
            self.cost = cost
        }

        /// What giving this many of its units back puts into the bucket: all of the draw for all of
        /// them, so that nothing is lost in rounding, and never more.
        func own(of part: Quantity) -> Quantity {
            guard part != units else { return draw.amount }
            let own = nominal(of: part)
            return own.magnitude < draw.amount.magnitude ? own : draw.amount
        }

        /// The bucket's own units for so many tracked ones.
        func nominal(of part: Quantity) -> Quantity {
            cost.map { part.credits(at: $0) } ?? part
        }
    }

    /// What it added to a usage limit's count.
    package struct Counted: Sendable, Equatable {
        package var window: WindowKey
        package var amount: Quantity

        package init(window: WindowKey, amount: Quantity) {
            self.window = window
            self.amount = amount
        }
    }

    /// Open at a time, of one customer; and the longest id in bytes.
    package static let countLimit = 1_000
    package static let idLimit = 256
    /// The longest it may be open, and how long it is when nothing else is said.
    package static let longest: Int64 = 24 * 3_600_000

    /// The caller's.
    package var id: String
    package var feature: FeatureNumber
    /// 0: none.
    package var entity: UInt32
    package var expires: Timestamp
    /// In the order they were drawn; an unwind goes the other way.
    package var shares: [Share]
    package var counted: [Counted]
    package var properties: [EventProperty]

    package init(
        id: String, feature: FeatureNumber, entity: UInt32, expires: Timestamp, shares: [Share],
        counted: [Counted], properties: [EventProperty]
    ) {
        self.id = id
        self.feature = feature
        self.entity = entity
        self.expires = expires
        self.shares = shares
        self.counted = counted
        self.properties = properties
    }

    /// Tracked units; below zero: it gave back.
    package var value: Quantity { shares.reduce(.zero) { $0 + $1.units } }
}

extension Extras {
    /// A bucket that begins anew has nothing to get back: what holds drew of it is of a cycle that
    /// is over.
    mutating func forgetDraws(of bucket: UInt32) {
        for index in holds.indices {
            for place in holds[index].shares.indices
            where holds[index].shares[place].draw.bucket == bucket {
                holds[index].shares[place].draw.amount = .zero
            }
        }
    }

    /// The same of a window that another one follows.
    mutating func forgetCounts(in window: WindowKey) {
        for index in holds.indices { holds[index].counted.removeAll { $0.window == window } }
    }

    /// What open holds drew of a bucket: reserved, not used, so nothing that a refund gives back.
    func held(of bucket: UInt32) -> Quantity {
        var sum = Quantity.zero
        for hold in holds {
            for share in hold.shares where share.draw.bucket == bucket {
                sum = sum + share.draw.amount.clampedToZero
            }
        }
        return sum
    }
}
