extension CustomerState {
    /// Changes what is given (entitlements §8.2).
    func decideUpdate(
        _ update: UpdateCustomer, pricing: PricingState
    ) throws(Refusal) -> Decision {
        let name = update.name ?? account.name
        let email = update.email ?? account.email
        let metadata = account.metadata.merged(
            with: update.metadata, without: update.removedKeys)
        guard metadata.count <= MetadataEntry.countLimit else {
            throw .invalid([
                Violation(
                    path: "metadata",
                    message: "would make \(metadata.count) keys; a customer may have "
                        + "\(MetadataEntry.countLimit)")
            ])
        }
        var decision = Decision()
        decision.reply = .updated
        if name != account.name || email != account.email {
            decision.facts.append(.profileChanged(name: name, email: email))
        }
        if let address = update.address, address != account.address ?? PostalAddress() {
            let isUnsaid = address.isEmpty && account.payer.isEmpty
            decision.facts.append(.addressSet(isUnsaid ? nil : address))
        }
        if !decision.facts.isEmpty { decision.facts += owedProfile }
        let mark: FingerprintMark? =
            switch update.fingerprint {
            case .kept: account.fingerprint
            case .removed: nil
            case .set(let mark): mark
            }
        if mark != account.fingerprint { decision.facts.append(.fingerprintSet(mark)) }
        if metadata != account.metadata { decision.facts.append(.metadataChanged(metadata)) }
        try pricing.requireTaxRate(update.taxRate)
        if let taxRate = update.taxRate, taxRate != account.taxRate {
            decision.facts.append(.taxRateSet(id: taxRate))
        }
        if let zone = update.zone, zone != account.zone {
            // What is paid for ends when it was to end.
            let isBilled = subscriptions.contains { subscription in
                subscription.status == .scheduled
                    || subscription.status.grantsAccess && subscription.isBilled
            }
            guard !isBilled else {
                throw .unfit("time_zone", "cannot change while there is a plan that is paid for")
            }
            decision.facts.append(.zoneSet(zone))
        }
        return decision
    }
}
