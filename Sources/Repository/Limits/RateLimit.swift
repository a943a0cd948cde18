/// How often something may be done: so many times in each second, or minute.
package struct RateLimit: Sendable, Equatable {
    package var count: Int
    package var seconds: Int

    package static let most = 10_000_000

    package init(count: Int, seconds: Int) {
        self.count = count
        self.seconds = seconds
    }

    /// `100/s`, `30/min`; nil: neither.
    package init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let count = Int(parts[0]), (1...RateLimit.most).contains(count)
        else { return nil }
        switch parts[1] {
        case "s": self.init(count: count, seconds: 1)
        case "min": self.init(count: count, seconds: 60)
        default: return nil
        }
    }
}

/// What is limited together (entitlements §10.1, billing §16.1).
package enum RateGroup: Int, CaseIterable, Sendable {
    case check
    case track
    case billing
    case events
    case customersList
    case entitiesGet
    case batchTrack
    case general

    /// As settings name it.
    package var name: String {
        switch self {
        case .check: "check"
        case .track: "track"
        case .billing: "billing"
        case .events: "events"
        case .customersList: "customers-list"
        case .entitiesGet: "entities-get"
        case .batchTrack: "batch-track"
        case .general: "general"
        }
    }

    /// Counted for each customer; the others for each key.
    package var isOfCustomer: Bool {
        switch self {
        case .check, .track, .billing, .events, .entitiesGet: true
        case .customersList, .batchTrack, .general: false
        }
    }

    package var standard: String {
        switch self {
        case .check, .track: "10000/s"
        case .billing: "30/min"
        case .events: "5/s"
        case .customersList, .entitiesGet: "50/s"
        case .batchTrack: "10/s"
        case .general: "25/s"
        }
    }
}

/// What became of a call that was counted.
package struct RateVerdict: Sendable, Equatable {
    package var isAllowed: Bool
    package var limit: RateLimit
    /// How many more there may be until then.
    package var remaining: Int
    /// Seconds until everything may be done again.
    package var reset: Int
}
