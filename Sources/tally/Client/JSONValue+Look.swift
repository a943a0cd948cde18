internal import Wire

/// Reading replies, whose shape is known: what isn't there reads as empty.
extension JSONValue {
    /// A member's text, or a number's literal.
    func text(_ key: String) -> String {
        switch self[key] {
        case .string(let text), .number(let text): text
        case nil, .null, .bool, .array, .object: ""
        }
    }

    func flag(_ key: String) -> Bool { self[key] == .bool(true) }

    func list(_ key: String) -> [JSONValue] {
        guard case .array(let elements)? = self[key] else { return [] }
        return elements
    }

    func number(_ key: String) -> Double { Double(text(key)) ?? 0 }

    /// The object with one more member at its end.
    func with(_ key: String, _ value: JSONValue) -> JSONValue {
        guard case .object(var object) = self else { return self }
        object.append(key, value)
        return .object(object)
    }
}
