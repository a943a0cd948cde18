internal import Billing
internal import Repository
internal import Wire

/// Keys as the command line tells them, and spans of time as it takes them.
enum KeyText {
    /// A new one, this once.
    static func show(_ key: String, _ entry: APIKey, json: Bool) {
        guard json else { return print(key) }
        var object: JSONObject = ["id": .string(entry.id), "key": .string(key)]
        if let expires = entry.expires { object.append("expires", .number(expires)) }
        print(JSONWriter.text(.object(object)))
    }

    static func json(_ key: APIKey, at time: Int64) -> JSONValue {
        var object: JSONObject = [
            "id": .string(key.id), "name": .string(key.name), "prefix": .string(key.prefix),
            "kind": .string(key.kind.rawValue), "state": .string(key.state(at: time).rawValue),
            "scopes": .array(key.scopes.names.map { .string($0) }),
            "created": .number(key.created), "revoked": .bool(key.revoked),
        ]
        if let customer = key.customer { object.append("customer", .string(customer.text)) }
        if let expires = key.expires { object.append("expires", .number(expires)) }
        if let used = key.lastUsed { object.append("last_used", .number(used)) }
        if let replaces = key.replaces { object.append("replaces", .string(replaces)) }
        return .object(object)
    }

    /// What only some have.
    static func rest(_ key: APIKey) -> String {
        func time(_ milliseconds: Int64) -> String {
            Timestamp(milliseconds: milliseconds).rfc3339 ?? "?"
        }
        var text = ""
        if key.kind != .secret { text += "  \(key.kind.rawValue)" }
        if let customer = key.customer { text += " of \(customer.text)" }
        if let expires = key.expires { text += "  until \(time(expires))" }
        if let used = key.lastUsed { text += "  used \(time(used))" }
        if let replaces = key.replaces { text += "  in place of \(replaces)" }
        return text
    }

    static func milliseconds(
        _ text: String, _ option: String, _ range: ClosedRange<Int64>
    ) throws -> Int64 {
        let units: [(String, Int64)] = [
            ("min", 60_000), ("d", 86_400_000), ("h", 3_600_000), ("s", 1_000),
        ]
        let unit = units.first { text.hasSuffix($0.0) }
        let digits = unit.map { text.dropLast($0.0.count) } ?? text[...]
        guard let count = Int64(digits), count >= 0, unit != nil || count == 0 else {
            throw CommandFault(
                "\(option) must be such as 90d, 12h, 30min or 45s, not \"\(text)\"", exit: .usage)
        }
        let (span, isTooLong) = count.multipliedReportingOverflow(by: unit?.1 ?? 1)
        guard !isTooLong, range.contains(span) else {
            throw CommandFault("\(option) is too long or too short: \"\(text)\"", exit: .usage)
        }
        return span
    }
}
