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
        await withTaskGroup(of: Void.self) { group in
            var active = 0
            for await pending in repository.settlements.pending {
                if active >= Effects.width {
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
                let answer = try await ask(pending)
                return await settle(pending, answer)
            } catch {
                logger.warning(
                    "a payment effect has no outcome yet and is tried again",
                    metadata: ["effect": "\(pending.effect.id)", "error": "\(error)"])
            }
            try? await Task.sleep(for: pause)
            pause = min(pause * 2, Effects.longestPause)
        }
    }

    private func ask(_ pending: Settlements.Pending) async throws -> SettleEffect.Answer {
        let effect = pending.effect
        switch effect.kind {
        case .openCheckout:
            return .checkoutOpened(url: try await provider.openCheckout(effect))
        case .collect:
            guard let method = try method(of: pending.customer) else {
                return .declined(code: "payment_method_missing")
            }
            switch try await provider.collect(effect, with: method) {
            case .paid: return .paid
            case .declined(let code): return .declined(code: code)
            }
        }
    }

    private func method(of customer: CustomerID) throws -> PaymentMethod? {
        try repository.read(
            customer, names: repository.directory.current, in: Workspace()
        ) { customer, _ in customer.account.method }.answer
    }

    /// The log may be full for a while; an answer is never dropped for that.
    private func settle(_ pending: Settlements.Pending, _ answer: SettleEffect.Answer) async {
        let command = Command.settle(
            SettleEffect(effectID: pending.effect.id, answer: answer))
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
                repository.settlements.resume(pending.effect.id, with: settled)
                return
            } catch {
                logger.error(
                    "a payment's outcome could not be recorded and is tried again",
                    metadata: ["effect": "\(pending.effect.id)", "error": "\(error)"])
                try? await Task.sleep(for: Effects.firstPause)
            }
        }
    }
}
