/// Parameters of a request, in the order given, as Stripe reads them: `a[b]=1&c[0]=2`
/// (`application/x-www-form-urlencoded`, with brackets for what is nested).
///
/// The same parameters are the same bytes, always: a request that is sent again under its
/// idempotency key must be the one that was sent before.
package struct StripeForm: Sendable, Equatable, ExpressibleByDictionaryLiteral {
    package indirect enum Value: Sendable, Equatable, ExpressibleByStringLiteral,
        ExpressibleByStringInterpolation, ExpressibleByArrayLiteral
    {
        case text(String)
        case list([Value])
        case form(StripeForm)

        package init(stringLiteral text: String) { self = .text(text) }
        package init(arrayLiteral values: Value...) { self = .list(values) }
    }

    private var fields: [(name: String, value: Value)] = []

    package init() {}

    package init(dictionaryLiteral fields: (String, Value)...) {
        self.fields = fields.map { (name: $0.0, value: $0.1) }
    }

    package static func == (a: StripeForm, b: StripeForm) -> Bool { a.encoded == b.encoded }

    package mutating func append(_ name: String, _ value: Value) {
        fields.append((name: name, value: value))
    }

    package mutating func append(_ name: String, _ text: String) { append(name, .text(text)) }

    package mutating func append(_ name: String, _ number: Int64) {
        append(name, .text(String(number)))
    }

    package mutating func append(_ name: String, _ form: StripeForm) { append(name, .form(form)) }

    package mutating func append(contentsOf form: StripeForm) { fields += form.fields }

    package var encoded: String {
        var pairs: [String] = []
        for field in fields { StripeForm.add(field.value, StripeForm.escaped(field.name), &pairs) }
        return pairs.joined(separator: "&")
    }

    private static func add(_ value: Value, _ name: String, _ pairs: inout [String]) {
        switch value {
        case .text(let text): pairs.append(name + "=" + escaped(text))
        case .list(let values):
            for (index, value) in values.enumerated() { add(value, "\(name)[\(index)]", &pairs) }
        case .form(let form):
            for field in form.fields { add(field.value, "\(name)[\(escaped(field.name))]", &pairs) }
        }
    }

    private static let plain = Set(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~".utf8)
    private static let digits = Array("0123456789ABCDEF".utf8)

    static func escaped(_ text: String) -> String {
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            if plain.contains(byte) {
                bytes.append(byte)
            } else {
                bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
