/// Which count of usage: one for each limited feature, filter and interval, of the customer or of
/// one of its entities.
package struct WindowKey: Sendable, Equatable {
    package var feature: FeatureNumber
    /// 0: of the customer; all its entities share it.
    package var entity: UInt32
    package var interval: Interval
    package var filter: [EventProperty]

    package init(
        feature: FeatureNumber, entity: UInt32, interval: Interval, filter: [EventProperty]
    ) {
        self.feature = feature
        self.entity = entity
        self.interval = interval
        self.filter = filter
    }
}

/// What was used in a window of a usage limit.
package struct UsageWindow: Sendable, Equatable {
    package var key: WindowKey
    /// From its start to its end; another window begins at 0.
    package var start: Timestamp
    package var end: Timestamp
    package var used: Quantity

    package init(key: WindowKey, start: Timestamp, end: Timestamp, used: Quantity) {
        self.key = key
        self.start = start
        self.end = end
        self.used = used
    }
}
