package import Billing
internal import Wire

/// The bodies of what Stripe is asked for. Each follows from an effect, which is on record, and
/// from the customer's name at Stripe, which was on record before: so it is made anew, and needn't
/// be stored, and is the same bytes each time.
package enum StripeBodies {
    /// Of one invoice, and of one page.
    private static let lineLimit = 250
    private static let itemLimit = 100
    private static let nameLimit = 250

    /// What finds an object again, and tells whose it is.
    static func metadata(_ payer: Payer, _ more: StripeForm = [:]) -> StripeForm {
        var form: StripeForm = [
            "tally_home": .text(payer.home), "tally_customer": .text(payer.id.text),
        ]
        form.append(contentsOf: more)
        return form
    }

    package static func customer(_ payer: Payer) -> StripeForm {
        var form = StripeForm()
        if !payer.name.isEmpty { form.append("name", short(payer.name)) }
        if !payer.email.isEmpty { form.append("email", payer.email) }
        if let address = payer.address, !address.isEmpty {
            form.append("address", self.address(address))
        }
        form.append(
            "metadata",
            metadata(payer, ["tally_created": .text("\(payer.created.milliseconds)")]))
        return form
    }

    /// As it is now; what is empty is known no more.
    package static func profile(_ payer: Payer) -> StripeForm {
        var form: StripeForm = [
            "name": .text(short(payer.name)), "email": .text(payer.email),
        ]
        // One that nobody has said here may be known there.
        guard let address = payer.address else { return form }
        form.append("address", address.isEmpty ? .text("") : .form(self.address(address)))
        return form
    }

    /// What is empty is said, too: there it would stay otherwise.
    static func address(_ address: PostalAddress) -> StripeForm {
        [
            "line1": .text(address.line1), "line2": .text(address.line2),
            "city": .text(address.city), "state": .text(address.state),
            "postal_code": .text(address.postalCode), "country": .text(address.country),
        ]
    }

    /// What a customer there is called, and where it lives, is what is known here.
    static func says(_ customer: JSONValue, _ payer: Payer) -> Bool {
        guard (customer.text("name") ?? "") == short(payer.name),
            (customer.text("email") ?? "") == payer.email
        else { return false }
        guard let address = payer.address else { return true }
        let place = customer["address"]
        return (place?.text("line1") ?? "") == address.line1
            && (place?.text("line2") ?? "") == address.line2
            && (place?.text("city") ?? "") == address.city
            && (place?.text("state") ?? "") == address.state
            && (place?.text("postal_code") ?? "") == address.postalCode
            && (place?.text("country") ?? "") == address.country
    }

    /// As Stripe searches for the above.
    static func search(for payer: Payer) -> String {
        let terms = [
            ("tally_home", payer.home), ("tally_customer", payer.id.text),
            ("tally_created", "\(payer.created.milliseconds)"),
        ]
        return terms.map { "metadata['\($0.0)']:'\(quoted($0.1))'" }.joined(separator: " AND ")
    }

    private static func quoted(_ text: String) -> String {
        String(text.flatMap { $0 == "'" || $0 == "\\" ? ["\\", $0] : [$0] })
    }

    // MARK: A page

    package static func session(
        _ effect: Effect, _ payer: Payer, successURL: String, methods: [String] = ["card"]
    ) -> StripeForm {
        let isPaid = effect.order.due.minorUnits > 0
        let marks = metadata(payer, ["tally_effect": .text(effect.id)])
        var form: StripeForm = [
            "mode": isPaid ? "payment" : "setup", "customer": .text(payer.reference),
            "client_reference_id": .text(effect.id),
            "allowed_payment_method_types": .list(methods.map { .text($0) }),
            "success_url": .text(successURL),
            "metadata": .form(marks),
        ]
        guard isPaid else {
            form.append("setup_intent_data", ["metadata": .form(marks)])
            return form
        }
        form.append("line_items", .list(items(effect.order).map { .form($0) }))
        form.append(
            "payment_intent_data",
            ["setup_future_usage": "off_session", "metadata": .form(marks)])
        return form
    }

    /// A page can't show what is given back, nor credit: what has any of it is one item there.
    private static func items(_ order: Order) -> [StripeForm] {
        let due = StripeAmount.amount(of: order.due)
        let lines =
            (order.shown.map { (name($0), StripeAmount.amount(of: $0.discounted)) }
            + addedTaxes(of: order.shown)).filter { $0.1 != 0 }
        let isPlain =
            lines.allSatisfy { $0.1 > 0 } && lines.reduce(0) { $0 + $1.1 } == due
            && 1...itemLimit ~= lines.count
        let names = lines.filter { $0.1 > 0 }.map(\.0).joined(separator: ", ")
        let sold = isPlain ? lines : [(short(names.isEmpty ? "Your purchase" : names), due)]
        return sold.map { name, amount in
            [
                "price_data": .form([
                    "currency": .text(order.total.currency.code),
                    "unit_amount": .text(String(amount)),
                    "product_data": .form(["name": .text(name)]),
                ]), "quantity": "1",
            ]
        }
    }

    // MARK: An invoice

    /// Stripe neither sends nor collects it before it is told to, and takes nothing else into it.
    package static func invoice(_ effect: Effect, _ payer: Payer) -> StripeForm {
        [
            "customer": .text(payer.reference),
            "currency": .text(effect.order.total.currency.code), "auto_advance": "false",
            "collection_method": "charge_automatically",
            "pending_invoice_items_behavior": "exclude",
            "metadata": .form(metadata(payer, ["tally_effect": .text(effect.id)])),
        ]
    }

    /// Whose sum is what is due, as Stripe rounds it.
    package static func lines(_ order: Order) -> StripeForm {
        let due = StripeAmount.amount(of: order.due)
        var lines: [StripeForm] = []
        var sum: Int64 = 0
        func add(
            _ name: String, _ amount: Int64, _ period: Range<Timestamp>? = nil,
            taxes: StripeForm.Value? = nil
        ) {
            guard amount != 0 else { return }
            sum += amount
            var line: StripeForm = ["description": .text(name), "amount": .text(String(amount))]
            if let period {
                line.append(
                    "period",
                    [
                        "start": .text("\(period.lowerBound.milliseconds / 1000)"),
                        "end": .text("\(period.upperBound.milliseconds / 1000)"),
                    ])
            }
            if let taxes { line.append("tax_amounts", taxes) }
            lines.append(line)
        }
        if order.shown.count <= lineLimit - 2 {
            for line in order.shown {
                add(
                    name(line), StripeAmount.amount(of: line.discounted), line.period,
                    taxes: taxes(of: line))
                sum += line.tax.map { added($0, line.total.currency) } ?? 0
            }
            let credit = Money(minorUnits: -order.credit, currency: order.total.currency)
            add(
                order.credit > 0 ? "Paid by credit" : "Owed from before",
                StripeAmount.amount(of: credit))
            add("Rounding", due - sum)
        } else {
            add("\(order.shown.count) items", due)
        }
        return ["lines": .list(lines.map { .form($0) })]
    }

    private static func name(_ line: InvoiceLine) -> String {
        line.description.isEmpty ? "Item" : short(line.description)
    }

    private static func short(_ text: String) -> String { String(text.prefix(nameLimit)) }

    // MARK: A refund

    package static func refund(_ refund: Refund, _ payer: Payer) -> StripeForm {
        [
            "payment_intent": .text(refund.payment),
            "amount": .text(String(StripeAmount.amount(of: refund.amount))),
            "metadata": .form(metadata(payer, ["tally_refund": .text(refund.id)])),
        ]
    }
}
