internal import Wire

/// A step that turns a body of an older route into that of the newest one.
enum BodyRule: Sendable {
    /// A key by its newer name, unless that is there already.
    case rename(String, String)
    /// What says nothing to the newest route.
    case drop(String)
    /// A key that the newest route wants, with what leaving it out said.
    case fill(String, JSONValue)
    /// A word by its newer word.
    case word(String, [String: String])
    /// An object or a list of objects, each by rules of its own.
    case inside(String, [BodyRule])
    /// Whatever takes more than that.
    case own(@Sendable (inout JSONObject) throws(JSONProblem) -> Void)

    func apply(to body: inout JSONObject) throws(JSONProblem) {
        switch self {
        case .rename(let old, let new):
            guard let value = body[old] else { return }
            body.remove(old)
            if body[new] == nil { body.set(new, value) }
        case .drop(let key): body.remove(key)
        case .fill(let key, let value):
            if body[key] == nil { body.set(key, value) }
        case .word(let key, let words):
            guard let word = body.text(key), let newer = words[word] else { return }
            body.set(key, .string(newer))
        case .inside(let key, let rules):
            guard let value = body[key] else { return }
            body.set(key, try BodyRule.each(value, rules))
        case .own(let change): try change(&body)
        }
    }

    private static func each(
        _ value: JSONValue, _ rules: [BodyRule]
    ) throws(JSONProblem) -> JSONValue {
        switch value {
        case .object(var object):
            for rule in rules { try rule.apply(to: &object) }
            return .object(object)
        case .array(let elements):
            var changed: [JSONValue] = []
            for element in elements { changed.append(try each(element, rules)) }
            return .array(changed)
        case .null, .bool, .number, .string: return value
        }
    }
}

extension [BodyRule] {
    /// What the caller calls the keys that a message names: an error speaks their words.
    func renamed(_ problem: JSONProblem) -> JSONProblem {
        guard problem.code == "invalid_inputs" || problem.code == "invalid_request" else {
            return problem
        }
        var told = problem
        for case .rename(let old, let new) in self where told.message.hasPrefix(new + " ") {
            told.message = old + told.message.dropFirst(new.count)
        }
        return told
    }
}

extension JSONObject {
    func text(_ key: String) -> String? {
        guard case .string(let text)? = self[key] else { return nil }
        return text
    }

    /// Absent, or null.
    func lacks(_ key: String) -> Bool { (self[key] ?? .null) == .null }
}
