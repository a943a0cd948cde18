internal import Billing
internal import Wire

/// What is wrong with a value of an export, and where in its line.
package struct FormFault: Error, Equatable, Sendable, CustomStringConvertible {
    /// Such as `grants[2].balance`; empty: the line itself.
    package var field: String
    package var message: String

    package init(_ field: String, _ message: String) {
        self.field = field
        self.message = message
    }

    package var description: String { field.isEmpty ? message : "\(field) \(message)" }
}

/// A JSON object that is written from a value, or read into one: each part is described once, for
/// both directions. What is written has every key, in this order; what is read may have them in any
/// order, but each of them, and no others.
struct Form {
    /// What ids and numbers of a catalog mean.
    let pricing: PricingState
    let isReading: Bool
    /// Of the file.
    private let version: UInt32
    private let path: String
    private(set) var object: JSONObject
    private var known: Set<String> = []

    /// Writes.
    init(pricing: PricingState, path: String = "") {
        self.pricing = pricing
        isReading = false
        version = ExportHeader.version
        self.path = path
        object = JSONObject()
    }

    /// Reads.
    init(_ object: JSONObject, pricing: PricingState, version: UInt32, path: String = "") {
        self.pricing = pricing
        isReading = true
        self.version = version
        self.path = path
        self.object = object
    }

    func fault(_ key: String, _ message: String) -> FormFault {
        FormFault(path.isEmpty ? key : "\(path).\(key)", message)
    }

    /// The key is there to be read, or is to be written.
    func has(_ key: String) -> Bool { !isReading || object[key] != nil }

    /// Reads or writes one key.
    mutating func value<Value>(
        _ key: String, _ value: inout Value, write: (Value) -> JSONValue,
        read: (JSONValue) -> Value?, _ expected: String
    ) throws(FormFault) {
        guard isReading else { return object.append(key, write(value)) }
        known.insert(key)
        guard let found = object[key] else { throw fault(key, "is missing") }
        guard let new = read(found) else {
            throw fault(key, "must be \(expected), not \(Form.short(found))")
        }
        value = new
    }

    /// What files of earlier versions don't have: there it stays as it is.
    mutating func since(
        _ version: UInt32, _ body: (inout Form) throws(FormFault) -> Void
    ) throws(FormFault) {
        if isSince(version) { try body(&self) }
    }

    func isSince(_ version: UInt32) -> Bool { !isReading || self.version >= version }

    /// What was read has nothing else.
    func end() throws(FormFault) {
        guard isReading else { return }
        if let member = object.members.first(where: { !known.contains($0.key) }) {
            throw fault(member.key, "is no field of this version")
        }
    }

    /// An object under a key, described by `body`; null: there is none.
    mutating func part<Value>(
        _ key: String, _ value: inout Value?, empty: @autoclosure () -> Value,
        _ body: (inout Form, inout Value) throws(FormFault) -> Void
    ) throws(FormFault) {
        guard isReading else {
            guard var present = value else { return object.append(key, .null) }
            return object.append(key, .object(try write(&present, body)))
        }
        known.insert(key)
        switch object[key] {
        case nil: throw fault(key, "is missing")
        case .null?: value = nil
        case .object(let part)?: value = try read(part, at: key, empty(), body)
        case let other?: throw fault(key, "must be an object or null, not \(Form.short(other))")
        }
    }

    /// An object that is always there.
    mutating func whole<Value>(
        _ key: String, _ value: inout Value, empty: @autoclosure () -> Value,
        _ body: (inout Form, inout Value) throws(FormFault) -> Void
    ) throws(FormFault) {
        var found: Value? = value
        try part(key, &found, empty: empty(), body)
        guard let found else { throw fault(key, "must be an object, not null") }
        value = found
    }

    /// A list of objects.
    mutating func list<Value>(
        _ key: String, _ values: inout [Value], empty: @autoclosure () -> Value,
        _ body: (inout Form, inout Value) throws(FormFault) -> Void
    ) throws(FormFault) {
        guard isReading else {
            var items: [JSONValue] = []
            for index in values.indices {
                items.append(.object(try write(&values[index], body)))
            }
            return object.append(key, .array(items))
        }
        known.insert(key)
        guard case .array(let items)? = object[key] else {
            throw fault(key, "must be a list of objects")
        }
        values = []
        for (index, item) in items.enumerated() {
            guard case .object(let part) = item else {
                throw fault("\(key)[\(index)]", "must be an object, not \(Form.short(item))")
            }
            values.append(try read(part, at: "\(key)[\(index)]", empty(), body))
        }
    }

    private func write<Value>(
        _ value: inout Value, _ body: (inout Form, inout Value) throws(FormFault) -> Void
    ) throws(FormFault) -> JSONObject {
        var form = Form(pricing: pricing)
        try body(&form, &value)
        return form.object
    }

    private func read<Value>(
        _ part: JSONObject, at key: String, _ empty: Value,
        _ body: (inout Form, inout Value) throws(FormFault) -> Void
    ) throws(FormFault) -> Value {
        var value = empty
        var form = Form(
            part, pricing: pricing, version: version,
            path: path.isEmpty ? key : "\(path).\(key)")
        try body(&form, &value)
        try form.end()
        return value
    }

    static func short(_ value: JSONValue) -> String {
        let text = JSONWriter.text(value)
        return text.count > 40 ? String(text.prefix(40)) + "…" : text
    }
}
