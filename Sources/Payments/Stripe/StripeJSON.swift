package import Wire

extension JSONValue {
    /// nil: it isn't there, or is no text.
    package func text(_ key: String) -> String? {
        if case .string(let text)? = self[key] { text } else { nil }
    }

    package func number(_ key: String) -> Int64? {
        if case .number(let text)? = self[key] { Int64(text) } else { nil }
    }

    package func flag(_ key: String) -> Bool? {
        if case .bool(let flag)? = self[key] { flag } else { nil }
    }

    /// Of a list of objects.
    package var data: [JSONValue] { list("data") }

    /// What Stripe refers to, which is an id, or the object where it was expanded.
    package func reference(_ key: String) -> String? {
        text(key) ?? self[key]?.text("id")
    }

    package func metadata(_ key: String) -> String? { self["metadata"]?.text(key) }
}
