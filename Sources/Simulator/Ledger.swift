internal import Billing
internal import Repository
internal import Wire

/// What the payment provider knows: it answers the same to the same id, whoever asks and how often.
struct Ledger {
    private(set) var answers: [String: SettleEffect.Answer] = [:]
    /// Whether the money went back.
    private(set) var refunds: [String: Bool] = [:]

    /// Minor units that went back, by payment and refund.
    private var given: [String: [String: Int64]] = [:]

    /// A refund of its own, told the first time or again.
    mutating func report(_ id: String, _ amount: Money, of payment: String) -> ReportedRefund {
        let known = given[payment]?[id] ?? amount.minorUnits
        given[payment, default: [:]][id] = known
        let all = given[payment] ?? [:]
        return ReportedRefund(
            id: id, payment: payment,
            amount: Money(minorUnits: known, currency: amount.currency),
            total: all.values.reduce(0, +), ours: all.keys.filter { refunds[$0] != nil }.sorted())
    }

    mutating func answer(_ refund: Refund, _ dice: inout Dice) -> SettleRefund {
        let isDone = refunds[refund.id] ?? !dice.once(in: 4)
        refunds[refund.id] = isDone
        if isDone { given[refund.payment, default: [:]][refund.id] = refund.amount.minorUnits }
        return SettleRefund(id: refund.id, failureCode: isDone ? nil : "expired_or_canceled_card")
    }

    mutating func answer(
        _ effect: Effect, of account: Account, _ dice: inout Dice
    ) -> SettleEffect.Answer {
        // Asked twice it may say another thing.
        if effect.kind == .findTaxes { return .taxes(dice.tax(), account.address) }
        if let known = answers[effect.id] { return known }
        let answer: SettleEffect.Answer =
            if effect.kind == .openCheckout {
                .checkoutOpened(url: "https://pay.example.com/\(effect.id)")
            } else if dice.once(in: 4) {
                .declined(code: "card_declined")
            } else {
                .paid
            }
        answers[effect.id] = answer
        return answer
    }
}

extension Dice {
    fileprivate mutating func tax() -> TaxAnswer {
        let rate = TaxRate(
            id: TaxRate.automaticID, name: "VAT", percentage: Quantity(units: between(1, 25)))
        return pick([.due(rate), .due(rate), .none, .addressInsufficient, .failed(code: "failed")])
    }
}

/// Carries effects out, as the product's worker does: only once they are durable, and again after
/// a crash; and pays the pages that are open.
struct Provider: Actor {
    let name = "provider"
    let weight = 4

    func turn(_ world: World, _ process: Process) throws {
        let name = world.dice.pick(Catalogs.names)
        guard world.model.customers[name] != nil, let id = CustomerID(name) else { return }
        let workspace = Workspace()
        do {
            let (account, point) = try process.observe {
                try process.repository(of: id).read(
                    id, names: process.directory.current, in: workspace
                ) { customer, _ in customer.account }
            }
            guard process.isDurable(point) else { return }
            if let effect = account.effects.first {
                let answer = world.ledger.answer(effect, of: account, &world.dice)
                // The answer may be lost on its way.
                if world.dice.once(in: 4) { return }
                try execute(
                    .settle(SettleEffect(effectID: effect.id, answer: answer)), name, id, world,
                    process)
            } else if let refund = account.refunds.first(where: { $0.status == .pending }) {
                let settled = world.ledger.answer(refund, &world.dice)
                if world.dice.once(in: 4) { return }
                try execute(.refund(.settle(settled)), name, id, world, process)
            } else if let session = world.dice.page(of: account) {
                let method = PaymentMethod(token: "card", brand: "visa", last4: "4242")
                // Two tabs may pay one page, and an old one a page that was closed.
                let payment = "\(session)_\(world.dice.below(2))"
                try execute(
                    .completeCheckout(
                        CompleteCheckout(session: session, method: method, payment: payment)),
                    name, id, world, process)
            } else if let invoice = account.invoices.last, world.dice.once(in: 8) {
                try refund(invoice, name, id, world, process)
            }
        } catch ExecuteFault.refused(.refundTooLarge) {
            // It came back before.
        } catch ExecuteFault.refused(.tooMany) {
            // Others have no outcome yet.
        } catch ExecuteFault.refused(.checkoutNotFound) {
            // What it sold has changed, or is over.
        } catch let fault as ExecuteFault {
            try world.check(fault, process)
        }
    }

    /// An operator gives something back, or the provider reports that it has, or a dispute.
    private func refund(
        _ invoice: Invoice, _ name: String, _ id: CustomerID, _ world: World, _ process: Process
    ) throws {
        let number = "\(name)-\(invoice.number)-\(world.dice.below(3))"
        let amount = Money(
            minorUnits: Int64(1 + world.dice.below(500)), currency: invoice.total.currency)
        let command: RefundCommand =
            switch world.dice.below(4) {
            case 0:
                .disputed(
                    ReportedDispute(
                        id: "dispute-\(number)", payment: invoice.payment, amount: amount,
                        status: world.dice.pick([.open, .won, .lost])))
            case 1:
                .reported(
                    world.ledger.report("provider-\(number)", amount, of: invoice.payment))
            default:
                .invoice(
                    RefundInvoice(
                        number: invoice.number, amount: amount,
                        effectID: process.machine.newEffectID()))
            }
        try execute(.refund(command), name, id, world, process)
    }

    private func execute(
        _ command: Command, _ name: String, _ id: CustomerID, _ world: World, _ process: Process
    ) throws {
        let workspace = Workspace()
        let execution = try process.observe {
            try process.repository(of: id).execute(
                command, for: id, request: nil, names: process.directory.current, in: workspace)
        }
        guard case .done(let outcome) = execution else {
            throw world.fail("an outcome has no request to wait for")
        }
        world.trace.note("settled \(name): \(outcome.point)")
        if case .attach(let reply) = workspace.reply, reply.outcome == .active {
            world.model.add(.bought(name), at: outcome.point)
        }
    }
}

extension Dice {
    /// A page that somebody pays now; nil: nobody does.
    fileprivate mutating func page(of account: Account) -> String? {
        if let open = account.checkout { return once(in: 2) ? open.session : nil }
        return once(in: 8) ? account.closedCheckouts.last?.session : nil
    }
}
