/// Counts failures to sign in, by the address that they come from.
struct SignInThrottle {
    static let failureLimit = 10
    static let windowMilliseconds: Int64 = 60_000
    /// Addresses that are remembered; beyond this those count as one that aren't.
    private static let addressLimit = 10_000
    private static let everybodyElse = "*"

    private var failures: [String: [Int64]] = [:]

    /// How many milliseconds an address must wait; nil: it may try.
    func wait(_ address: String, at time: Int64) -> Int64? {
        let recent = recent(place(address), at: time)
        guard recent.count >= SignInThrottle.failureLimit else { return nil }
        let first = recent[recent.count - SignInThrottle.failureLimit]
        return first + SignInThrottle.windowMilliseconds - time
    }

    mutating func fail(_ address: String, at time: Int64) {
        if failures.count >= SignInThrottle.addressLimit {
            failures = failures.filter { !recent($0.key, at: time).isEmpty }
        }
        let place = place(address)
        failures[place] = recent(place, at: time) + [time]
    }

    private func place(_ address: String) -> String {
        let isKnown = failures[address] != nil || failures.count < SignInThrottle.addressLimit
        return isKnown ? address : SignInThrottle.everybodyElse
    }

    private func recent(_ place: String, at time: Int64) -> [Int64] {
        failures[place]?.filter { $0 > time - SignInThrottle.windowMilliseconds } ?? []
    }
}
