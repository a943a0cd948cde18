internal import Billing
internal import Repository
internal import Wire

/// What the payment provider knows: it answers the same to the same id, whoever asks and how often.
struct Ledger {
    private(set) var answers: [String: SettleEffect.Answer] = [:]

    mutating func answer(_ effect: Effect, _ dice: inout Dice) -> SettleEffect.Answer {
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
                let answer = world.ledger.answer(effect, &world.dice)
                // The answer may be lost on its way.
                if world.dice.once(in: 4) { return }
                try execute(
                    .settle(SettleEffect(effectID: effect.id, answer: answer)), name, id, world,
                    process)
            } else if let checkout = account.checkout, world.dice.once(in: 2) {
                let method = PaymentMethod(token: "card", brand: "visa", last4: "4242")
                try execute(
                    .completeCheckout(
                        CompleteCheckout(session: checkout.session, method: method)), name, id,
                    world, process)
            }
        } catch ExecuteFault.refused(.checkoutNotFound) {
            // What it sold has changed, or is over.
        } catch let fault as ExecuteFault {
            try world.check(fault, process)
        }
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
