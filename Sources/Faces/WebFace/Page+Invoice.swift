internal import Billing
internal import Repository

/// An invoice, to be read and printed.
extension Page {
    /// - Parameter isAlone: it is its own page, whose address leads nowhere else.
    static func invoice(
        _ invoice: Invoice, of visit: PortalVisit, _ path: String, isAlone: Bool = false
    ) -> String {
        let way = isAlone ? "" : "<a href=\"\(escaped(path))\">&larr; Your billing</a>"
        let place = isAlone ? "\(path)/pay" : "\(path)/invoices/\(invoice.number)/pay"
        return document(
            "Invoice \(invoice.number)",
            """
            <nav>\(way)\(pay(invoice, at: place))</nav>
            <section class="card">
            <div class="ends"><h1>Invoice \(invoice.number)</h1>\
            \(badge(invoice, at: visit.now))</div>
            <dl>
            <div><dt>Date</dt><dd>\(invoice.time.dayText)</dd></div>
            \(due(invoice))
            <div><dt>Billed to</dt><dd>\(addressee(visit))</dd></div>
            <div><dt>Customer number</dt><dd>\(escaped(visit.link.customer.text))</dd></div>
            </dl>
            <table>
            <thead><tr><th scope="col">What for</th><th scope="col">Amount</th></tr></thead>
            <tbody>
            \(invoice.lines.map { line($0) }.joined(separator: "\n"))
            </tbody>
            <tfoot>
            \(sums(invoice).map { row($0.label, $0.money, $0.kind) }.joined(separator: "\n"))
            </tfoot>
            </table>
            \(paid(invoice, at: visit.now))
            </section>
            <p class="fine noprint">To print it or keep it as a PDF, use your browser's Print.</p>
            """, kind: "invoice")
    }

    private static func due(_ invoice: Invoice) -> String {
        invoice.status == .open && invoice.dueTime != .never
            ? "<div><dt>Due</dt><dd>\(invoice.dueTime.dayText)</dd></div>" : ""
    }

    private static func pay(_ invoice: Invoice, at place: String) -> String {
        guard invoice.status == .open else { return "" }
        return "<a class=\"button small\" href=\"\(escaped(place))\">"
            + "Pay \(invoice.due.text)</a>"
    }

    private static func addressee(_ visit: PortalVisit) -> String {
        let account = visit.customer.account
        let lines = [account.name, account.email].filter { !$0.isEmpty }.map { escaped($0) }
        return lines.isEmpty ? "-" : lines.joined(separator: "<br>")
    }

    private static func line(_ line: InvoiceLine) -> String {
        let period = line.period.map { period in
            "<br><span class=\"soft\">\(period.lowerBound.dayText) to "
                + "\(period.upperBound.dayText)</span>"
        }
        let off = line.discounts.reduce(0) { $0 + $1.minorUnits }
        let discount =
            off == 0
            ? ""
            : row(
                "Discount", Money(minorUnits: -off, currency: line.subtotal.currency), "soft")
        return "<tr><td>\(escaped(line.description))\(period ?? "")</td>"
            + "<td>\(line.subtotal.text)</td></tr>\(discount)"
    }

    private static func row(_ label: String, _ money: Money, _ kind: String) -> String {
        "<tr class=\"\(kind)\"><td>\(label)</td><td>\(money.text)</td></tr>"
    }

    /// The total, what credit does to it, and what is left to pay.
    private static func sums(
        _ invoice: Invoice
    ) -> [(label: String, money: Money, kind: String)] {
        var sums = taxes(invoice).map { ($0.label, $0.money, "soft") }
        sums.append(("Total", invoice.total, "total"))
        guard invoice.total.minorUnits >= 0, invoice.credit != 0 else {
            return sums.map { ($0.0, $0.1, $0.2) }
        }
        let credit = Money(minorUnits: -invoice.credit, currency: invoice.total.currency)
        sums.append(
            (invoice.credit > 0 ? "Paid out of your credit" : "Owed from before", credit, ""))
        let word = invoice.status == .paid ? "Charged" : "To pay"
        sums.append((word, invoice.due, "total"))
        return sums.map { ($0.0, $0.1, $0.2) }
    }

    /// What is paid without tax, and the tax of each rate; nothing where there is none.
    private static func taxes(_ invoice: Invoice) -> [(label: String, money: Money)] {
        guard invoice.lines.isTaxed else { return [] }
        return [("Without tax", invoice.subtotal)] + invoice.lines.taxRows
    }

    /// How it was paid.
    private static func paid(_ invoice: Invoice, at now: Timestamp) -> String {
        let text: String =
            switch invoice.status {
            case .open where invoice.dueTime <= now:
                "This invoice was due on \(invoice.dueTime.dayText). Please pay it now."
            case .open where invoice.dueTime != .never:
                "Please pay this invoice by \(invoice.dueTime.dayText)."
            case .draft: "This is a draft: there is nothing to pay yet."
            case .void: "This invoice was taken back. There is nothing to pay."
            case .open: "This invoice is open: its payment failed, and will be tried again."
            case .uncollectible: "This invoice was not paid, and nothing is asked for any more."
            case .paid where invoice.total.minorUnits < 0:
                "This amount became your credit. Later invoices are paid out of it."
            case .paid where invoice.due.minorUnits == 0: "Paid out of your credit."
            case .paid:
                invoice.card.map {
                    "Paid with \(escaped(name(brand: $0.brand, last4: $0.last4)))."
                } ?? "Paid."
            }
        return "<p class=\"paid\">\(text)</p>"
    }
}

extension [InvoiceLine] {
    /// The tax of each rate, as people read it.
    var taxRows: [(label: String, money: Money)] {
        taxes.map { sum in
            let place = sum.rate.jurisdiction.isEmpty ? "" : ", \(sum.rate.jurisdiction)"
            let name = "\(sum.rate.name) \(sum.rate.percentage.text)%\(place)"
            return (Page.escaped(sum.rate.isInclusive ? "\(name) (in the prices)" : name), sum.tax)
        }
    }
}
