internal import Billing
internal import Wire

/// Fills a body into our own message, and notes what is wrong with it, and what its parts are
/// called here and there.
struct Filler {
    /// What amounts of money are in.
    let currency: Currency?
    let pricing: PricingState
    private(set) var violations: [Violation] = []
    /// Paths in our message, and in the body.
    private(set) var names: [(ours: String, theirs: String)] = []

    init(_ pricing: PricingState, currency: Currency? = nil) {
        self.pricing = pricing
        self.currency = currency ?? pricing.currency
    }

    mutating func fault(_ path: String, _ message: String) {
        violations.append(Violation(path: path, message: message))
    }

    /// A field of the message, and what the caller knows it by.
    mutating func name(_ ours: String, _ theirs: String) { names.append((ours, theirs)) }

    /// Where an object is, in the body and in the message; both end with a period, or are empty.
    struct Place {
        var theirs = ""
        var ours = ""
    }

    /// Checks the keys of an object and fills in its fields. A key with null counts as absent, but
    /// where it says something of its own.
    mutating func fill(
        _ body: JSONObject, _ shape: RequestShape, at place: Place = Place()
    ) throws(JSONProblem) -> JSONObject {
        let given = JSONObject(body.members.filter { $0.value != .null })
        try refuseLater(given, shape, place)
        var fields = JSONObject()
        for key in shape.keys {
            try fill(key, body[key.name], of: body, at: place, into: &fields)
        }
        for choice in shape.choices where choice.count(where: { given[$0] != nil }) != 1 {
            fault(
                place.theirs + choice[0],
                "or \(choice.dropFirst().joined(separator: " or ")): give exactly one")
        }
        return shape.finish?(fields, &self) ?? fields
    }

    private mutating func fill(
        _ key: RequestShape.Key, _ value: JSONValue?, of body: JSONObject, at place: Place,
        into fields: inout JSONObject
    ) throws(JSONProblem) {
        let path = place.theirs + key.name
        guard let value, value != .null || key.isRequired else {
            if value == .null, let null = key.null {
                fields.set(null.field, null.value)
            } else if let standard = key.standard, let field = key.field {
                fields.set(field, standard)
            } else if key.isRequired {
                fault(path, "is required")
            }
            return
        }
        let inner = Place(
            theirs: path, ours: key.field.map { $0.isEmpty ? place.ours : place.ours + $0 } ?? "")
        guard let filled = try filled(value, key, at: inner) else { return }
        if let also = key.also { fields.set(also.field, also.value) }
        guard let field = key.field else { return }
        guard !field.isEmpty else {
            if case .object(let object) = filled { fields.merge(object) }
            return
        }
        if fields.at(field) != nil, !field.contains(".") {
            let name = theirs(of: place.ours + field)
            return fault(path, "must not be given together with \(name)")
        }
        names.append((place.ours + field, path))
        fields.set(field, filled)
        if case .entries(let removed?) = key.use, case .object(let object) = value {
            let keys = object.members.filter { $0.value == .null }.map { JSONValue.string($0.key) }
            if !keys.isEmpty { fields.set(removed, .array(keys)) }
        }
    }

    /// nil: a fault, which is noted.
    private mutating func filled(
        _ value: JSONValue, _ key: RequestShape.Key, at place: Place
    ) throws(JSONProblem) -> JSONValue? {
        switch (key.use, value) {
        case (.text, .string), (.number, .number), (.flag, .bool), (.later, _): return value
        case (.notFlag, .bool(let flag)): return .bool(!flag)
        case (.object(let shape), .object(let object)):
            return .object(try fill(object, shape, at: place.inside))
        case (.list(let shape), .array(let elements)):
            return .array(try list(elements, shape, at: place))
        case (.values, .object(let object)): return values(object, at: place)
        case (.entries, .object(let object)): return entries(object, at: place)
        default: return plain(value, key.use, at: place)
        }
    }

    private mutating func plain(
        _ value: JSONValue, _ use: RequestShape.Key.Use, at place: Place
    ) -> JSONValue? {
        let filled: JSONValue? =
            switch (use, value) {
            case (.count, .number(let literal)):
                DecimalText.parseExactly(literal, digits: 0)
                    .flatMap { (0...Int128(UInt32.max)).contains($0) ? .number($0) : nil }
            case (.time, .number(let literal)):
                DecimalText.parseExactly(literal, digits: 0).flatMap { Int64(exactly: $0) }
                    .flatMap { Timestamp(milliseconds: $0).rfc3339 }.map { .string($0) }
            case (.word(let words), .string(let text)):
                words.first { $0.word == text }.map { .string($0.ours) }
            case (.texts, .array(let elements)): elements.allSatisfy(\.isText) ? value : nil
            case (.own(_, let read), _): read(value, self)
            case (.only(let wanted), _): value == wanted ? value : nil
            default: nil
            }
        if filled == nil { fault(place.theirs, use.wanted) }
        return filled
    }

