/// What goes over from a plan to the one that replaces it at once (billing §7).
struct CarriedPart {
    var feature: FeatureNumber
    var entity: UInt32
    /// What is left, below 0 what is overdrawn; 0: it doesn't go over.
    var balance = Quantity.zero
    var usage = Quantity.zero
    /// Until when what is left could be used.
    var expires: Timestamp
}

extension CustomerState {
    /// The features that are meant: of the present plan, those that are used up.
    func carried(
        _ asked: [FeatureNumber]?, _ path: String, _ quote: PurchaseQuote, _ pricing: PricingState
    ) throws(Refusal) -> [FeatureNumber] {
        guard let asked else { return [] }
        guard let current = quote.current, !quote.startsLater else {
            throw .invalid([
                Violation(path: path, message: "is for a plan that replaces another one at once")
            ])
        }
        for (index, feature) in asked.enumerated() {
            let kind = pricing.kind(of: feature)
            guard kind == .boolean || kind.isLevel else { continue }
            throw .invalid([
                Violation(
                    path: "\(path).feature_ids[\(index)]",
                    message: "\"\(pricing.feature(feature).id)\" is nothing that is used up")
            ])
        }
        guard asked.isEmpty else { return asked }
        var features: [FeatureNumber] = []
        for item in pricing.plan(current.plan).items {
            guard let feature = pricing.feature(id: item.featureID) else { continue }
            let kind = pricing.kind(of: feature)
            if kind != .boolean, !kind.isLevel, !features.contains(feature) {
                features.append(feature)
            }
        }
        return features
    }
}

extension FactSheet {
    func carried(from current: Subscription, by order: Order) -> [CarriedPart] {
        guard !order.carriedBalances.isEmpty || !order.carriedUsages.isEmpty else { return [] }
        var parts: [CarriedPart] = []
        customer.buckets.each { bucket, entity in
            guard bucket.subscription == current.number,
                bucket.flags.isDisjoint(with: [.rollover, .unlimited])
            else { return }
            var part = CarriedPart(
                feature: bucket.feature, entity: entity,
                expires: min(bucket.nextReset, current.periodEnd))
            if order.carriedBalances.contains(bucket.feature) { part.balance = bucket.balance }
            if order.carriedUsages.contains(bucket.feature) { part.usage = bucket.usage }
            if part.balance != .zero || part.usage != .zero { parts.append(part) }
        }
        return parts
    }

    mutating func carry(_ part: CarriedPart, to subscription: Subscription) {
        let owed = part.usage + (part.balance < .zero ? -part.balance : .zero)
        if part.balance > .zero {
            emit(
                .bucketOpened(
                    Bucket(
                        number: customer.lastBucket + 1, feature: part.feature, subscription: 0,
                        granted: part.balance, balance: part.balance, cycle: Cycle(.oneOff),
                        anchor: now, nextReset: .never, expires: part.expires, created: now,
                        flags: []),
                    entity: part.entity))
        }
        guard owed != .zero else { return }
        var target: Bucket?
        customer.buckets.each { bucket, entity in
            guard bucket.subscription == subscription.number, bucket.feature == part.feature,
                entity == part.entity, target == nil
            else { return }
            target = bucket
        }
        guard var bucket = target else { return }
        bucket.balance = bucket.balance - owed
        emit(.bucketChanged(bucket, entity: part.entity))
    }
}
