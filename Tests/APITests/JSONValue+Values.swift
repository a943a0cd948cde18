import Billing

@testable import Wire

/// Values as requests have them; null counts as absent.
extension JSONValue {
    static func quantity(_ quantity: Quantity?) -> JSONValue {
        quantity.map { .number(DecimalText.text($0.raw, digits: 10)) } ?? .null
    }

    static func time(_ time: Timestamp?) -> JSONValue {
        time.flatMap(\.rfc3339).map { .string($0) } ?? .null
    }

    static func text(_ text: InlineText) -> JSONValue { .string(text.text) }

    static func properties(_ properties: [EventProperty]) -> JSONValue {
        .object(
            JSONObject(
                properties.map { property in
                    let value: JSONObject =
                        switch property.value {
                        case .text(let text): ["string_value": .string(text)]
                        case .boolean(let flag): ["bool_value": .bool(flag)]
                        case .number(let bits):
                            ["number_value": .number(Double(bitPattern: bits))]
                        }
                    return JSONObject.Member(property.key, .object(value))
                }))
    }
}

/// Values as replies have them.
extension JSONValue {
    /// nil: no number, or one beyond all quantities.
    var quantity: Quantity? {
        guard case .number(let literal) = self else { return nil }
        return Double(literal).flatMap { Quantity($0) }
    }

    var text: String? {
        guard case .string(let text) = self else { return nil }
        return text
    }

    var flag: Bool { self == .bool(true) }

    var time: Timestamp? { text.flatMap { Timestamp(rfc3339: $0) } }

    var elements: [JSONValue] {
        guard case .array(let elements) = self else { return [] }
        return elements
    }
}
