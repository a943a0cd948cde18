@testable import Billing

// Values as a trace shows them.

extension Quantity: CustomStringConvertible {
    public var description: String { DecimalText.text(raw, digits: 10) }
}

extension UnitPrice: CustomStringConvertible {
    public var description: String { text }
}

extension InlineText: CustomStringConvertible {
    public var description: String { "\"\(text)\"" }
}

extension FeatureNumber: CustomStringConvertible {
    public var description: String { "#\(rawValue)" }
}
