package import Billing
internal import Synchronization
internal import Wire

/// Stripe collects: its Checkout has the payment pages, its invoices carry our lines and are paid
/// at our word with the method on file, its refunds send money back. No subscription of Stripe's is
/// made, and Stripe never charges of its own.
///
/// What is kept here and there. Our state keeps Stripe's name for a customer, and for a payment.
/// Every object at Stripe carries, as metadata, the data folder (`tally_home`), the customer
/// (`tally_customer`), and the effect or refund that it was made for (`tally_effect`,
/// `tally_refund`). Pages and invoices of an effect are found by that, so their names at Stripe
/// needn't be kept; and what isn't ours is told apart by it.
///
/// An idempotency key is good for a day, and what Stripe has failed at once it fails at again
/// under the same key. So whatever may have been asked for before is looked up first
/// (`make`), by lists, which are never behind, not by search, which may be.
package final class Stripe: PaymentProvider {
    let client: StripeClient
    private let address: @Sendable () -> String
    private let choices: Choices
    let watch: Mutex<StripeWatch>

    /// What an operator may choose.
    package struct Choices: Sendable {
        /// How a page can be paid, by Stripe's names; some take days.
        package var methods = ["card"]
        /// Who is deleted here is deleted there, too.
        package var deletesCustomers = false

        package init() {}
    }

    /// - Parameters:
    ///   - address: where the server's pages are: customers come back to them from Stripe's.
    ///   - lookBackDays: how far back a start reads what was reported. Stripe keeps 30 days.
    package init(
        _ client: StripeClient, address: @escaping @Sendable () -> String, lookBackDays: Int = 3,
        choices: Choices = Choices()
    ) {
        self.client = client
        self.address = address
        self.choices = choices
        watch = Mutex(StripeWatch(lookBackDays: lookBackDays))
    }

    package var isLive: Bool { client.isLive }

    // MARK: Customers

    package func register(_ payer: Payer) async throws -> String? {
        let key = "tally_\(payer.home)_\(payer.created.milliseconds)_\(payer.id.text)"
        var turn = 1
        while true {
            let made = try await make(
                "/v1/customers", StripeBodies.customer(payer),
                key: turn == 1 ? key : "\(key)_again_\(turn)", isInDoubt: true
            ) { [client] in
                let query = StripeBodies.search(for: payer)
                return try await client.get("/v1/customers/search", ["query": .text(query)])
                    .data.first { $0.flag("deleted") != true }
            }
            let id = try Stripe.id(made)
            // One that was made under this key, and deleted since, comes back for a day.
            let present = try await client.get("/v1/customers/\(id)")
            guard present.flag("deleted") == true, turn < 5 else {
                // One that was made and not heard of, before the name was another one.
                if !StripeBodies.says(present, payer) {
                    _ = try await client.post(
                        "/v1/customers/\(id)", StripeBodies.profile(payer), key: nil)
                }
                return id
            }
            turn += 1
        }
    }

    package func update(_ payer: Payer) async throws {
        guard Stripe.isID(payer.reference) else { return }
        // One that was deleted there has no name any more.
        let found = try await client.find("/v1/customers/\(payer.reference)")
        guard let found, found.flag("deleted") == nil else { return }
        _ = try await client.post(
            "/v1/customers/\(payer.reference)", StripeBodies.profile(payer), key: nil)
    }

    package func forget(_ payer: Payer) async throws {
        guard choices.deletesCustomers, Stripe.isID(payer.reference) else { return }
        let found = try await client.find("/v1/customers/\(payer.reference)")
        guard let found, found.flag("deleted") == nil else { return }
        _ = try await client.delete("/v1/customers/\(payer.reference)")
    }

    // MARK: Pages

    package func openCheckout(
        _ effect: Effect, _ context: PaymentContext
    ) async throws -> PageOutcome {
        let order = effect.order
        let url = order.successURL.isEmpty ? "\(address())/checkout/\(effect.id)" : order.successURL
        // A page that Stripe has closed meanwhile, after a day, is no answer: another one opens.
        var closed = 0
        if context.isInDoubt {
            let pages = try await pages(effect.id, of: context.payer)
            if let open = pages.first(where: { $0.text("status") == "open" }),
                let url = open.text("url")
            {
                return .opened(url: url)
            }
            closed = pages.count
        }
        do {
            let made = try await make(
                "/v1/checkout/sessions",
                StripeBodies.session(
                    effect, context.payer, successURL: url, methods: choices.methods),
                key: closed == 0 ? effect.id : "\(effect.id)_page_\(closed + 1)", isInDoubt: false
            ) {
                try await self.pages(effect.id, of: context.payer)
                    .first { $0.text("status") == "open" }
            }
            guard let url = made.text("url") else { throw StripeFault.unreachable("no address") }
            return .opened(url: url)
        } catch let fault as StripeFault {
            guard let code = fault.declineCode else { throw fault }
            return .declined(code: code)
        }
    }

    package func closeCheckout(_ session: String, of payer: Payer) async throws {
        // Nobody has opened a page for somebody whom Stripe doesn't know.
        guard !payer.reference.isEmpty else { return }
        for page in try await pages(session, of: payer) where page.text("status") == "open" {
            do {
                let id = try Stripe.id(page)
                _ = try await client.post("/v1/checkout/sessions/\(id)/expire", key: nil)
            } catch StripeFault.invalid {
                // Paid or closed since: it is reported.
            }
        }
    }

    /// Those that were opened for an effect, the latest first.
    private func pages(_ effect: String, of payer: Payer) async throws -> [JSONValue] {
        try await client.list("/v1/checkout/sessions", ["customer": .text(payer.reference)])
            .filter { $0.metadata("tally_effect") == effect }
    }

    // MARK: Refunds

    package func refund(_ refund: Refund, to payer: Payer) async throws -> RefundOutcome {
        // Money that came another way goes back another way.
        guard refund.payment.hasPrefix("pi_") else { return .failed(code: "resource_missing") }
        do {
            // Asked again, a key would only repeat that it is pending.
            let made = try await make(
                "/v1/refunds", StripeBodies.refund(refund, payer), key: refund.id, isInDoubt: true
            ) {
                try await self.refunds(of: refund.payment)
                    .first { $0.metadata("tally_refund") == refund.id }
            }
            switch made.text("status") {
            case "succeeded": return .succeeded
            case "failed", "canceled":
                return .failed(code: made.text("failure_reason") ?? "refund_failed")
            default: return .pending
            }
        } catch let fault as StripeFault {
            guard let code = fault.declineCode else { throw fault }
            return .failed(code: code)
        }
    }

    func refunds(of payment: String) async throws -> [JSONValue] {
        try await client.list("/v1/refunds", ["payment_intent": .text(payment)])
    }

    /// Stripe tells of a payment again and again, for a month. Here it is remembered for a while
    /// only, and there for good, that it was on record: what nobody remembers here is then not
    /// taken for a payment that nobody has asked for.
    package func acknowledge(_ payment: PagePayment) async throws {
        guard payment.payment.hasPrefix("pi_"), !payment.wasHeard else { return }
        _ = try await client.post(
            "/v1/payment_intents/\(payment.payment)",
            ["metadata": .form(["tally_heard": "true"])], key: nil)
    }

    // MARK: Once

    /// Makes an object once, whatever became of earlier requests for it.
    ///
    /// Under a key that Stripe has failed at before it fails for a day; under one that a version of
    /// this program with other bytes has used it refuses. Neither has made anything where the
    /// object isn't there: then another key is tried.
    func make(
        _ path: String, _ form: StripeForm, key: String, isInDoubt: Bool,
        found: () async throws -> JSONValue?
    ) async throws -> JSONValue {
        if isInDoubt, let found = try await found() { return found }
        var turn = 1
        while true {
            do {
                let key = turn == 1 ? key : "\(key)_\(turn)"
                return try await client.post(path, form, key: key)
            } catch {
                switch error {
                case .keyReused, .failed(_, isReplayed: true):
                    guard turn < 5 else { throw error }
                    if let found = try await found() { return found }
                    turn += 1
                case .declined, .authenticationRequired, .invalid, .missing, .unauthorized, .busy,
                    .rateLimited, .failed, .unreachable:
                    throw error
                }
            }
        }
    }

    static func id(_ object: JSONValue) throws -> String {
        guard let id = object.text("id"), isID(id)
        else { throw StripeFault.unreachable("the answer has no id") }
        return id
    }

    static func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: false
        }
    }
}
