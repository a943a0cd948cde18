/// What a payment provider tells of a customer, beside payments: told twice, or late, it is the
/// same.
package enum ProviderNews: Sendable {
    /// It knows the customer by this name.
    case registered(reference: String)
    /// What tax is due is about to be shown, and should be known. Nothing of the provider's.
    case taxesWanted
    /// It was told who the customer is, in this turn.
    case profileTold(turn: UInt32)
    /// It knows nobody by this name any more.
    case forgotten(reference: String)
    /// A card's network has renewed it.
    case methodChanged(PaymentMethod)
    case methodRemoved(token: String)
    /// Nothing can be paid on this page any more.
    case pageClosed(session: String)
    /// It has taken this, and nobody here knows of it.
    case found(FoundMoney)
}

extension CustomerState {
    func decideNews(
        _ news: ProviderNews, pricing: PricingState, now: Timestamp
    ) throws(Refusal) -> Decision {
        var facts = FactSheet(self, pricing: pricing, now: now)
        switch news {
        case .taxesWanted: break
        case .registered(let reference):
            // A charge may be under way with the first name; its retry must find the same one.
            guard account.payer.isEmpty, !reference.isEmpty else { break }
            facts.emit(.payerSet(reference: reference))
        case .profileTold(let turn):
            // It has changed once more since: that is another turn.
            guard turn > 0, account.owedProfile == turn else { break }
            facts.emit(.profileOwed(turn: 0))
        case .forgotten(let reference):
            guard account.payer == reference, !reference.isEmpty else { break }
            guard openEffect == nil else { throw .purchaseInProgress }
            facts.emit(.payerSet(reference: ""))
            if account.method != nil { facts.emit(.methodRemoved) }
            if let checkout = account.checkout { facts.emit(checkout.closed()) }
        case .methodChanged(let method):
            guard let known = account.method, known.token == method.token, known != method
            else { break }
            guard openEffect == nil else { throw .purchaseInProgress }
            facts.emit(.methodSaved(method))
            facts.hastenDebts()
        case .methodRemoved(let token):
            guard account.method?.token == token else { break }
            // A charge that is under way is of the card that is there.
            guard openEffect == nil else { throw .purchaseInProgress }
            facts.emit(.methodRemoved)
        case .found(let found): return try decideFound(found, pricing: pricing, now: now)
        case .pageClosed(let session):
            guard let checkout = account.checkout, checkout.session == session else { break }
            facts.emit(checkout.closed())
        }
        return Decision(facts: facts.facts, reply: .none)
    }
}
