package import Billing
internal import Wire

/// A charge is an invoice at Stripe: made, given our lines, finalized, and paid with the method on
/// file while nobody looks on. One that isn't paid is void before it counts as declined, so that
/// nobody can pay it later: what is owed is charged by another effect, with another invoice.
extension Stripe {
    package func collect(
        _ effect: Effect, with method: PaymentMethod, _ context: PaymentContext
    ) async throws -> CollectOutcome {
        let payer = context.payer
        guard !payer.reference.isEmpty, method.token.hasPrefix("pm_") else {
            return .declined(code: "payment_method_missing")
        }
        do {
            var invoice = try await make(
                "/v1/invoices", StripeBodies.invoice(effect, payer), key: "\(effect.id)_invoice",
                isInDoubt: context.isInDoubt
            ) { try await self.invoice(of: effect, payer) }
            if invoice.text("status") == "draft" {
                invoice = try await finalize(invoice, effect, context)
            }
            return try await settle(invoice, effect, method)
        } catch let fault as StripeFault {
            guard let code = fault.declineCode else { throw fault }
            return .declined(code: code)
        }
    }

    private func invoice(of effect: Effect, _ payer: Payer) async throws -> JSONValue? {
        try await client.list("/v1/invoices", ["customer": .text(payer.reference)])
            .first { $0.metadata("tally_effect") == effect.id }
    }

    /// All lines are added by one request, so there are all of them or none.
    private func finalize(
        _ invoice: JSONValue, _ effect: Effect, _ context: PaymentContext
    ) async throws -> JSONValue {
        let path = "/v1/invoices/\(try Stripe.id(invoice))"
        let hasLines = invoice["lines"]?.data.isEmpty == false
        if !hasLines {
            _ = try await make(
                "\(path)/add_lines", StripeBodies.lines(effect.order), key: "\(effect.id)_lines",
                isInDoubt: context.isInDoubt
            ) {
                let present = try await self.client.get(path)
                return present["lines"]?.data.isEmpty == false ? present : nil
            }
        }
        return try await make(
            "\(path)/finalize", ["auto_advance": "false"], key: "\(effect.id)_finalize",
            isInDoubt: false
        ) {
            let present = try await self.client.get(path)
            return present.text("status") == "draft" ? nil : present
        }
    }

    private func settle(
        _ invoice: JSONValue, _ effect: Effect, _ method: PaymentMethod
    ) async throws -> CollectOutcome {
        let path = "/v1/invoices/\(try Stripe.id(invoice))"
        // Stripe would take less where it holds a balance of the customer's: that is Tally's to
        // hold.
        guard invoice.number("total") == StripeAmount.amount(of: effect.order.due),
            invoice.number("amount_due") == invoice.number("total")
                || invoice.text("status") != "open"
        else { return try await end(path, effect, code: "amount_mismatch") }
        switch invoice.text("status") {
        case "paid": return try await paid(invoice)
        case "open": break
        default: return .declined(code: try await lastDecline(of: invoice))
        }
        // Some methods take days. Until then it is neither paid nor declined, and asking again
        // would be asking for another payment; so would it be once it was declined.
        switch try await progress(of: invoice) {
        case .none: break
        case .processing: throw StripeFault.busy
        case .declined(let code): return try await end(path, effect, code: code)
        }
        do {
            let answer = try await make(
                "\(path)/pay", ["payment_method": .text(method.token), "off_session": "true"],
                key: "\(effect.id)_pay", isInDoubt: false
            ) {
                let present = try await self.client.get(path)
                return present.text("status") == "open" ? nil : present
            }
            // Neither paid nor declined yet: it is looked at again.
            guard answer.text("status") == "paid" else { throw StripeFault.busy }
            return try await paid(answer)
        } catch let fault as StripeFault {
            guard let code = fault.declineCode else { throw fault }
            return try await end(path, effect, code: code)
        }
    }

    /// How far an invoice that is open was paid.
    private enum Progress {
        case none
        case processing
        case declined(code: String)
    }

    private func progress(of invoice: JSONValue) async throws -> Progress {
        for payment in try await payments(of: invoice) {
            guard let id = payment["payment"]?.reference("payment_intent"), Stripe.isID(id)
            else { continue }
            let intent = try await client.get("/v1/payment_intents/\(id)")
            if intent.text("status") == "processing" { return .processing }
            let error = intent["last_payment_error"]
            if intent.text("status") == "requires_payment_method",
                let code = error?.text("decline_code") ?? error?.text("code")
            {
                return .declined(code: code)
            }
        }
        return .none
    }

    /// Nobody can pay it any more, unless somebody has.
    private func end(
        _ path: String, _ effect: Effect, code: String
    ) async throws -> CollectOutcome {
        do {
            _ = try await client.post("\(path)/void", key: "\(effect.id)_void")
        } catch {
            let present = try await client.get(path)
            switch present.text("status") {
            case "paid": return try await paid(present)
            case "void", "uncollectible": break
            default: throw error
            }
        }
        return .declined(code: code)
    }

    func paid(_ invoice: JSONValue) async throws -> CollectOutcome {
        let payments = try await payments(of: invoice)
        let paid = payments.first { $0.text("status") == "paid" }
        guard let intent = paid?["payment"]?.reference("payment_intent") else {
            // By something that is no card: there is nothing that a refund could be of.
            return .paid(payment: try Stripe.id(invoice))
        }
        return .paid(payment: intent)
    }

    private func payments(of invoice: JSONValue) async throws -> [JSONValue] {
        let id = try Stripe.id(invoice)
        return try await client.list("/v1/invoice_payments", ["invoice": .text(id)])
    }

    /// Why the last attempt failed, after the answer that said so was lost.
    private func lastDecline(of invoice: JSONValue) async throws -> String {
        let intents = try await payments(of: invoice).compactMap {
            $0["payment"]?.reference("payment_intent")
        }
        guard let intent = intents.first, Stripe.isID(intent) else { return "card_declined" }
        let error = try await client.get("/v1/payment_intents/\(intent)")["last_payment_error"]
        return error?.text("decline_code") ?? error?.text("code") ?? "card_declined"
    }

    static func isID(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { $0 == UInt8(ascii: "_") || isAlphanumeric($0) }
    }
}
