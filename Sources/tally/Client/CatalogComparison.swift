internal import Billing
internal import Wire

/// One line for one change that a publication makes.
enum CatalogChangeText {
    static func line(_ change: JSONValue) -> String {
        let sign = change.flag("created") ? "+" : "~"
        let revision = change.text("revision")
        if change.text("kind") == "settings" { return "\(sign) settings" }
        let suffix = change.text("kind") == "plan" ? ", revision \(revision)" : ""
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
            change.text("kind") == "plan" ? ("plans", "plan_id") : ("features", "feature_id")
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

    /// The members of an object; the elements of a list under the feature they name, or their place.
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

    /// Numbers are compared by value, as the server does: "20" is "20.00". 0 counts as 1 where the
    /// API says so.
    private func isSame(_ old: JSONValue?, _ new: JSONValue?, at path: String) -> Bool {
        guard let old, let new else { return old == new }
        let texts = [old, new].map { value -> Int128? in
            guard case .string(let text) = value else {
                guard case .number(let text) = value else { return nil }
                return DecimalText.parse(text, digits: 12)
            }
            return DecimalText.parse(text, digits: 12)
        }
        guard let first = texts[0], let second = texts[1] else { return old == new }
        if path.hasSuffix("interval_count") || path.hasSuffix("billing_units") {
            let one = DecimalText.parse("1", digits: 12) ?? 1
            return (first == 0 ? one : first) == (second == 0 ? one : second)
        }
        return first == second
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
