extension CustomerState {
    /// Ends the customer, and removes what is personal. Not while a charge has no outcome yet:
    /// whoever pays must get what they paid for; nor before a referrer knows what is theirs.
    func decideDelete() throws(Refusal) -> Decision {
        guard openEffect == nil, !account.refunds.contains(where: { $0.status == .pending }),
            !account.referrals.contains(where: \.isUntold)
        else { throw .purchaseInProgress }
        var decision = Decision()
        if let open = account.checkout {
            decision.facts.append(.checkoutClosed(session: open.session, paid: false))
        }
        decision.facts += decideErase().facts
        decision.facts.append(.customerDeleted)
        return decision
    }
}
