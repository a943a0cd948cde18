extension CustomerState {
    /// Makes the customer with the plans that every new one starts with, or fills in what is blank
    /// (entitlements §8.2).
    func decideCreate(
        _ create: CreateCustomer, pricing: PricingState, now: Timestamp
    ) -> Decision {
        var facts = FactSheet(self, pricing: pricing, now: now)
        let isNew = account.created == .epoch
        if isNew {
            facts.emit(.customerCreated(name: create.name, email: create.email, time: now))
            if !create.metadata.isEmpty {
                facts.emit(.metadataChanged([].merged(with: create.metadata)))
            }
            if create.zone != .utc { facts.emit(.zoneSet(create.zone)) }
            if create.fingerprint != nil { facts.emit(.fingerprintSet(create.fingerprint)) }
            for reference in pricing.autoEnabled {
                facts.give(reference, create.trialClaims[reference.plan])
            }
        } else {
            if account.fingerprint == nil, create.fingerprint != nil {
                facts.emit(.fingerprintSet(create.fingerprint))
            }
            let name = account.name.isEmpty ? create.name : account.name
            let email = account.email.isEmpty ? create.email : account.email
            if name != account.name || email != account.email {
                facts.emit(.profileChanged(name: name, email: email))
                for fact in owedProfile { facts.emit(fact) }
            }
        }
        var decision = Decision()
        decision.facts = facts.facts
        decision.reply = .created(isNew)
        return decision
    }
}
