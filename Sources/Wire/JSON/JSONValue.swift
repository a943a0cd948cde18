/// A JSON document in memory.
package enum JSONValue: Sendable, Equatable {
    case null
    case bool(Bool)
    /// The literal as it was written, so that "19.99" never passes through a binary fraction.
    case number(String)
    case string(String)
    case array([JSONValue])
    case object(JSONObject)
}

/// The members of a JSON object, in the order of the document; equal only in the same order.
package struct JSONObject: Sendable, Equatable {
    package struct Member: Sendable, Equatable {
        package var key: String
        package var value: JSONValue

        package init(_ key: String, _ value: JSONValue) {
            self.key = key
            self.value = value
        }
    }

    package private(set) var members: [Member]

    package init(_ members: [Member] = []) {
        self.members = members
    }

    package var isEmpty: Bool { members.isEmpty }

    /// The caller sees to it that the key is new; the parser does so for what it reads.
    package mutating func append(_ key: String, _ value: JSONValue) {
        members.append(Member(key, value))
    }

    /// The value of a key; a linear search, meant for the few keys of an object of ours.
    package subscript(key: String) -> JSONValue? {
        members.first { $0.key == key }?.value
    }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
    package init(dictionaryLiteral elements: (String, JSONValue)...) {
        self.init(elements.map { Member($0.0, $0.1) })
    }
}

extension JSONValue {
    package static func number(_ value: some BinaryInteger) -> JSONValue {
        .number(String(value))
    }

    /// The shortest literal that reads back as the same value, whole numbers without ".0". JSON has
    /// no literal for what isn't finite, so that becomes a string, as in protobuf's own JSON.
    package static func number(_ value: Double) -> JSONValue {
        number(value, text: value.description)
    }

    package static func number(_ value: Float) -> JSONValue {
        number(Double(value), text: value.description)
    }

    private static func number(_ value: Double, text: String) -> JSONValue {
        guard value.isFinite else {
            return .string(value.isNaN ? "NaN" : value < 0 ? "-Infinity" : "Infinity")
        }
        if value == 0 { return .number("0") }
        return .number(text.hasSuffix(".0") ? String(text.dropLast(2)) : text)
    }

    /// A path such as ["customer", "name"] through nested objects; nil: nothing there.
    package subscript(path: String...) -> JSONValue? {
        var value = self
        for key in path {
            guard case .object(let object) = value, let next = object[key] else { return nil }
            value = next
        }
        return value
    }

    /// What it is, for messages to people.
    var kindName: String {
        switch self {
        case .null: "null"
        case .bool: "a boolean"
        case .number: "a number"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }
}
