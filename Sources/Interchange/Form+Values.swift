internal import Billing
internal import Wire

/// How each kind of value stands in an export: quantities and prices as decimal texts, money as
/// whole minor units, instants as RFC 3339, features and plans by their ids.
extension Form {
    mutating func text(_ key: String, _ value: inout String) throws(FormFault) {
        try self.value(
            key, &value, write: { .string($0) },
            read: { if case .string(let text) = $0 { text } else { nil } }, "text")
    }

    mutating func texts(_ key: String, _ value: inout [String]) throws(FormFault) {
        try self.value(
            key, &value, write: { .array($0.map { .string($0) }) },
            read: { found in
                guard case .array(let items) = found else { return nil }
                let texts = items.compactMap { item in
                    if case .string(let text) = item { text } else { nil }
                }
                return texts.count == items.count ? texts : nil
            }, "a list of texts")
    }

    mutating func flag(_ key: String, _ value: inout Bool) throws(FormFault) {
        try self.value(
            key, &value, write: { .bool($0) },
            read: { if case .bool(let flag) = $0 { flag } else { nil } }, "true or false")
    }

    /// Only where it isn't what it is almost always: then earlier versions can't read the file, as
    /// they would make something else of it.
    mutating func flag(_ key: String, _ value: inout Bool, unless usual: Bool) throws(FormFault) {
        guard isReading ? has(key) : value != usual else { return }
        try flag(key, &value)
    }

    /// As `flag(_:_:unless:)`.
    mutating func number(_ key: String, _ value: inout Int64, unless usual: Int64) throws(FormFault)
    {
        guard isReading ? has(key) : value != usual else { return }
        try number(key, &value)
    }

    mutating func number<Number: FixedWidthInteger>(
        _ key: String, _ value: inout Number
    ) throws(FormFault) {
        try self.value(
            key, &value, write: { .number($0) },
            read: { if case .number(let text) = $0 { Number(text) } else { nil } },
            "a whole number from \(Number.min) to \(Number.max)")
    }

    mutating func quantity(_ key: String, _ value: inout Quantity) throws(FormFault) {
        try self.value(
            key, &value, write: { .string(DecimalText.text($0.raw, digits: 10)) },
            read: { found in
                guard case .string(let text) = found,
                    let raw = DecimalText.parseExactly(text, digits: 10),
                    raw.magnitude <= Quantity.balanceLimit.raw.magnitude
                else { return nil }
                return Quantity(raw: raw)
            }, "a decimal in quotes, with at most 10 decimals")
    }

    /// Null: none.
    mutating func quantity(_ key: String, _ value: inout Quantity?) throws(FormFault) {
        try optional(key, &value, empty: .zero) { (form, present) throws(FormFault) in
            try form.quantity(key, &present)
        }
    }

    mutating func price(_ key: String, _ value: inout UnitPrice) throws(FormFault) {
        try self.value(
            key, &value, write: { .string($0.text) },
            read: { if case .string(let text) = $0 { UnitPrice(text) } else { nil } },
            "a decimal in quotes, with at most 12 decimals")
    }

    /// Null: never.
    mutating func time(_ key: String, _ value: inout Timestamp) throws(FormFault) {
        if !isReading, value != .never, value.rfc3339 == nil {
            throw fault(key, "is an instant outside the years 1 to 9999")
        }
        try self.value(
            key, &value, write: { $0.rfc3339.map { .string($0) } ?? .null },
            read: { found in
                switch found {
                case .null: .never
                case .string(let text): Timestamp(rfc3339: text)
                default: nil
                }
            }, "an instant such as \"2026-03-01T12:00:00Z\", or null")
    }

    /// A value of a few, by its word.
    mutating func word<Word: Equatable>(
        _ key: String, _ value: inout Word, _ words: [(Word, String)]
    ) throws(FormFault) {
        try self.value(
            key, &value,
            write: { value in .string(words.first { $0.0 == value }?.1 ?? "") },
            read: { found in
                guard case .string(let text) = found else { return nil }
                return words.first { $0.1 == text }?.0
            }, "one of " + words.map(\.1).joined(separator: ", "))
    }

    mutating func interval(_ key: String, _ value: inout Interval) throws(FormFault) {
        try word(
            key, &value,
            [
                (.oneOff, "one_off"), (.minute, "minute"), (.hour, "hour"), (.day, "day"),
                (.week, "week"), (.month, "month"), (.quarter, "quarter"),
                (.semiAnnual, "semi_annual"), (.year, "year"),
            ])
    }

    mutating func cycle(_ value: inout Cycle) throws(FormFault) {
        try interval("interval", &value.interval)
        try number("interval_count", &value.count)
        guard value.count > 0 else { throw fault("interval_count", "must be at least 1") }
    }

