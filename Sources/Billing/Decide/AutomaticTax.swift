// Tax that the payment provider knows of. It is asked where the customer is billed, once a day at
// most, and what it says is on record: so a decision is the same whoever makes it, and what a
// preview shows is what is charged. What has to be asked first is an effect like any other: while
// it is open nothing is bought or billed.

extension CustomerState {
    /// What has to be asked before a purchase or a change can be decided, or previewed; nil:
    /// nothing.
    package func taxQuestion(
        for command: Command, pricing: PricingState, now: Timestamp,
        effectID: @autoclosure () -> String
    ) throws(Refusal) -> Effect? {
        let holds = account.taxes?.holds(at: now) ?? false
        guard pricing.settings.automaticTax != .off,
            !(holds && account.taxes?.isGood == true),
            charges(by: command, pricing: pricing, now: now)
        else { return nil }
        guard account.address?.isEmpty == false else { throw .taxAddressRequired(isThere: false) }
        guard holds, let taxes = account.taxes else {
            // What is under way comes first.
            return openEffect == nil
                ? taxEffect(effectID(), at: now, pricing.with(plansOf: self)) : nil
        }
        switch taxes.status {
        case .due, .none: return nil
        case .addressInsufficient: throw .taxAddressRequired(isThere: true)
        case .failed: throw .taxUnknown(code: taxes.code)
        }
    }

    /// The same before a card is on file that a plan is attached to; whoever put it there is not
    /// refused.
    package func taxQuestion(
        after paid: CompleteCheckout, pricing: PricingState, now: Timestamp,
        effectID: @autoclosure () -> String
    ) -> Effect? {
        guard pricing.settings.automaticTax != .off, let checkout = account.checkout,
            checkout.session == paid.session, let attach = attach(after: checkout.order)
        else { return nil }
        return try? taxQuestion(
            for: .attach(attach), pricing: pricing, now: now, effectID: effectID())
    }

    /// It charges something at once, or will, at a rate that is to be found out.
    private func charges(by command: Command, pricing: PricingState, now: Timestamp) -> Bool {
        func looksAhead(_ preview: (CustomerState) throws -> PurchasePreview) -> Bool {
            var probe = self
            probe.account.taxes = TaxFinding(
                .due, TaxRate(id: TaxRate.automaticID, name: "", percentage: .zero), time: now)
            guard let preview = try? preview(probe) else { return false }
            let lines = (preview.invoice?.lines ?? []) + (preview.nextInvoice?.lines ?? [])
            return lines.contains {
                $0.kind != .credit && $0.tax?.rate.id == TaxRate.automaticID
            }
        }
        switch command {
        case .provider(.taxesWanted): return true
        case .attach(let attach):
            return looksAhead { try $0.preview(attach, pricing: pricing, now: now) }
        case .attachSeveral(let several):
            return looksAhead { try $0.preview(several, pricing: pricing, now: now) }
        // With no phases it gives up what is planned.
        case .createSchedule(let schedule) where !schedule.phases.isEmpty:
            return looksAhead { try $0.preview(schedule, pricing: pricing, now: now) }
        case .changeSubscription(let change) where change.cancel == nil:
            return looksAhead { try $0.preview(change, pricing: pricing, now: now) }
        case .setupPayment(let setup):
            guard let attach = setup.attach else { return false }
            return looksAhead { try $0.preview(attach, pricing: pricing, now: now) }
        case _: return false
        }
    }

    fileprivate func taxEffect(
        _ id: String, at now: Timestamp, _ pricing: PricingState
    ) -> Effect {
        let none = Money(minorUnits: 0, currency: pricing.requiredCurrency)
        let order = Order(
            purpose: .setup, plan: .none, subscriptions: [], lines: [], total: none, time: now)
        return Effect(id: id, kind: .findTaxes, order: order, request: nil)
    }
}

extension FactSheet {
    /// What is billed now is charged once it is known what tax is due. True: it was asked for.
    mutating func askForTaxes(_ effectID: () -> String) -> Bool {
        let account = customer.account
        guard pricing.settings.automaticTax != .off,
            pricing.taxRate(id: account.taxRate) == nil, account.address?.isEmpty == false,
            !(account.taxes?.holds(at: now) ?? false), billsAutomatically
        else { return false }
        emit(.effectRequested(customer.taxEffect(effectID(), at: now, pricing)))
        return true
    }

    /// Something that has no tax rate of its own is paid for from now on, or was used up to now.
    private var billsAutomatically: Bool {
        let billed = customer.subscriptions.filter { subscription in
            guard pricing.taxRate(id: subscription.taxRate) == nil,
                !customer.isHeldBack(subscription.number)
            else { return false }
            return switch subscription.status {
            case .scheduled:
                subscription.start <= now && !pricing.plan(subscription.plan).isFree
            case .active, .canceling, .renewing, .pastDue: subscription.isBilled
            case .ended, .paused: false
            }
        }
        if billed.contains(where: {
            $0.status == .scheduled || $0.periodEnd <= now || $0.end <= now
        }) {
            return true
        }
        var isUsed = false
        customer.buckets.each { bucket, _ in
            isUsed =
                isUsed
                || bucket.flags.contains(.priced) && bucket.nextReset <= now
                    && bucket.overage > .zero
                    && billed.contains { $0.number == bucket.subscription }
        }
        return isUsed
    }

    /// The provider's answer. Of another address than the customer has by now it is none.
    mutating func note(_ answer: TaxAnswer, at address: PostalAddress?) {
        guard address == customer.account.address else { return }
        let found: TaxFinding =
            switch answer {
            case .due(let rate): TaxFinding(.due, rate, time: now)
            case .none: TaxFinding(.none, time: now)
            case .addressInsufficient: TaxFinding(.addressInsufficient, time: now)
            case .failed(let code):
                TaxFinding(.failed, customer.account.taxes?.rate, code: code, time: now)
            }
        emit(.taxesFound(found))
    }
}

/// What a provider says is due where a customer is billed.
package enum TaxAnswer: Sendable, Equatable {
    /// Its id and whether prices have it in them are of no matter.
    case due(TaxRate)
    case none
    case addressInsufficient
    /// Asking again at once wouldn't help. The provider's code.
    case failed(code: String)
}

extension TaxFinding {
    /// Something can be sold by it.
    fileprivate var isGood: Bool { status == .due || status == .none }
}
