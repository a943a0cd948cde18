internal import Billing
internal import Logging
internal import Payments
internal import Synchronization
internal import Wire

/// Carries effects out: starts each once its record is durable, and returns the provider's answer
/// as an ordinary command. An effect whose outcome is unknown is looked up and tried again until
/// there is one; its id is the provider's idempotency key, so that nothing is charged twice.
struct Effects: Sendable {
    let repository: CustomerRepository
    let provider: any PaymentProvider
    /// Names the data folder.
    let home: String
    let durability: Durability
    let gate: EffectGate
    let logger: Logger

    /// Effects under way at once.
    private static let width = 16
    /// Refunds and pages to close: they may take days, and nobody waits for them.
    private static let errandWidth = 256
    private static let firstPause = Duration.milliseconds(200)
    private static let longestPause = Duration.seconds(60)

    /// Unguessable: it is also the secret part of a payment page's address.
    static func newID(prefix: String = "eff_") -> String {
        var generator = SystemRandomNumberGenerator()
        let digits = Array("0123456789abcdefghjkmnpqrstvwxyz".utf8)
        var id = prefix
        for _ in 0..<2 {
            var random = generator.next()
            for _ in 0..<12 {
                id.unicodeScalars.append(Unicode.Scalar(digits[Int(random & 31)]))
                random >>= 5
            }
        }
        return id
    }

    /// Until the repository closes.
    func run() async {
        let settlements = repository.settlements
        async let errands: Void = carryOut(settlements.errands, width: Effects.errandWidth)
        await carryOut(settlements.pending, width: Effects.width)
        await errands
    }

    private func carryOut(_ work: AsyncStream<Settlements.Pending>, width: Int) async {
        await withTaskGroup(of: Void.self) { group in
            var active = 0
            for await pending in work {
                if active >= width {
                    await group.next()
                    active -= 1
                }
                active += 1
                group.addTask { await carryOut(pending) }
            }
            group.cancelAll()
        }
    }

    private func carryOut(_ pending: Settlements.Pending) async {
        guard await durability.reach(pending.sequence) else { return }
        defer { repository.settlements.openCount.subtract(1, ordering: .relaxed) }
        if case .effect = pending.task { await gate.wait() }
        var pause = Effects.firstPause
        var pending = pending
        while !Task.isCancelled {
            do {
                defer { pending.isInDoubt = true }
                switch try await ask(pending) {
                case .record(let command): return await settle(pending, command)
                case .nothing: return
                case .later: break
                }
            } catch ExecuteFault.refused(.customerNotFound) {
                // Deleted meanwhile: nobody is left whom it concerns.
                return repository.settlements.resume(pending.id, with: nil)
            } catch {
                logger.warning(
                    "a payment effect has no outcome yet and is tried again",
                    metadata: ["effect": "\(pending.id)", "error": "\(error)"])
            }
            try? await Task.sleep(for: pause)
            pause = min(pause * 2, Effects.longestPause)
        }
    }

    private func isPending(_ takeover: Takeover, _ customer: CustomerID) throws -> Bool {
        try repository.read(
            customer, names: repository.directory.current, in: Workspace()
        ) { customer, _ in customer.account.takeover(takeover.source)?.status == .pending }.answer
    }

    /// nil: it is open no more.
    private func effect(_ id: String, of customer: CustomerID) throws -> Effect? {
        try repository.read(
            customer, names: repository.directory.current, in: Workspace()
        ) { customer, _ in customer.account.effects.first { $0.id == id } }.answer
    }

    private enum Answer {
        case record(Command)
        /// There is no outcome yet.
        case later
        case nothing
    }

