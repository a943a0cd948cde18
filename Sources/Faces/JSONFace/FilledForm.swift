internal import Billing
internal import Wire

/// A request that has the right keys, as our own message.
struct FilledForm {
    let message: [UInt8]
    let given: JSONObject
    fileprivate let filler: Filler
    fileprivate let root: String
    fileprivate let part: String

    /// The text under a key.
    func text(_ name: String) -> String? {
        guard case .string(let text)? = given[name] else { return nil }
        return text
    }

    /// The texts of a list.
    func texts(_ name: String) -> [String] {
        guard case .array(let elements)? = given[name] else { return [] }
        return elements.compactMap { if case .string(let text) = $0 { text } else { nil } }
    }

    /// The number in a field, exactly: the message has only the nearest `double`, on which
    /// fingerprints rest, so that they are those of the gRPC face.
    func quantity(_ field: String) -> Quantity? {
        guard let name = filler.names.first(where: { $0.ours == field })?.theirs,
            case .number(let literal)? = given[name],
            let raw = DecimalText.parse(literal, digits: 10),
            raw.magnitude <= Quantity.limit.raw.magnitude
        else { return nil }
        return Quantity(raw: raw)
    }

    /// The name under which the caller knows a field of the message.
    func key(of field: String) -> String {
        var field = field
        for prefix in [root, part] where !prefix.isEmpty && field.hasPrefix(prefix + ".") {
            field.removeFirst(prefix.count + 1)
        }
        return filler.theirs(of: field)
    }
}

extension RequestForm {
    /// Checks the keys and fills in the message.
    ///
    /// - Parameter requestKey: the header `Idempotency-Key`.
    func fill(
        _ body: JSONObject, requestKey: String?, _ filler: Filler
    ) throws(JSONProblem) -> FilledForm {
        var (fields, filler) = try self.fields(body, filler)
        if takesRequestKey, let requestKey, !requestKey.isEmpty {
            add(requestKey: requestKey, to: &fields, &filler)
        }
        return try filled(fields, of: body, filler)
    }

    /// What a body says, before it is a message.
    func fields(
        _ body: JSONObject, _ filler: Filler
    ) throws(JSONProblem) -> (JSONObject, Filler) {
        var filler = filler
        return (try filler.fill(body, shape), filler)
    }

    func filled(
        _ fields: JSONObject, of body: JSONObject, _ filler: Filler
    ) throws(JSONProblem) -> FilledForm {
        guard filler.violations.isEmpty else { throw .invalid(filler.violations) }
        let fields = root.isEmpty ? fields : JSONObject([.init(root, .object(fields))])
        let form = FilledForm(message: [], given: body, filler: filler, root: root, part: part)
        do throws(JSONFaults) {
            return FilledForm(
                message: try MessageJSON.encode(.object(fields), as: message), given: body,
                filler: filler, root: root, part: part)
        } catch {
            throw .invalid(error.violations) { form.key(of: $0) }
        }
    }

    /// The body may hold the same key, but not another.
    private func add(requestKey: String, to fields: inout JSONObject, _ filler: inout Filler) {
        guard let other = fields["request_id"] else {
            filler.name("request_id", "Idempotency-Key")
            return fields.append("request_id", .string(requestKey))
        }
        if other != .string(requestKey) {
            filler.fault("idempotency_key", "differs from the header Idempotency-Key")
        }
    }
}
