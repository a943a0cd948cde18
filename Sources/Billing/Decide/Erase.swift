extension CustomerState {
    /// Removes what is personal. Nothing is left to remove: nothing happens.
    func decideErase() -> Decision {
        var decision = Decision()
        guard key != 0 || hasProfile else { return decision }
        decision.facts = [.customerErased(key: key)]
        // What the provider alone knows of it goes, too.
        if !account.payer.isEmpty { decision.facts.append(.addressSet(PostalAddress())) }
        decision.facts += owedProfile
        return decision
    }

    /// Whoever knows the customer is told who it is by now. None: nobody does.
    var owedProfile: [Fact] {
        account.payer.isEmpty ? [] : [.profileOwed(turn: account.owedProfile &+ 1)]
    }

    /// Says once more what only old records say, in the clear.
    func decideSealProfile() -> Decision {
        var decision = Decision()
        if key == 0, hasProfile {
            decision.facts = [.profileChanged(name: account.name, email: account.email)]
            if !account.metadata.isEmpty {
                decision.facts.append(.metadataChanged(account.metadata))
            }
            if let address = account.address, !address.isEmpty {
                decision.facts.append(.addressSet(address))
            }
            for invoice in account.externalInvoices where !invoice.url.isEmpty {
                decision.facts.append(.externalInvoiceSet(invoice))
            }
        }
        return decision
    }

    private var hasProfile: Bool {
        !account.name.isEmpty || !account.email.isEmpty || !account.metadata.isEmpty
            || account.address?.isEmpty == false || account.fingerprint != nil
            || account.externalInvoices.contains { !$0.url.isEmpty }
            || buckets.hasExtras && buckets.extras.isPersonal
    }
}
