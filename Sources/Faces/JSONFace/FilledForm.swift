internal import Billing
internal import Wire

/// A request that has the right keys, as our own message.
struct FilledForm {
    let message: [UInt8]
    private let form: RequestForm
    private let given: JSONObject

    fileprivate init(_ form: RequestForm, given: JSONObject, message: [UInt8]) {
        self.form = form
        self.given = given
        self.message = message
    }

    /// The text under a key.
    func text(_ name: String) -> String? {
        guard case .string(let text)? = given[name] else { return nil }
        return text
    }

    /// The number in a field, exactly: the message has only the nearest `double`, on which
    /// fingerprints rest, so that they are those of the gRPC face.
    func quantity(_ field: String) -> Quantity? {
        guard let member = given.members.first(where: { form.key($0.key)?.field == field }),
            case .number(let literal) = member.value,
            let raw = DecimalText.parse(literal, digits: 10),
            raw.magnitude <= Quantity.limit.raw.magnitude
        else { return nil }
        return Quantity(raw: raw)
    }

    /// The name under which the caller knows a field of the message.
    func key(of field: String) -> String {
        form.name(of: field, in: given)
    }
}

extension RequestForm {
    func key(_ name: String) -> Key? {
        keys.first { $0.name == name }
    }

    /// Checks the keys and fills in the message. A key with null counts as absent.
    ///
    /// - Parameter requestKey: the header `Idempotency-Key`.
    func fill(_ body: JSONObject, requestKey: String?) throws(JSONProblem) -> FilledForm {
        let given = JSONObject(body.members.filter { $0.value != .null })
        try refuseLater(given)
        var violations = keys.compactMap { fault(of: $0, in: body) }
        violations += choices.compactMap { fault(of: $0, in: given) }
        var message = JSONObject()
        for member in given.members {
            guard let field = key(member.key)?.field else { continue }
            if message[field] == nil {
                message.append(field, member.value)
            } else {
                violations.append(
                    Violation(
                        path: member.key,
                        message: "must not be given together with \(name(of: field, in: given))"))
            }
        }
        if takesRequestKey, let requestKey, !requestKey.isEmpty {
            violations += add(requestKey: requestKey, to: &message)
        }
        guard violations.isEmpty else { throw .invalid(violations) }
        do throws(JSONFaults) {
            return FilledForm(
                self, given: given,
                message: try MessageJSON.encode(.object(message), as: self.message))
        } catch {
            throw .invalid(error.violations) { name(of: $0, in: given) }
        }
    }

    /// The body may hold the same key, but not another.
    private func add(requestKey: String, to message: inout JSONObject) -> [Violation] {
        guard let other = message["request_id"] else {
            message.append("request_id", .string(requestKey))
            return []
        }
        if other == .string(requestKey) { return [] }
        return [
            Violation(path: "idempotency_key", message: "differs from the header Idempotency-Key")
        ]
    }

    fileprivate func name(of field: String, in given: JSONObject) -> String {
        let names = keys.filter { $0.field == field }.map(\.name)
        if let name = names.first(where: { given[$0] != nil }) { return name }
        return field == "request_id" ? "Idempotency-Key" : names.first ?? field
    }

    private func refuseLater(_ given: JSONObject) throws(JSONProblem) {
        for (name, value) in given.members.map({ ($0.key, $0.value) }) {
            let comesLater =
                switch key(name)?.use {
                case .later(with: nil): !value.asksForNothing
                case .later(with: let flag?): !value.asksForNothing && given[flag] == .bool(true)
                case .word, .text, .number, .flag, nil: false
                }
            if comesLater { throw .invalidRequest("\(name) with this value is not supported yet") }
        }
    }

    private func fault(of key: Key, in body: JSONObject) -> Violation? {
        guard let value = body[key.name] else {
            return key.isRequired ? Violation(path: key.name, message: "is required") : nil
        }
        return switch (key.use, value) {
        case (_, .null) where !key.isRequired: nil
        case (.text, .string), (.number, .number), (.flag, .bool), (.later, _): nil
        case (.word(let words), .string(let word)) where words.contains(word): nil
        case (.text, _): Violation(path: key.name, message: "must be a string")
        case (.number, _): Violation(path: key.name, message: "must be a number")
        case (.flag, _): Violation(path: key.name, message: "must be true or false")
        case (.word(let words), _):
            Violation(
                path: key.name, message: "must be one of \(words.joined(separator: ", "))")
        }
    }

    private func fault(of choice: [String], in given: JSONObject) -> Violation? {
        guard choice.count(where: { given[$0] != nil }) != 1 else { return nil }
        return Violation(
            path: choice[0],
            message: "or \(choice.dropFirst().joined(separator: " or ")): give exactly one")
    }
}

extension JSONValue {
    /// The same as leaving the key out: false, or nothing in it.
    fileprivate var asksForNothing: Bool {
        switch self {
        case .null, .bool(false): true
        case .string(let text): text.isEmpty
        case .array(let elements): elements.isEmpty
        case .object(let object): object.isEmpty
        case .bool(true), .number: false
        }
    }
}
