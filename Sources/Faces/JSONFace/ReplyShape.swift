internal import Wire

/// How an object of this API is made from one of ours: its keys, in order. What is not there
/// becomes null; a key is left out only where the API allows it.
struct ReplyShape: Sendable {
    struct Key: Sendable {
        let name: String
        /// nil: the key is left out.
        let value: @Sendable (JSONValue, ReplyContext) -> JSONValue?

        init(
            _ name: String, _ value: @escaping @Sendable (JSONValue, ReplyContext) -> JSONValue?
        ) {
            self.name = name
            self.value = value
        }
    }

    private let make: @Sendable (JSONValue, ReplyContext) -> JSONValue

    init(_ keys: [Key]) {
        make = { source, context in
            .object(
                JSONObject(
                    keys.compactMap { key in
                        key.value(source, context).map { JSONObject.Member(key.name, $0) }
                    }))
        }
    }

    /// In a way of its own.
    init(_ make: @escaping @Sendable (JSONValue, ReplyContext) -> JSONValue) {
        self.make = make
    }

    /// What another shape makes of one part of a message.
    init(of field: String, _ shape: ReplyShape) {
        make = { source, context in shape.value(source[field] ?? .null, context) }
    }

    func value(_ source: JSONValue, _ context: ReplyContext) -> JSONValue {
        make(source, context)
    }
}

extension ReplyShape.Key {
    /// The field as it is.
    static func same(_ name: String, from field: String? = nil) -> Self {
        Self(name) { source, _ in source[field ?? name] ?? .null }
    }

    /// A text, whose absence is the empty one.
    static func text(_ name: String, from field: String? = nil) -> Self {
        Self(name) { source, _ in
            let text = source[field ?? name] ?? .null
            return text == .string("") ? .null : text
        }
    }

    /// A time, in milliseconds.
    static func time(_ name: String, from field: String) -> Self {
        Self(name) { source, _ in
            guard case .string(let text)? = source[field] else { return .null }
            return MessageJSON.milliseconds(ofTimestamp: text).map { .number($0) } ?? .null
        }
    }

    static func fixed(_ name: String, _ value: JSONValue) -> Self {
        Self(name) { _, _ in value }
    }

    /// An object, or null.
    static func nested(_ name: String, _ shape: ReplyShape) -> Self {
        Self(name) { source, context in source[name].map { shape.value($0, context) } ?? .null }
    }

    static func list(
        _ name: String, from field: String? = nil, _ shape: ReplyShape,
        where shows: @escaping @Sendable (JSONValue, ReplyContext) -> Bool = { _, _ in true }
    ) -> Self {
        Self(name) { source, context in
            .array(
                source.elements(field ?? name).filter { shows($0, context) }
                    .map { shape.value($0, context) })
        }
    }

    /// A list of ours by its elements' features.
    static func byFeature(_ name: String, _ shape: ReplyShape) -> Self {
        Self(name) { source, context in
            .object(
                JSONObject(
                    source.elements(name).compactMap { element in
                        element.text("feature_id").map { id in
                            JSONObject.Member(id, shape.value(element, context))
                        }
                    }))
        }
    }

    /// What the reply is not, but the call was, about.
    static func context(_ name: String, _ value: @escaping @Sendable (ReplyContext) -> String?)
        -> Self
    {
        Self(name) { _, context in value(context).map { .string($0) } ?? .null }
    }
}

extension JSONValue {
    func text(_ field: String) -> String? {
        guard case .string(let text)? = self[field] else { return nil }
        return text
    }

    func elements(_ field: String) -> [JSONValue] {
        guard case .array(let elements)? = self[field] else { return [] }
        return elements
    }
}
