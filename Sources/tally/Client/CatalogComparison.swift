internal import Billing
internal import Wire

/// One line for one change that a publication makes.
enum CatalogChangeText {
    static func line(_ change: JSONValue) -> String {
        let sign = change.flag("deleted") ? "-" : change.flag("created") ? "+" : "~"
        let revision = change.text("revision")
        if change.text("kind") == "settings" { return "\(sign) settings" }
        let isRevised = change.text("kind") == "plan" && !change.flag("deleted")
        let suffix = isRevised ? ", revision \(revision)" : ""
        return "\(sign) \(change.text("kind")) \(change.text("id"))\(suffix)"
    }
}

/// Finds what differs inside a feature, a plan or the settings. The server says which ones differ;
/// this only explains it to people.
struct CatalogComparison {
    let published: JSONValue
    let file: JSONValue

    /// "price.amount: 20 → 25", for each field.
    func lines(_ change: JSONValue) -> [String] {
        var lines: [String] = []
        if change.text("kind") == "settings" {
            compare(published["settings"] ?? .null, file["settings"], at: "settings", &lines)
            return lines
        }
        let (list, key) =
            switch change.text("kind") {
            case "plan": ("plans", "plan_id")
            case "coupon": ("coupons", "coupon_id")
            case "feature_grant": ("feature_grants", "feature_grant_id")
            case "tax_rate": ("tax_rates", "tax_rate_id")
            default: ("features", "feature_id")
            }
        let id = change.text("id")
        guard let old = published.list(list).first(where: { $0.text(key) == id }),
            let new = file.list(list).first(where: { $0.text(key) == id })
        else { return [] }
        compare(old, new, at: "", &lines)
        return lines
    }

    private func compare(
        _ old: JSONValue?, _ new: JSONValue?, at path: String, _ lines: inout [String]
    ) {
        // Output only.
        if path == "revision" || isSame(old, new, at: path) { return }
        let before = members(old)
        let after = members(new)
        guard !before.isEmpty, !after.isEmpty else {
            lines.append("\(path): \(shown(old)) → \(shown(new))")
            return
        }
        for (key, value) in before {
            let other = after.first { $0.key == key }?.value
            compare(value, other, at: path.isEmpty ? key : "\(path).\(key)", &lines)
        }
        for (key, value) in after where !before.contains(where: { $0.key == key }) {
            lines.append("\(path.isEmpty ? key : "\(path).\(key)"): none → \(shown(value))")
        }
    }

    /// The members of an object; the elements of a list under the feature they name, or by place.
    private func members(_ value: JSONValue?) -> [(key: String, value: JSONValue)] {
        switch value {
        case .object(let object): object.members.map { ($0.key, $0.value) }
        case .array(let elements):
            elements.enumerated().map { index, element in
                let name = element.text("feature_id")
                let earlier = elements.prefix(index).count { $0.text("feature_id") == name }
                let place = name.isEmpty ? "\(index + 1)" : name
                // A feature may have several items.
                return (name.isEmpty || earlier == 0 ? place : "\(name)#\(earlier + 1)", element)
            }
        case nil, .null, .bool, .number, .string: []
        }
    }

    /// What counts where the API says that nothing counts as something.
    private static let standards = [
        "interval_count": "1", "billing_units": "1", "tier_behavior": "graduated",
        "on_increase": "prorate", "on_decrease": "prorate",
    ]

    /// Numbers are compared by value, as the server does: "20" is "20.00".
    private func isSame(_ old: JSONValue?, _ new: JSONValue?, at path: String) -> Bool {
        let standard = path.split(separator: ".").last.flatMap {
            CatalogComparison.standards[String($0)]
        }
        guard let first = text(old, standard), let second = text(new, standard) else {
            return old == new
        }
        // Of codes small letters count as capital ones.
        if path.hasSuffix(".code") { return first.uppercased() == second.uppercased() }
        let numbers = [first, second].compactMap { DecimalText.parse($0, digits: 12) }
        return numbers.count == 2 ? numbers[0] == numbers[1] : first == second
    }

    /// Nil: it has members, or isn't there.
    private func text(_ value: JSONValue?, _ standard: String?) -> String? {
        switch value {
        case .string(let text), .number(let text):
            ["0", "unspecified"].contains(text) ? standard ?? text : text
        case nil, .null, .bool, .array, .object: nil
        }
    }

    private func shown(_ value: JSONValue?) -> String {
        switch value {
        case nil, .null: "none"
        case .string(let text): text.isEmpty ? "\"\"" : text
        case .number(let text): text
        case .bool(let flag): flag ? "true" : "false"
        case .array, .object: JSONWriter.text(value ?? .null)
        }
    }
}
