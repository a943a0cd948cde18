internal import Wire

/// A customer as people read it.
struct CustomerReport {
    private let customer: JSONValue

    init(_ customer: JSONValue) {
        self.customer = customer
    }

    var lines: [String] {
        let report = BalanceReport(of: customer)
        return [
            head, subscriptions, packs, discounts, report.balances, report.flags,
            TopUpReport.lines(of: customer), invoices, refunds, disputes,
        ]
        .filter { !$0.isEmpty }.joined(separator: [""]).map { $0 }
    }

    private var head: [String] {
        var lines = ["customer  \(customer.text("customer_id"))"]
        for key in ["name", "email"] where !customer.text(key).isEmpty {
            lines.append("\(key.padded(8))  \(customer.text(key))")
        }
        lines.append("since     \(HumanText.time(customer.text("create_time")))")
        if let card = customer["payment_method"] {
            let expiry = [card.text("expiry_month"), String(card.text("expiry_year").suffix(2))]
            let until =
                card.number("expiry_month") == 0 ? "" : ", expires \(expiry.joined(separator: "/"))"
            lines.append(
                "card      \(card.text("brand")) ending in \(card.text("last4"))" + until)
        } else {
            lines.append("card      none on file")
        }
        if let credit = customer["credit_balance"], credit.number("minor_units") != 0 {
            lines.append("credit    \(HumanText.money(credit))")
        }
        if let notes = customer["metadata"], case .object(let metadata) = notes {
            for key in metadata.members.map(\.key) {
                lines.append("note      \(key)=\(notes.text(key))")
            }
        }
        return lines
    }

    private var subscriptions: [String] {
        var table = TextTable("plan", "status", "since", "paid until", "ends")
        for subscription in customer.list("subscriptions") {
            let paid = subscription.text("period_end_time")
            let isTrial = !paid.isEmpty && subscription.text("trial_end_time") == paid
            table.add(
                CustomerReport.name(subscription), subscription.text("status"),
                HumanText.time(subscription.text("start_time")),
                HumanText.time(paid) + (isTrial ? " (trial)" : ""),
                HumanText.time(subscription.text("end_time")))
        }
        return table.lines
    }

    /// "pro", "extra (add-on, ann-1)".
    private static func name(_ subscription: JSONValue) -> String {
        let notes = [subscription.flag("add_on") ? "add-on" : "", subscription.text("entity_id")]
            .filter { !$0.isEmpty }
        let plan = subscription.text("plan_id")
        return notes.isEmpty ? plan : "\(plan) (\(notes.joined(separator: ", ")))"
    }

    /// What was bought in packs, of plans that aren't over.
    private var packs: [String] {
        var table = TextTable("packs", "of", "units", "next period")
        for subscription in customer.list("subscriptions")
        where subscription.text("status") != "ended" {
            for bought in subscription.list("quantities") {
                let next = bought["next_quantity"].map { _ in bought.text("next_quantity") }
                table.add(
                    bought.text("feature_id"), CustomerReport.name(subscription),
                    HumanText.quantity(bought.text("quantity")),
                    next.map { HumanText.quantity($0) } ?? "the same")
            }
        }
        return table.lines
    }

    private var refunds: [String] {
        var table = TextTable("refund of", "amount", "status", "why", "since")
        for refund in customer.list("refunds") {
            let code = refund.text("failure_code")
            table.add(
                refund.text("invoice_id"), HumanText.money(refund["amount"]),
                refund.text("status") + (code.isEmpty ? "" : " (\(code))"),
                refund.text("reason").replacing("_", with: " "),
                HumanText.time(refund.text("create_time")))
        }
        return table.lines
    }

    private var disputes: [String] {
        var table = TextTable("dispute", "of", "amount", "status", "since")
        for dispute in customer.list("disputes") {
            table.add(
                dispute.text("dispute_id"), dispute.text("invoice_id"),
                HumanText.money(dispute["amount"]), dispute.text("status"),
                HumanText.time(dispute.text("create_time")))
        }
        return table.lines
    }

    /// Of the customer, and of plans that aren't over.
    private var discounts: [String] {
        var table = TextTable("coupon", "of", "off", "until")
        for held in customer.list("discounts") { CustomerReport.add(held, "customer", &table) }
        for subscription in customer.list("subscriptions") {
            for held in subscription.list("discounts") {
                CustomerReport.add(held, CustomerReport.name(subscription), &table)
            }
        }
        return table.lines
    }

    private static func add(_ held: JSONValue, _ owner: String, _ table: inout TextTable) {
        let off =
            held["percentage"].map { _ in "\(held.text("percentage")) %" }
            ?? held["amount"].map { HumanText.money($0) }
            ?? "\(HumanText.money(held["credits_remaining"])) left"
        let end = held.flag("once") ? "one invoice" : HumanText.time(held.text("end_time"))
        table.add(held.text("coupon_id"), owner, off, end)
    }

    private var invoices: [String] {
        var table = TextTable("invoice", "status", "total", "credit paid", "due", "for")
        for invoice in customer.list("invoices") {
            let lines = invoice.list("lines").map { $0.text("description") }
            let isCredit = (invoice["total"] ?? .null).number("minor_units") < 0
            table.add(
                invoice.text("invoice_id"), invoice.text("status"),
                HumanText.money(invoice["total"]),
                HumanText.money(isCredit ? nil : invoice["credit_applied"]),
                invoice.text("status") == "open" ? HumanText.time(invoice.text("due_time")) : "",
                lines.joined(separator: "; "))
        }
        return table.lines
    }
}
