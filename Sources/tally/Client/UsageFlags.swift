internal import ArgumentParser
internal import Billing
internal import Repository
internal import Wire

/// Which part of a customer uses something, what for, and whether for good.
struct UsageFlags: ParsableArguments {
    @Option(help: "The customer's entity (workspace, seat, …) that uses it.")
    var entity: String?

    @Option(
        help: ArgumentHelp(
            "What the usage is like; as often as needed. Numbers, true and false stay what they "
                + "are.",
            valueName: "key=value"))
    var property: [String] = []

    @Option(
        help: ArgumentHelp(
            "Reserve it under this id, until tally holds settle says what was used.",
            valueName: "id"))
    var hold: String?

    @Option(
        help: ArgumentHelp(
            "With --hold: when it is given back if nobody settles it. Default: after 24 hours.",
            valueName: "seconds"))
    var holdFor: Double?

    func validate() throws {
        guard holdFor == nil || hold != nil else {
            throw ValidationError("--hold-for goes with --hold")
        }
        try UsageFlags.check(property)
    }

    /// Properties can be read.
    static func check(_ properties: [String]) throws {
        for text in properties where parts(text) == nil {
            throw ValidationError("--property \(text): write key=value")
        }
    }

    var isEmpty: Bool { entity == nil && property.isEmpty && hold == nil }

    /// Adds what was given to a request.
    func add(to request: inout JSONObject) {
        if let entity { request.append("entity_id", .string(entity)) }
        if !property.isEmpty { request.append("properties", UsageFlags.properties(property)) }
        guard let hold else { return }
        var held: JSONObject = ["hold_id": .string(hold)]
        if let holdFor { held.append("expire_time", UsageFlags.time(in: holdFor)) }
        request.append("hold", .object(held))
    }

    /// The instant so many seconds from now.
    static func time(in seconds: Double) -> JSONValue {
        let span = Int64(max(0, min(seconds, 1e9)) * 1_000)
        let time = SystemClock.wall.adding(milliseconds: span)
        return .string(time.rfc3339 ?? "")
    }

    /// As the entries of a map.
    static func properties(_ texts: [String]) -> JSONValue {
        var values: [String: JSONValue] = [:]
        for (key, value) in texts.compactMap(parts) { values[key] = .object([value.0: value.1]) }
        let sorted = values.sorted { $0.key < $1.key }
        return .object(JSONObject(sorted.map { JSONObject.Member($0.key, $0.value) }))
    }

    private static func parts(_ text: String) -> (key: String, value: (String, JSONValue))? {
        guard let equals = text.firstIndex(of: "="), equals > text.startIndex else { return nil }
        let value = String(text[text.index(after: equals)...])
        let known: (String, JSONValue)
        switch value {
        case "true", "false": known = ("bool_value", .bool(value == "true"))
        default:
            let number = Double(value).flatMap { $0.isFinite ? $0 : nil }
            known =
                number.map { ("number_value", .number($0)) } ?? ("string_value", .string(value))
        }
        return (String(text[..<equals]), known)
    }
}
