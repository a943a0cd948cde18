import Billing

@testable package import Wire

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

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByFloatLiteral, ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral,
    ExpressibleByDictionaryLiteral
{
    package init(stringLiteral text: String) { self = .string(text) }

    package init(integerLiteral number: Int) { self = .number(number) }

    package init(floatLiteral number: Double) { self = .number(number) }

    package init(booleanLiteral flag: Bool) { self = .bool(flag) }

    package init(arrayLiteral elements: JSONValue...) { self = .array(elements) }

    package init(dictionaryLiteral elements: (String, JSONValue)...) {
        self = .object(JSONObject(elements.map { JSONObject.Member($0.0, $0.1) }))
    }
}

extension JSONObject {
    /// With the customer, where a request names one and this one doesn't yet.
    func naming(_ customer: String, for method: String) -> JSONObject {
        let takesCustomer = APIMethod.all[method]?.request.index(of: "customer_id") != nil
        guard takesCustomer, self["customer_id"] == nil else { return self }
        return JSONObject([Member("customer_id", .string(customer))] + members)
    }

    /// With another value of a key.
    func with(_ key: String, _ value: JSONValue) -> JSONObject {
        JSONObject(members.filter { $0.key != key } + [Member(key, value)])
    }
}
