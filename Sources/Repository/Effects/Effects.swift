internal import Billing
internal import Logging
internal import Payments
internal import Wire

/// Carries effects out: starts each once its record is durable, and returns the provider's answer
/// as an ordinary command. An effect whose outcome is unknown is looked up and tried again until
/// there is one; its id is the provider's idempotency key, so that nothing is charged twice.
struct Effects: Sendable {
    let repository: CustomerRepository
    let provider: any PaymentProvider
    let durability: Durability
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
        var pause = Effects.firstPause
        while !Task.isCancelled {
            do {
                switch try await ask(pending) {
                case .record(let command): return await settle(pending, command)
                case .nothing: return
                case .later: break
                }
            } catch {
                logger.warning(
                    "a payment effect has no outcome yet and is tried again",
                    metadata: ["effect": "\(pending.id)", "error": "\(error)"])
            }
            try? await Task.sleep(for: pause)
            pause = min(pause * 2, Effects.longestPause)
        }
    }

    private enum Answer {
        case record(Command)
        /// There is no outcome yet.
        case later
        case nothing
    }

    private func ask(_ pending: Settlements.Pending) async throws -> Answer {
        switch pending.task {
        case .effect(let effect): return .record(.settle(try await ask(effect, pending.customer)))
        case .refund(let refund):
            switch try await provider.refund(refund) {
            case .succeeded: return .record(.refund(.settle(SettleRefund(id: refund.id))))
            case .failed(let code):
                return .record(.refund(.settle(SettleRefund(id: refund.id, failureCode: code))))
            case .pending: return .later
            }
        case .closing(let session):
            // A payment that comes all the same is given back.
            try await provider.closeCheckout(session)
            return .nothing
        }
    }

    private func ask(_ effect: Effect, _ customer: CustomerID) async throws -> SettleEffect {
        if !effect.closesPage.isEmpty { try await provider.closeCheckout(effect.closesPage) }
        switch effect.kind {
        case .openCheckout:
            let url = try await provider.openCheckout(effect, for: customer)
            return SettleEffect(effectID: effect.id, answer: .checkoutOpened(url: url))
        case .collect:
            guard let (method, time) = try method(of: customer) else {
                return SettleEffect(
                    effectID: effect.id, answer: .declined(code: "payment_method_missing"))
            }
            switch try await provider.collect(effect, with: method, for: customer, at: time) {
            case .paid(let payment):
                return SettleEffect(effectID: effect.id, answer: .paid, payment: payment)
            case .declined(let code):
                return SettleEffect(effectID: effect.id, answer: .declined(code: code))
            }
        }
    }

    /// What is charged, and the customer's time.
    private func method(of customer: CustomerID) throws -> (PaymentMethod, Timestamp)? {
        let time = repository.environmentTime
        return try repository.read(
            customer, names: repository.directory.current, in: Workspace()
        ) { customer, _ in
            customer.account.method.map { ($0, customer.buckets.clock.time(at: time)) }
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
                guard case .done(let outcome) = execution else { continue }
                // The bytes are the workspace's.
                let message = withExtendedLifetime(workspace) { Array(outcome.message) }
                let settled = Settlements.Settled(message: message, point: outcome.point)
                repository.settlements.resume(pending.id, with: settled)
                return
            } catch {
                logger.error(
                    "a payment's outcome could not be recorded and is tried again",
                    metadata: ["effect": "\(pending.id)", "error": "\(error)"])
                try? await Task.sleep(for: Effects.firstPause)
            }
        }
    }
}
