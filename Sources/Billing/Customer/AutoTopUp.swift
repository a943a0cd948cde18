/// Buys packs of a feature when little of it is left (entitlements §7.5).
package struct AutoTopUp: Sendable, Equatable {
    /// The most purchases in a window, which begins with the first one in it.
    package struct PurchaseLimit: Sendable, Equatable {
        /// Hours, days, weeks or months.
        package var cycle: Cycle
        package var count: UInt32

        package init(_ count: UInt32, in cycle: Cycle) {
            self.cycle = cycle
            self.count = count
        }
    }

    package var feature: FeatureNumber
    package var isEnabled: Bool
    /// As few units as that, or fewer, are little.
    package var threshold: Quantity
    /// Units to be bought: in whole packs, rounded up.
    package var quantity: Quantity
    /// nil: any number of purchases.
    package var limit: PurchaseLimit?

    package init(
        feature: FeatureNumber, isEnabled: Bool = true, threshold: Quantity, quantity: Quantity,
        limit: PurchaseLimit? = nil
    ) {
        self.feature = feature
        self.isEnabled = isEnabled
        self.threshold = threshold
        self.quantity = quantity
        self.limit = limit
    }
}

/// What became of a feature's top-ups so far, as far as it decides about the next one.
package struct TopUpRecord: Sendable, Equatable {
    /// Attempts within `attemptSpan`.
    package static let attemptLimit = 2
    /// In milliseconds.
    package static let attemptSpan: Int64 = 600_000
    /// In milliseconds: how long the next attempt waits after one that was declined.
    package static let failurePause: Int64 = 3_600_000
    /// After so many declined in a row there are no more, until there is another card.
    package static let failureLimit: UInt32 = 3

    package var feature: FeatureNumber
    /// The latest, at most as many as may be in their span; oldest first.
    package var attempts: [Timestamp] = []
    /// Declined ones since the last that was paid, or since there is this card.
    package var failures: UInt32 = 0
    /// When the last of them was; `.epoch`: there is none.
    package var failed = Timestamp.epoch
    /// When the present window of the purchase limit began.
    package var windowStart = Timestamp.epoch
    /// Those paid in it.
    package var purchases: UInt32 = 0

    package init(feature: FeatureNumber) {
        self.feature = feature
    }

    package var isSuspended: Bool { failures >= TopUpRecord.failureLimit }

    /// The window that `time` is in, if a purchase has begun it.
    package func window(of limit: AutoTopUp.PurchaseLimit, at time: Timestamp) -> Range<Timestamp>?
    {
        guard purchases > 0 else { return nil }
        let end = limit.cycle.boundary(after: windowStart, anchor: windowStart)
        return windowStart <= time && time < end ? windowStart..<end : nil
    }

    /// Purchases in the present window.
    package func count(of limit: AutoTopUp.PurchaseLimit, at time: Timestamp) -> UInt32 {
        window(of: limit, at: time) == nil ? 0 : purchases
    }

    func allows(_ limit: AutoTopUp.PurchaseLimit?, at now: Timestamp) -> Bool {
        let recent = attempts.filter { now < $0.adding(milliseconds: TopUpRecord.attemptSpan) }
        if isSuspended || recent.count >= TopUpRecord.attemptLimit { return false }
        if failures > 0, now < failed.adding(milliseconds: TopUpRecord.failurePause) {
            return false
        }
        guard let limit else { return true }
        return count(of: limit, at: now) < limit.count
    }

    mutating func attempt(at now: Timestamp) {
        attempts = (attempts + [now]).suffix(TopUpRecord.attemptLimit)
    }

    mutating func pay(at now: Timestamp, _ limit: AutoTopUp.PurchaseLimit?) {
        forgetFailures()
        guard let limit else { return }
        if window(of: limit, at: now) == nil { (windowStart, purchases) = (now, 0) }
        purchases += 1
    }

    mutating func fail(at now: Timestamp) {
        failures += 1
        failed = now
    }

    mutating func forgetFailures() {
        (failures, failed) = (0, .epoch)
    }
}

extension Extras {
    /// Those that count, and whose they are; also disabled ones, which hide others.
    package var topUpsInForce: [(topUp: AutoTopUp, owner: ControlOwner)] {
        guard topsUp else { return [] }
        var found: [(topUp: AutoTopUp, owner: ControlOwner)] = []
        let plans = controls.filter { $0.owner != .customer }.reversed()
        for owned in controls.filter({ $0.owner == .customer }) + plans {
            for topUp in owned.controls.autoTopUps
            where !found.contains(where: { $0.topUp.feature == topUp.feature }) {
                found.append((topUp, owned.owner))
            }
        }
        return found
    }
}

extension Controls {
    /// What is bought is the customer's, so its entities have no top-ups.
    func checkEntity() throws(Refusal) {
        guard !autoTopUps.isEmpty else { return }
        throw .invalid([
            Violation(
                path: "auto_topups",
                message: "are a customer's or a plan's: an entity has none, leave out entity_id")
        ])
    }

    func topUpViolations(_ kind: (FeatureNumber) -> FeatureKind?) -> [Violation] {
        var found: [Violation] = []
        for (index, topUp) in autoTopUps.enumerated() {
            let path = "auto_topups[\(index)]"
            func fault(_ field: String, _ message: String) {
                found.append(Violation(path: "\(path).\(field)", message: message))
            }
            if kind(topUp.feature) == .boolean {
                fault("feature_id", "is a boolean feature, of which there are no packs")
            }
            if topUp.threshold < .zero { fault("threshold", "must not be negative") }
            if topUp.quantity < Quantity(units: 1) { fault("quantity", "must be at least 1") }
            guard let limit = topUp.limit else { continue }
            if limit.count < 1 { fault("purchase_limit.limit", "must be at least 1") }
            switch limit.cycle.interval {
            case .hour, .day, .week, .month: break
            case .oneOff, .minute, .quarter, .semiAnnual, .year:
                fault("purchase_limit.interval", "must be an hour, a day, a week or a month")
            }
        }
        return found
    }
}
