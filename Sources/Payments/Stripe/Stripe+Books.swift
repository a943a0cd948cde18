package import Billing
internal import Wire

/// What Stripe has of ours, list by list: the same objects that webhooks tell of.
extension Stripe {
    package func books(since: Timestamp, home: String) async throws -> ProviderBooks? {
        let created: StripeForm = [
            "created": .form(["gte": .text(String(since.milliseconds / 1000))])
        ]
        var books = ProviderBooks()
        var returned: [String: Int64] = [:]
        var payments: [String] = []
        for refund in try await client.list("/v1/refunds", created) {
            guard let payment = refund.reference("payment_intent"), Stripe.isID(payment) else {
                continue
            }
            if !payments.contains(payment) { payments.append(payment) }
            books.refunds.formUnion(Stripe.names(of: refund, home))
            guard refund.text("status") == "succeeded" || refund.text("status") == "pending",
                let amount = StripeAmount.money(
                    refund.number("amount") ?? 0, refund.text("currency") ?? "")
            else { continue }
            returned[payment, default: 0] += amount.minorUnits
        }
        try await addPages(created, home, to: &books)
        try await addInvoices(created, home, to: &books)
        for index in books.sales.indices {
            books.sales[index].refunded = returned[books.sales[index].payment] ?? 0
        }
        for payment in payments {
            books.returns.append((payment, try await refundReports(payment, home)))
        }
        for dispute in try await client.list("/v1/disputes", created) {
            let id = try Stripe.id(dispute)
            books.returns.append((id, try await disputeReports(id, home)))
        }
        return books
    }

    private func addPages(
        _ created: StripeForm, _ home: String, to books: inout ProviderBooks
    ) async throws {
        var query = created
        query.append(
            "expand", ["data.payment_intent.payment_method", "data.setup_intent.payment_method"])
        for page in try await client.list("/v1/checkout/sessions", query) {
            guard let customer = Stripe.customer(of: page, home),
                let effect = page.metadata("tally_effect"),
                let amount = StripeAmount.money(
                    page.number("amount_total") ?? 0, page.text("currency") ?? "usd")
            else { continue }
            let id = try Stripe.id(page)
            guard page.text("status") != "open" else {
                books.open.append(
                    OpenSale(customer: customer, effect: effect, object: id, amount: amount))
                continue
            }
            var sale = PastSale(
                customer: customer, payer: page.reference("customer") ?? "", effect: effect,
                object: id, payment: "", amount: amount)
            sale.reports = try await pageReports(page, home)
            if case .pagePaid(let paid)? = sale.reports.first {
                sale.wasHeard = paid.wasHeard
                if paid.amount.minorUnits > 0 { sale.payment = paid.payment }
            }
            books.sales.append(sale)
        }
    }

    private func addInvoices(
        _ created: StripeForm, _ home: String, to books: inout ProviderBooks
    ) async throws {
        for invoice in try await client.list("/v1/invoices", created) {
            guard let customer = Stripe.customer(of: invoice, home),
                let effect = invoice.metadata("tally_effect"),
                let amount = StripeAmount.money(
                    invoice.number("total") ?? 0, invoice.text("currency") ?? "usd")
            else { continue }
            let id = try Stripe.id(invoice)
            switch invoice.text("status") {
            case "paid":
                guard case .paid(let payment) = try await paid(invoice) else { continue }
                books.sales.append(
                    PastSale(
                        customer: customer, payer: invoice.reference("customer") ?? "",
                        effect: effect, object: id, payment: payment, amount: amount))
            case "open", "draft":
                books.open.append(
                    OpenSale(customer: customer, effect: effect, object: id, amount: amount))
            default: break
            }
        }
    }

    package func received(by payment: String) async throws -> Money? {
        guard payment.hasPrefix("pi_"), Stripe.isID(payment) else { return nil }
        let intent = try await client.find("/v1/payment_intents/\(payment)")
        return intent.flatMap {
            StripeAmount.money($0.number("amount_received") ?? 0, $0.text("currency") ?? "")
        }
    }

    package func knows(_ refund: Refund) async throws -> Bool {
        guard refund.payment.hasPrefix("pi_"), Stripe.isID(refund.payment) else { return true }
        do {
            return try await refunds(of: refund.payment).contains {
                $0.text("id") == refund.id || $0.metadata("tally_refund") == refund.id
            }
        } catch StripeFault.missing {
            return false
        } catch StripeFault.invalid {
            // So it says of a payment that it doesn't know.
            return false
        }
    }

    private static func names(of refund: JSONValue, _ home: String) -> [String] {
        let ours = refund.metadata("tally_home") == home ? refund.metadata("tally_refund") : nil
        return [ours, refund.text("id")].compactMap { $0 }
    }

    package func reports(
        of method: PaymentMethod, payer: Payer
    ) async throws -> [ProviderReport] {
        guard method.token.hasPrefix("pm_"), Stripe.isID(method.token) else { return [] }
        let found = try await client.find("/v1/payment_methods/\(method.token)")
        guard let present = found, present.reference("customer") != nil else {
            return [.news(.provider(.methodRemoved(token: method.token)), payer.id)]
        }
        return PaymentMethod(present).map { [.news(.provider(.methodChanged($0)), payer.id)] } ?? []
    }

    package func close(_ sale: OpenSale) async throws {
        guard Stripe.isID(sale.object) else { return }
        if sale.object.hasPrefix("cs_") {
            _ = try await client.post("/v1/checkout/sessions/\(sale.object)/expire", key: nil)
            return
        }
        let invoice = try await client.get("/v1/invoices/\(sale.object)")
        if invoice.text("status") == "draft" {
            _ = try await client.post(
                "/v1/invoices/\(sale.object)/finalize", ["auto_advance": "false"], key: nil)
        }
        _ = try await client.post("/v1/invoices/\(sale.object)/void", key: nil)
    }
}