    private func ask(_ pending: Settlements.Pending) async throws -> Answer {
        switch pending.task {
        case .effect(let id):
            // It may have turned out to be paid.
            guard let effect = try effect(id, of: pending.customer) else { return .nothing }
            return .record(.settle(try await ask(effect, pending)))
        case .refund(let refund):
            switch try await provider.refund(refund, to: try asked(pending).payer) {
            case .succeeded: return .record(.refund(.settle(SettleRefund(id: refund.id))))
            case .failed(let code):
                return .record(.refund(.settle(SettleRefund(id: refund.id, failureCode: code))))
            case .pending: return .later
            }
        case .profile(let turn):
            let payer = try asked(pending).payer
            if !payer.reference.isEmpty { try await provider.update(payer) }
            // What has changed meanwhile may have been told already, and now be undone.
            guard try asked(pending).payer == payer else { return try await ask(pending) }
            return .record(.provider(.profileTold(turn: turn)))
        case .closing(let session):
            // A payment that comes all the same is given back.
            try await provider.closeCheckout(session, of: try asked(pending).payer)
            return .nothing
        case .takeover(let takeover):
            let payer = try asked(pending).payer
            // Of somebody who was deleted, and may be here anew: nothing is to be ended for them.
            guard try isPending(takeover, pending.customer) else { return .nothing }
            // Only such a provider has had it brought in; with another one since, it waits.
            guard let provider = provider as? any TakeoverProvider else { return .later }
            let outcome = try await provider.takeOver(takeover, of: payer)
            return .record(.settleTakeover(SettleTakeover(source: takeover.source, outcome)))
        }
    }

    private func ask(
        _ effect: Effect, _ pending: Settlements.Pending
    ) async throws -> SettleEffect {
        var (payer, method, time) = try asked(pending)
        if effect.kind == .findTaxes {
            let currency = effect.order.total.currency
            let answer = try await provider.taxes(for: payer, paying: currency, id: effect.id)
            return SettleEffect(effectID: effect.id, answer: .taxes(answer, payer.address))
        }
        if !effect.closesPage.isEmpty {
            try await provider.closeCheckout(effect.closesPage, of: payer)
        }
        if payer.reference.isEmpty { payer.reference = try await register(payer) }
        let context = PaymentContext(payer: payer, time: time, isInDoubt: pending.isInDoubt)
        func settled(_ answer: SettleEffect.Answer, _ payment: String? = nil) -> SettleEffect {
            SettleEffect(effectID: effect.id, answer: answer, payment: payment)
        }
        switch effect.kind {
        case .openCheckout:
            switch try await provider.openCheckout(effect, context) {
            case .opened(let url): return settled(.checkoutOpened(url: url))
            case .declined(let code): return settled(.declined(code: code))
            }
        case .collect:
            guard let method else { return settled(.declined(code: "payment_method_missing")) }
            switch try await provider.collect(effect, with: method, context) {
            case .paid(let payment): return settled(.paid, payment)
            case .declined(let code): return settled(.declined(code: code))
            }
        case .findTaxes: preconditionFailure("asked above")
        }
    }

    /// The provider's name for a customer is on record, durably, before anything is asked with it:
    /// what is asked again, after whatever happens, is then asked with the same one.
    private func register(_ payer: Payer) async throws -> String {
        guard let reference = try await provider.register(payer) else { return "" }
        while true {
            let execution = try repository.execute(
                .provider(.registered(reference: reference)), for: payer.id, request: nil,
                names: repository.directory.current, in: Workspace())
            guard case .done(let outcome) = execution else { continue }
            guard await durability.reach(outcome.point.sequence) else { throw CancellationError() }
            return reference
        }
    }

    /// Of whom it is, what is charged, and the customer's time.
    private func asked(
        _ pending: Settlements.Pending
    ) throws -> (payer: Payer, method: PaymentMethod?, time: Timestamp) {
        let time = repository.environmentTime
        return try repository.read(
            pending.customer, names: repository.directory.current, in: Workspace()
        ) { customer, _ in
            var payer = Payer(id: customer.id, home: home)
            payer.reference = customer.account.payer
            payer.name = customer.account.name
            payer.email = customer.account.email
            payer.address = customer.account.address
            payer.created = customer.account.created
            return (payer, customer.account.method, customer.buckets.clock.time(at: time))
        }.answer
    }

    /// The log may be full for a while; an answer is never dropped for that.
    private func settle(_ pending: Settlements.Pending, _ command: Command) async {
        let workspace = Workspace()
        while !Task.isCancelled {
            do {
                let execution = try repository.execute(
                    command, for: pending.customer, request: nil,
                    names: repository.directory.current, in: workspace)
                if case .done = execution { return }
            } catch .refused(.customerNotFound) {
                // Deleted while it was asked: there is nobody to record it of.
                return repository.settlements.resume(pending.id, with: nil)
            } catch {
                logger.error(
                    "a payment's outcome could not be recorded and is tried again",
                    metadata: ["effect": "\(pending.id)", "error": "\(error)"])
                try? await Task.sleep(for: Effects.firstPause)
            }
        }
    }
}