    mutating func feature(_ key: String, _ value: inout FeatureNumber) throws(FormFault) {
        let pricing = pricing
        try self.value(
            key, &value, write: { .string(pricing.name(of: $0)) },
            read: { if case .string(let name) = $0 { pricing.feature(named: name) } else { nil } },
            "the id of a feature that was published before")
    }

    /// Null: none.
    mutating func optional<Value>(
        _ key: String, _ value: inout Value?, empty: Value,
        _ body: (inout Form, inout Value) throws(FormFault) -> Void
    ) throws(FormFault) {
        if isReading ? object[key] == .null : value == nil {
            var nothing: Void = ()
            try self.value(key, &nothing, write: { _ in .null }, read: { _ in () }, "null")
            return value = nil
        }
        var present = value ?? empty
        try body(&self, &present)
        value = present
    }

    mutating func plan(_ key: String, _ value: inout PlanNumber) throws(FormFault) {
        let pricing = pricing
        try self.value(
            key, &value,
            write: { .string(pricing.name(of: $0)) },
            read: { if case .string(let name) = $0 { pricing.plan(named: name) } else { nil } },
            "the id of a plan that was published before")
    }

    /// A plan and its revision, which must have been published.
    mutating func revision(_ value: inout PlanReference) throws(FormFault) {
        try plan("plan", &value.plan)
        try number("revision", &value.revision)
        if value.isCustom, isSince(5) { return }
        guard value.revision >= 1, value.revision <= pricing.latest(value.plan).revision else {
            throw fault("revision", "was never published")
        }
    }

    mutating func zone(_ value: inout Zone) throws(FormFault) {
        try self.value(
            "time_zone", &value, write: { .string($0.name) },
            read: { if case .string(let name) = $0 { Zone(name: name) } else { nil } },
            "a time zone, such as \"Europe/Berlin\"")
    }

    /// Plans of the customer's own, which its subscriptions refer to.
    mutating func customPlans(_ value: inout [CustomPlan]) throws(FormFault) {
        let empty = CustomPlan(
            number: 0, base: PlanReference(plan: PlanNumber(rawValue: 0), revision: 0),
            plan: Plan(id: "", name: ""))
        let pricing = pricing
        try list("custom_plans", &value, empty: empty) { (form, custom) throws(FormFault) in
            try form.number("number", &custom.number)
            try form.revision(&custom.base)
            try form.plan(&custom.plan)
            custom.plan.id = pricing.plan(custom.base).id
        }
    }

    mutating func currency(_ key: String, _ value: inout Currency) throws(FormFault) {
        try self.value(
            key, &value, write: { .string($0.code) },
            read: { if case .string(let code) = $0 { Currency(code: code) } else { nil } },
            "an ISO 4217 code in small letters")
    }

    /// Minor units, beside a currency.
    mutating func money(_ key: String, _ value: inout Money) throws(FormFault) {
        try currency("currency", &value.currency)
        try number(key, &value.minorUnits)
    }

    /// An id of at most 63 bytes.
    mutating func id(_ key: String, _ value: inout InlineText) throws(FormFault) {
        try self.value(
            key, &value, write: { .string($0.text) },
            read: { found in
                guard case .string(let text) = found, let id = InlineText(text), !id.isEmpty
                else { return nil }
                return id
            }, "text of 1 to 63 bytes")
    }

    mutating func properties(
        _ key: String, _ value: inout [EventProperty]
    ) throws(FormFault) {
        try self.value(
            key, &value,
            write: { properties in
                .object(
                    JSONObject(
                        properties.map { JSONObject.Member($0.key, Form.json($0.value)) }))
            },
            read: { found in
                guard case .object(let object) = found else { return nil }
                let properties = object.members.compactMap { member in
                    Form.property(member.value).map { EventProperty(member.key, $0) }
                }
                return properties.count == object.members.count ? properties : nil
            }, "an object of texts, numbers, true and false")
    }

    private static func json(_ value: PropertyValue) -> JSONValue {
        switch value {
        case .text(let text): .string(text)
        case .number(let bits): .number(Double(bitPattern: bits))
        case .boolean(let flag): .bool(flag)
        }
    }

    private static func property(_ value: JSONValue) -> PropertyValue? {
        switch value {
        case .string(let text): return .text(text)
        case .bool(let flag): return .boolean(flag)
        case .number(let text):
            guard let number = Double(text), number.isFinite else { return nil }
            return .number(bits: number == 0 ? 0 : number.bitPattern)
        case .null, .array, .object: return nil
        }
    }
}
