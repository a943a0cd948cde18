/// Several cancellations in one, priced: all of it or nothing, and one invoice (billing §10.3).
struct SeveralChanges {
    /// Those of several subscriptions, in the order asked for.
    var subscriptions: [UInt32] = []
    /// What comes back; nil: nothing ends now.
    var order: Order?
}

extension ChangeSubscription {
    /// Subscriptions in one call.
    package static let limit = 20

    /// Of several: what is asked of each, and where it is said.
    fileprivate var parts: [(change: ChangeSubscription, path: String)] {
        var first = self
        first.also = []
        return [(first, "")]
            + also.enumerated().map { index, change in
                var change = change
                change.quoteTime = quoteTime
                return (change, "also[\(index)].")
            }
    }

    /// Nothing that costs more than before can be had in one with others.
    fileprivate func checkParts() throws(Refusal) {
        guard also.count < ChangeSubscription.limit else {
            throw .unfit("also", "must be at most \(ChangeSubscription.limit - 1)")
        }
        for (change, path) in parts where change.cancel == nil {
            throw .unfit(
                "\(path)cancel_action", "is required: several changes in one can only cancel")
        }
        let asked = [
            ("refund_last_payment", refund != nil), ("custom_line_items", !custom.isEmpty),
            ("invoice_mode", terms != nil),
        ]
        if let path = asked.first(where: \.1)?.0 {
            throw .unfit(path, "cannot be had together with also")
        }
    }
}

extension FactSheet {
    /// Ends each, or lets it go on, as if the ones before it had happened.
    mutating func carryOut(
        several change: ChangeSubscription
    ) throws(Refusal) -> SeveralChanges {
        try change.checkParts()
        var changes = SeveralChanges()
        let before = customer
        for (part, path) in change.parts {
            let quote = try quote(part, at: path)
            let number = quote.subscription.number
            guard !changes.subscriptions.contains(number) else {
                let field = part.number == nil ? "plan_id" : "subscription_id"
                throw .unfit(path + field, "is a subscription that appears twice")
            }
            changes.subscriptions.append(number)
            voidWaiting { quote.course != .none && $0.subscriptions.contains(number) }
            guard doWithoutInvoice(quote) else { continue }
            changes.order = Order(
                .change, changes.order?.plan ?? quote.order.plan,
                subscriptions: (changes.order?.subscriptions ?? []) + [number],
                lines: (changes.order?.lines ?? []) + quote.order.lines,
                balance: before.account.credit?.minorUnits ?? 0, minimum: .max,
                time: quote.order.time, currency: quote.order.total.currency)
        }
        return changes
    }

    private func quote(
        _ part: ChangeSubscription, at path: String
    ) throws(Refusal) -> ChangeQuote {
        do {
            return try customer.quote(part, pricing: pricing, now: now)
        } catch .invalid(let violations) {
            throw .invalid(
                violations.map { violation in
                    let isShared = violation.path == "quote_time"
                    return Violation(
                        path: isShared ? violation.path : path + violation.path,
                        message: violation.message)
                })
        }
    }
}

extension CustomerState {
    /// Cancels several, or lets them go on.
    func decideSeveral(
        _ change: ChangeSubscription, pricing: PricingState, now: Timestamp
    ) throws(Refusal) -> Decision {
        var facts = FactSheet(self, pricing: pricing, now: now)
        let changes = try facts.carryOut(several: change)
        var reply = AttachReply(.active)
        reply.invoice = changes.order.flatMap { facts.invoice($0, .paid) }
        if !facts.facts.isEmpty { facts.closeCheckout() }
        let changed = changes.subscriptions.compactMap { facts.customer.subscription($0) }
        reply.subscription = changed.first
        reply.changed = changed.dropFirst().map { AttachReply.Started(subscription: $0) }
        return decision(facts, reply: reply, request: facts.facts.isEmpty ? nil : change.request)
    }
}
