internal import Billing
internal import Payments

/// The payment page, the bank's question, and the thanks.
extension Page {
    static func checkout(_ sale: Sale, _ form: CardForm) -> String {
        let due = sale.order.due
        let deed = due.minorUnits > 0 ? "Pay \(due.text)" : "Save the card"
        let action = "/checkout/\(sale.session)"
        return document(
            "Pay for \(sale.plan)",
            """
            \(summary(sale))
            <section class="card">
            <h2>Pay with a card</h2>
            \(cardForm(at: action, deed: deed, form))
            <p class="fine">\(terms(sale))</p>
            \(testCards(at: action))
            </section>
            """)
    }

    private static func summary(_ sale: Sale) -> String {
        let lines = sale.order.shown.map { line in
            "<tr><td>\(escaped(line.description))</td><td>\(line.discounted.text)</td></tr>"
        }
        return """
            <section class="summary">
            <h1>\(escaped(sale.plan))</h1>
            <p class="amount">\(sale.order.due.text)</p>
            <p class="soft">for \(escaped(sale.name))</p>
            <table>
            \((lines + taxes(sale.order.shown) + credit(sale)).joined(separator: "\n"))
            <tr class="total"><td>Due today</td><td>\(sale.order.due.text)</td></tr>
            </table>
            </section>
            """
    }

    static func taxes(_ lines: [InvoiceLine]) -> [String] {
        lines.taxRows.map {
            "<tr class=\"soft\"><td>\($0.label)</td><td>\($0.money.text)</td></tr>"
        }
    }

    /// What of it is paid already, or was owed before.
    private static func credit(_ sale: Sale) -> [String] {
        guard sale.order.credit != 0 else { return [] }
        let money = Money(
            minorUnits: -sale.order.credit, currency: sale.order.total.currency)
        return ["<tr><td>Your credit</td><td>\(money.text)</td></tr>"]
    }

    /// What the customer agrees to.
    private static func terms(_ sale: Sale) -> String {
        guard !sale.renewals.isEmpty else {
            return "You pay once. The card is kept on file for later purchases."
        }
        let isWithoutTax = sale.order.shown.taxes.contains { !$0.rate.isInclusive }
        let price =
            sale.renewals.map { "\($0.money.text) \($0.cycle.text)" }
            .joined(separator: " and ") + (isWithoutTax ? ", and tax," : "")
        let subject = sale.isOfSeveral ? "they are" : "it is"
        if sale.trialEnd != .never {
            let end = sale.trialEnd.dayText
            return "Free until \(end), then \(price) until \(subject) cancelled. The card is kept "
                + "on file for that."
        }
        return "Renews at \(price) until \(subject) cancelled. The card is kept on file for that."
    }

    /// "4242 4242 4242 4242".
    static func grouped(_ number: String) -> String {
        // American Express prints 4, 6 and 5 digits.
        let breaks: Set<Int> = number.utf8.count == 15 ? [4, 10] : [4, 8, 12, 16]
        return number.enumerated().reduce(into: "") { text, digit in
            if breaks.contains(digit.offset) { text.append(" ") }
            text.append(digit.element)
        }
    }

    /// "Pro, Extra and Addon".
    static func listed(_ names: [String]) -> String {
        guard let last = names.last, names.count > 1 else { return names.first ?? "" }
        return names.dropLast().joined(separator: ", ") + " and " + last
    }

    static func paid(_ sale: Sale, _ card: TestCard) -> String {
        document(
            "Paid",
            """
            <section class="card notice">
            \(tick)
            <h1>Paid</h1>
            <p>\(escaped(sale.plan)) \(sale.isOfSeveral ? "are" : "is") yours. \
            \(sale.order.due.text) was charged to \
            \(card.name).</p>
            <p class="soft">You can close this page.</p>
            </section>
            """)
    }
}

/// A field as the card form shows it.
struct Input {
    var field: CardForm.Field
    var label: String
    var placeholder: String
    var completion: String
    var isNumeric = true

    static let number = Input(
        field: .number, label: "Card number", placeholder: "1234 1234 1234 1234",
        completion: "cc-number")
    static let expiry = Input(
        field: .expiry, label: "Expires", placeholder: "MM / YY", completion: "cc-exp")
    static let cvc = Input(
        field: .cvc, label: "Security code", placeholder: "CVC", completion: "cc-csc")
    static let name = Input(
        field: .name, label: "Name on card", placeholder: "", completion: "cc-name",
        isNumeric: false)

    func html(_ form: CardForm) -> String {
        let (id, fault) = (field.rawValue, form.faults[field])
        var attributes = [
            "id=\"\(id)\"", "name=\"\(id)\"", "autocomplete=\"\(completion)\"",
            "placeholder=\"\(placeholder)\"", "value=\"\(Page.escaped(shown(form)))\"",
        ]
        if isNumeric { attributes.append("inputmode=\"numeric\"") }
        if fault != nil {
            attributes += ["aria-invalid=\"true\"", "aria-describedby=\"\(id)-fault\""]
        }
        // Where the customer goes on: the first field that is wrong, the number if none is.
        let first = CardForm.Field.allCases.first { form.faults[$0] != nil }
        if field == first ?? .number { attributes.append("autofocus") }
        let told =
            fault.map { "<p class=\"fault\" id=\"\(id)-fault\">\(Page.escaped($0))</p>" } ?? ""
        return """
            <div class="row"><label for="\(id)">\(label)</label>
            <input \(attributes.joined(separator: " "))>\(told)</div>
            """
    }

    private func shown(_ form: CardForm) -> String {
        let text = form.typed[field] ?? ""
        return field == .number ? Page.grouped(text) : text
    }
}

extension Cycle {
    /// "each month", "every 2 months".
    var text: String {
        count == 1 ? "each \(interval.text)" : "every \(count) \(interval.text)s"
    }
}

extension Timestamp {
    /// "14 Apr 2026", of the calendar of UTC.
    var dayText: String {
        let date = CivilDate(self)
        let months = [
            "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
        ]
        return "\(date.day) \(months[Int(date.month) - 1]) \(date.year)"
    }
}

extension Interval {
    var text: String {
        switch self {
        case .oneOff: "time"
        case .minute: "minute"
        case .hour: "hour"
        case .day: "day"
        case .week: "week"
        case .month: "month"
        case .quarter: "quarter"
        case .semiAnnual: "half-year"
        case .year: "year"
        }
    }
}
