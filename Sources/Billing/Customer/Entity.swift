/// A part of a customer with balances of its own: a workspace, a seat (entitlements §8.3).
package struct Entity: Sendable, Equatable {
    /// Unique within the customer, never used again.
    package var number: UInt32
    /// Empty: it has none yet.
    package var id: InlineText
    /// What it counts as: one of these is in use as long as it is there.
    package var feature: FeatureNumber
    package var name: String
    package var created: Timestamp
    /// Slices of plans' items for each entity, and what was granted to it alone.
    package var buckets: [Bucket] = []
    package var controls = Controls.none

    package init(
        number: UInt32, id: InlineText, feature: FeatureNumber, name: String, created: Timestamp
    ) {
        self.number = number
        self.id = id
        self.feature = feature
        self.name = name
        self.created = created
    }
}
