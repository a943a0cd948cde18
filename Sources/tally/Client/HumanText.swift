internal import Billing
internal import Wire

/// How the values of replies are shown to people.
enum HumanText {
    /// What is added to an invoice's lines, or is in them, by rate.
    static func taxes(of invoice: JSONValue) -> [(amount: JSONValue?, text: String)] {
        invoice.list("taxes").map { tax in
            let name = "\(tax.text("name")) \(tax.text("percentage")) %"
            return (tax["amount"], tax.flag("inclusive") ? "\(name), included" : name)
        }
    }

    /// "2026-01-31 09:30" from RFC 3339 text; "-" when there is none.
    static func time(_ text: String) -> String {
        guard text.utf8.count >= 16 else { return text.isEmpty ? "-" : text }
        return text.prefix(10) + " " + text.dropFirst(11).prefix(5)
    }

    /// "20.00 USD" from a `tally.v1.Money`.
    static func money(_ value: JSONValue?) -> String {
        guard let value, let currency = Currency(code: value.text("currency")),
            let minorUnits = Int64(value.text("minor_units"))
        else { return "-" }
        return Money(minorUnits: minorUnits, currency: currency).text
    }

    /// "1,000,000" from "1000000".
    static func quantity(_ literal: String) -> String {
        let digits = literal.drop { $0 == "-" }.prefix { $0.isNumber }
        guard !literal.contains("e"), digits.count > 3 else { return literal }
        var grouped = ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index) % 3 == 0 { grouped.append(",") }
            grouped.append(digit)
        }
        let sign = literal.hasPrefix("-") ? "-" : ""
        return sign + grouped + literal.dropFirst(sign.count + digits.count)
    }

    /// "95 of 100 messages left, more from 2026-02-01 00:00" from a `tally.v1.Balance`.
    static func balance(_ balance: JSONValue) -> String {
        let feature = balance.text("feature_id")
        if balance.flag("unlimited") { return "\(feature) is unlimited" }
        var text =
            "\(quantity(balance.text("remaining"))) of \(quantity(balance.text("granted"))) "
            + "\(feature) left"
        if balance.number("overage") > 0 {
            text += ", \(quantity(balance.text("overage"))) beyond the grant"
        }
        let reset = balance.text("next_reset_time")
        return reset.isEmpty ? text : text + ", renewed \(time(reset))"
    }

    /// "each month", "every 3 days", "once".
    static func interval(_ name: String, count: Int) -> String {
        let unit = name.replacing("_", with: "-")
        if name == "one_off" { return "once" }
        return count > 1 ? "every \(count) \(unit)s" : "each \(unit)"
    }
}

/// Rows in columns, each as wide as its widest cell.
struct TextTable {
    private var rows: [[String]]

    init(_ heads: String...) {
        rows = [heads.map { $0.uppercased() }]
    }

    mutating func add(_ cells: String...) { rows.append(cells) }

    /// Empty when there are no rows but the heads.
    var lines: [String] {
        guard rows.count > 1 else { return [] }
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            let cells = zip(row, widths).map { cell, width in
                cell + String(repeating: " ", count: width - cell.count)
            }
            let line = cells.joined(separator: "  ")
            return String(line.reversed().drop { $0 == " " }.reversed())
        }
    }
}
