/// What became of one subscription in a migration.
package struct Migration: Sendable, Equatable {
    /// Raw values are those of `tally.v1.MigrationOutcome`.
    package enum Outcome: UInt8, Sendable {
        case migrated = 1
        /// It was made for the customer, and wasn't to be touched.
        case skippedCustom = 2
        /// Other units are sold in other ways: somebody has to say how many.
        case needsQuantities = 3
    }

    package var subscription: UInt32
    /// It was of this one.
    package var version: UInt32
    package var outcome: Outcome
}

extension CustomerState {
    /// Moves a customer to a version of a plan. One that is there already is left alone, so doing
    /// it again does nothing more.
    func decideMigrate(
        _ migrate: MigrateCustomer, pricing: PricingState, now: Timestamp
    ) throws(Refusal) -> Decision {
        let target = try revision(migrate.to, at: "to_version", of: migrate.plan, pricing)
        guard openEffect == nil else { throw .purchaseInProgress }
        var facts = FactSheet(self, pricing: pricing, now: now)
        var migrations: [Migration] = []
        for subscription in subscriptions
        where subscription.status != .ended && subscription.plan.plan == migrate.plan {
            let version = pricing.version(of: subscription.plan)
            let isThere =
                subscription.plan == target
                || !subscription.plan.isCustom && version == pricing.version(of: target)
            if isThere || migrate.from.map({ $0 != version }) ?? false { continue }
            let outcome: Migration.Outcome
            if subscription.plan.isCustom, !migrate.includesCustom {
                outcome = .skippedCustom
            } else if pricing.sellsOtherPacks(target, than: subscription.plan) {
                outcome = .needsQuantities
            } else {
                try facts.pricing.requireSold(target, at: "to_version")
                outcome = .migrated
                facts.migrate(subscription, to: target)
            }
            migrations.append(
                Migration(
                    subscription: subscription.number, version: version, outcome: outcome))
        }
        if !facts.facts.isEmpty { facts.closeCheckout() }
        var decision = Decision(facts: facts.facts, reply: .migrated(migrations))
        decision.settlesRequest = facts.facts.isEmpty ? nil : migrate.request
        return decision
    }

    /// What moving a customer would do.
    package func preview(
        _ migrate: MigrateCustomer, pricing: PricingState, now: Timestamp
    ) throws(Refusal) -> [Migration] {
        let pricing = pricing.with(plansOf: self)
        let decision = try decideMigrate(migrate, pricing: pricing, now: now)
        guard case .migrated(let migrations) = decision.reply else { return [] }
        return migrations
    }
}

extension PricingState {
    /// Packs of other sizes, or on top of another grant: what was bought would be another number
    /// of units, or cost nobody knows what.
    fileprivate func sellsOtherPacks(
        _ new: PlanReference, than old: PlanReference
    ) -> Bool {
        let before = plan(old)
        return plan(new).items.contains { item in
            guard let prepaid = item.packPrice else { return false }
            let same = before.prepaidItem(of: item.featureID)
            return same?.prepaidPrice?.price.packSize != prepaid.price.packSize
                || same?.included != item.included
        }
    }
}
