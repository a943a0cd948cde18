internal import Wire

/// A customer as people read it.
struct CustomerReport {
    private let customer: JSONValue

    init(_ customer: JSONValue) {
        self.customer = customer
    }

    var lines: [String] {
        let report = BalanceReport(of: customer)
        return [head, subscriptions, report.balances, report.flags, invoices]
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
            let until = expiry[0].isEmpty ? "" : ", expires \(expiry.joined(separator: "/"))"
            lines.append(
                "card      \(card.text("brand")) ending in \(card.text("last4"))" + until)
        } else {
            lines.append("card      none on file")
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
            let kind = subscription.flag("add_on") ? " (add-on)" : ""
            table.add(
                subscription.text("plan_id") + kind, subscription.text("status"),
                HumanText.time(subscription.text("start_time")),
                HumanText.time(subscription.text("period_end_time")),
                HumanText.time(subscription.text("end_time")))
        }
        return table.lines
    }

    private var invoices: [String] {
        var table = TextTable("invoice", "status", "total", "for")
        for invoice in customer.list("invoices") {
            let lines = invoice.list("lines").map { $0.text("description") }
            table.add(
                invoice.text("invoice_id"), invoice.text("status"),
                HumanText.money(invoice["total"]), lines.joined(separator: "; "))
        }
        return table.lines
    }
}
