internal import Wire

/// What a request's address says, as a body would.
enum QueryText {
    /// nil: the escapes aren't UTF-8.
    static func decoded(_ text: some StringProtocol) -> String? {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), rest.count >= 2,
                let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
            {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(validating: bytes, as: UTF8.self)
    }

    private static let numbers: Set<String> = ["limit", "offset", "version"]
    private static let lists: Set<String> = ["expand"]

    /// The keys of a query: lists are separated by commas, or said several times.
    static func object(_ query: Substring?) throws(JSONProblem) -> JSONObject {
        var object = JSONObject()
        for pair in (query ?? "").split(separator: "&") {
            let name = pair.prefix { $0 != "=" }
            let text = pair.dropFirst(name.utf8.count + 1).replacing("+", with: " ")
            guard let given = decoded(name), let text = decoded(text) else {
                throw .invalid("the query is not UTF-8")
            }
            let key = given.hasSuffix("[]") ? String(given.dropLast(2)) : given
            if lists.contains(key) {
                let more = text.split(separator: ",").map { JSONValue.string(String($0)) }
                object.set(key, .array((object[key]?.elements ?? []) + more))
            } else if object[key] != nil {
                throw .invalid("\(key) is given twice")
            } else {
                object.append(key, value(text, of: key))
            }
        }
        return object
    }

    private static func value(_ text: String, of key: String) -> JSONValue {
        switch text {
        case "true": .bool(true)
        case "false": .bool(false)
        default: numbers.contains(key) && Int(text) != nil ? .number(Int(text)!) : .string(text)
        }
    }
}
