/// Asks for a card, and attaches a plan once it is on file.
package struct SetupPayment: Sendable {
    /// nil: the card is all.
    package var plan: PlanNumber?
    /// Empty: the customer.
    package var entity = InlineText.empty
    package var successURL = ""
    /// As in `AttachPlan`.
    package var effectID = ""
    package var request: RequestMark?

    package init(plan: PlanNumber? = nil) {
        self.plan = plan
    }

    /// What it leads to; nil: nothing.
    var attach: AttachPlan? {
        guard let plan else { return nil }
        var attach = AttachPlan(plan: plan)
        attach.entity = entity
        return attach
    }
}

// A card without a charge (billing §14.5).
extension CustomerState {
    /// Opens a page for the card alone; what it leads to is refused here as later.
    func decideSetup(
        _ setup: SetupPayment, pricing: PricingState, now: Timestamp
    ) throws(Refusal) -> Decision {
        guard openEffect == nil else { throw .purchaseInProgress }
        guard let currency = pricing.currency ?? Currency(code: "usd") else {
            preconditionFailure("a known code")
        }
        var order = Order(
            .setup, .none, subscriptions: [], lines: [], time: now, currency: currency)
        if let attach = setup.attach {
            let quote = try quote(attach, pricing: pricing, now: now)
            order.plan = quote.order.plan
            order.entity = quote.order.entity
        }
        order.successURL = setup.successURL
        return charge(
            order, onPage: true, effectID: setup.effectID, request: setup.request,
            FactSheet(self, pricing: pricing, now: now))
    }

    /// The card is on file. The plan is attached as if somebody asked for it now; one that can't be
    /// had any more is left out, and the card stays.
    func completeSetup(
        _ facts: FactSheet, _ order: Order, _ paid: CompleteCheckout
    ) throws(Refusal) -> Decision {
        var decision = Decision(facts: facts.facts, reply: .attach(AttachReply(.active)))
        guard var attach = facts.customer.attach(after: order, effectID: paid.effectID)
        else { return decision }
        attach.trialClaim = paid.trialClaim
        do throws(Refusal) {
            // Where it isn't known what tax is due it can't be had.
            _ = try facts.customer.taxQuestion(
                for: .attach(attach), pricing: facts.pricing, now: facts.now, effectID: "")
            let attached = try facts.customer.decideAttach(
                attach, pricing: facts.pricing, now: facts.now)
            decision.facts += attached.facts
            decision.reply = attached.reply
        } catch {
            if error == .trialUnclaimed { throw error }
        }
        return decision
    }

    /// What a page for a card leads to; nil: nothing.
    package func attach(after order: Order, effectID: String = "") -> AttachPlan? {
        guard order.purpose == .setup, order.plan != .none else { return nil }
        var attach = AttachPlan(plan: order.plan.plan, effectID: effectID)
        attach.redirect = .never
        guard order.entity != 0 else { return attach }
        guard let entity = buckets.extras.entities.entity(order.entity) else { return nil }
        attach.entity = entity.id
        return attach
    }

    /// Puts another card on file, with which what is owed is tried at once.
    func decideSaveMethod(
        _ method: PaymentMethod, pricing: PricingState, now: Timestamp
    ) throws(Refusal) -> Decision {
        // A charge that is under way is of the card that is there.
        guard openEffect == nil else { throw .purchaseInProgress }
        var facts = FactSheet(self, pricing: pricing, now: now)
        facts.emit(.methodSaved(method))
        facts.hastenDebts()
        return Decision(facts: facts.facts, reply: .none)
    }
}
