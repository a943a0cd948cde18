/// What the settings leave of a customer's balances (entitlements §1.3).
extension CustomerState {
    /// Subscriptions that give nothing until they are paid.
    func unpaid(_ pricing: PricingState) -> [UInt32] {
        guard !pricing.settings.includesPastDue else { return [] }
        return subscriptions.filter { $0.status == .pastDue }.map(\.number)
    }

    /// Those that give nothing now: they are paused, or unpaid.
    func idle(_ pricing: PricingState) -> [UInt32] {
        unpaid(pricing) + subscriptions.filter(\.isPaused).map(\.number)
    }

    /// Without those that are paused.
    var inUse: BucketSet {
        let paused = subscriptions.filter(\.isPaused).map(\.number)
        return paused.isEmpty ? buckets : buckets.without(paused)
    }

    /// The buckets that count for checks, for usage and for whoever is shown them, with the limits
    /// that do. Seats stay counted in all of them: they are in use, paid or not.
    package func usableBuckets(_ pricing: PricingState) -> BucketSet {
        let idle = idle(pricing)
        return idle.isEmpty ? buckets : buckets.without(idle)
    }
}

extension BucketSet {
    /// As if these subscriptions had ended.
    func without(_ subscriptions: [UInt32]) -> BucketSet {
        var rest = BucketSet()
        for index in 0..<count where !subscriptions.contains(self[index].subscription) {
            rest.append(self[index])
        }
        guard hasExtras else { return rest }
        var extras = self.extras
        extras.controls.removeAll { owned in
            guard case .subscription(let number) = owned.owner else { return false }
            return subscriptions.contains(number)
        }
        for entity in self.extras.entities.all
        where entity.buckets.contains(where: { subscriptions.contains($0.subscription) }) {
            extras.entities.change(entity.number) { entity in
                entity.buckets.removeAll { subscriptions.contains($0.subscription) }
            }
        }
        rest.extras = extras
        return rest
    }
}