    private mutating func list(
        _ elements: [JSONValue], _ shape: RequestShape, at place: Place
    ) throws(JSONProblem) -> [JSONValue] {
        var filled: [JSONValue] = []
        for (index, element) in elements.enumerated() {
            let place = Place(
                theirs: "\(place.theirs)[\(index)]", ours: "\(place.ours)[\(index)]")
            names.append((place.ours, place.theirs))
            if case .object(let object) = element {
                filled.append(.object(try fill(object, shape, at: place.inside)))
            } else {
                fault(place.theirs, "must be an object")
            }
        }
        return filled
    }

    private mutating func values(_ object: JSONObject, at place: Place) -> JSONValue {
        var values = JSONObject()
        for member in object.members {
            let kind: String? =
                switch member.value {
                case .string: "string_value"
                case .number: "number_value"
                case .bool: "bool_value"
                case .null, .array, .object: nil
                }
            if let kind {
                values.append(member.key, .object(JSONObject([.init(kind, member.value)])))
            } else if member.value != .null {
                fault("\(place.theirs).\(member.key)", "must be a text, a number, true or false")
            }
        }
        return .object(values)
    }

    private mutating func entries(_ object: JSONObject, at place: Place) -> JSONValue {
        let kept = object.members.filter { $0.value != .null }
        for member in kept where !member.value.isText {
            fault("\(place.theirs).\(member.key)", "must be a text")
        }
        return .object(JSONObject(kept))
    }

    private func refuseLater(
        _ given: JSONObject, _ shape: RequestShape, _ place: Place
    ) throws(JSONProblem) {
        for key in shape.keys {
            guard case .later(let flag) = key.use, let value = given[key.name],
                !value.asksForNothing, flag.map({ given[$0] == .bool(true) }) ?? true
            else { continue }
            throw .unsupported("\(place.theirs)\(key.name) with this value")
        }
    }

    /// The name under which the caller knows a field of the message, by the longest part of its
    /// path that is known.
    func theirs(of ours: String) -> String {
        let known = names.filter {
            ours == $0.ours || ours.hasPrefix($0.ours + ".") || ours.hasPrefix($0.ours + "[")
        }
        guard let best = known.max(by: { $0.ours.utf8.count < $1.ours.utf8.count }) else {
            return ours
        }
        // What is one price here is two in our message.
        let rest = ours.dropFirst(best.ours.count)
            .replacing("usage_price", with: "price").replacing("prepaid_price", with: "price")
        return best.theirs + rest
    }
}

extension Filler.Place {
    fileprivate var inside: Self {
        Self(theirs: theirs + ".", ours: ours.isEmpty || ours.hasSuffix(".") ? ours : ours + ".")
    }
}

extension RequestShape.Key.Use {
    fileprivate var wanted: String {
        switch self {
        case .text: "must be a string"
        case .number: "must be a number"
        case .flag, .notFlag: "must be true or false"
        case .count: "must be a whole number from 0 on"
        case .time: "must be a time in milliseconds since 1970"
        case .word(let words):
            "must be one of \(words.map(\.word).joined(separator: ", "))"
        case .texts: "must be a list of strings"
        case .list: "must be a list"
        case .entries, .values, .object: "must be an object"
        case .own(let wanted, _): wanted
        case .only(let value): "must be \(JSONWriter.text(value)); others aren't supported yet"
        case .later: "is not supported yet"
        }
    }
}

extension JSONValue {
    var isText: Bool {
        if case .string = self { true } else { false }
    }

    /// The same as leaving the key out: false, or nothing in it.
    var asksForNothing: Bool {
        switch self {
        case .null, .bool(false): true
        case .string(let text): text.isEmpty
        case .array(let elements): elements.isEmpty
        case .object(let object): object.isEmpty
        case .bool(true), .number: false
        }
    }
}

extension JSONObject {
    /// What is at a path such as "filter.balance_id".
    func at(_ path: String) -> JSONValue? {
        let steps = path.split(separator: ".", maxSplits: 1)
        guard steps.count > 1 else { return self[path] }
        guard case .object(let object)? = self[String(steps[0])] else { return nil }
        return object.at(String(steps[1]))
    }

    /// Puts something at a path, in place of what is there.
    mutating func set(_ path: String, _ value: JSONValue) {
        let steps = path.split(separator: ".", maxSplits: 1)
        let name = String(steps[0])
        var value = value
        if steps.count > 1 {
            var object = JSONObject()
            if case .object(let there)? = self[name] { object = there }
            object.set(String(steps[1]), value)
            value = .object(object)
        }
        self = JSONObject(members.filter { $0.key != name } + [Member(name, value)])
    }

    mutating func remove(_ name: String) {
        self = JSONObject(members.filter { $0.key != name })
    }

    /// Objects of the same name become one.
    mutating func merge(_ other: JSONObject) {
        for member in other.members {
            if case .object(var there)? = self[member.key], case .object(let more) = member.value {
                there.merge(more)
                set(member.key, .object(there))
            } else {
                set(member.key, member.value)
            }
        }
    }
}
