/// Why a text is not JSON, and where: 1-based line, and 1-based column in Unicode scalars.
package struct JSONSyntaxError: Error, Sendable, Equatable {
    package var line: Int
    package var column: Int
    package var message: String
}

/// Reads RFC 8259 JSON from UTF-8, strictly: no comments, no trailing commas, no byte order mark.
///
/// Beyond the grammar it refuses what readers are known to disagree on: duplicate keys (compared as
/// Swift compares text, by canonical equivalence), lone surrogates, invalid UTF-8. Nesting is
/// bounded, because the stack is; the size of the text is for the caller to bound.
package struct JSONParser {
    package static let depthLimit = 64

    private var reader: JSONReader
    private let depthLimit: Int

    package static func parse(
        _ bytes: UnsafeRawBufferPointer, depthLimit: Int = JSONParser.depthLimit
    ) throws(JSONSyntaxError) -> JSONValue {
        var parser = JSONParser(reader: JSONReader(bytes), depthLimit: depthLimit)
        return try parser.document()
    }

    package static func parse(
        _ bytes: [UInt8], depthLimit: Int = JSONParser.depthLimit
    ) throws(JSONSyntaxError) -> JSONValue {
        try bytes.withUnsafeBufferPointer { (buffer) throws(JSONSyntaxError) in
            try parse(UnsafeRawBufferPointer(buffer), depthLimit: depthLimit)
        }
    }

    package static func parse(
        _ text: String, depthLimit: Int = JSONParser.depthLimit
    ) throws(JSONSyntaxError) -> JSONValue {
        try parse(Array(text.utf8), depthLimit: depthLimit)
    }

    private mutating func document() throws(JSONSyntaxError) -> JSONValue {
        if reader.starts(with: [0xEF, 0xBB, 0xBF]) {
            throw reader.fault("a byte order mark is not allowed")
        }
        reader.skipSpace()
        let value = try value(depth: 0)
        reader.skipSpace()
        if reader.peek() != nil { throw reader.fault("unexpected text after the value") }
        return value
    }

    private mutating func value(depth: Int) throws(JSONSyntaxError) -> JSONValue {
        guard let first = reader.peek() else {
            throw reader.fault("expected a value, found the end of the text")
        }
        switch first {
        case UInt8(ascii: "{"): return .object(try object(depth: depth + 1))
        case UInt8(ascii: "["): return .array(try array(depth: depth + 1))
        case UInt8(ascii: "\""): return .string(try reader.string())
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            return .number(try reader.number())
        case UInt8(ascii: "t"): return try literal("true", .bool(true))
        case UInt8(ascii: "f"): return try literal("false", .bool(false))
        case UInt8(ascii: "n"): return try literal("null", .null)
        case _: throw reader.fault("expected a value")
        }
    }

    private mutating func literal(
        _ word: StaticString, _ value: JSONValue
    ) throws(JSONSyntaxError) -> JSONValue {
        let matches = word.withUTF8Buffer { reader.starts(with: $0) }
        guard matches else { throw reader.fault("expected \(word)") }
        reader.skip(word.utf8CodeUnitCount)
        return value
    }

    private func checkDepth(_ depth: Int) throws(JSONSyntaxError) {
        if depth > depthLimit { throw reader.fault("nested deeper than \(depthLimit) levels") }
    }

    private mutating func array(depth: Int) throws(JSONSyntaxError) -> [JSONValue] {
        try checkDepth(depth)
        reader.skip(1)
        reader.skipSpace()
        if reader.take("]") { return [] }
        var elements: [JSONValue] = []
        while true {
            elements.append(try value(depth: depth))
            reader.skipSpace()
            if reader.take("]") { return elements }
            guard reader.take(",") else { throw reader.fault("expected \",\" or \"]\"") }
            reader.skipSpace()
            if reader.peek() == UInt8(ascii: "]") { throw reader.fault("trailing comma") }
        }
    }

    private mutating func object(depth: Int) throws(JSONSyntaxError) -> JSONObject {
        try checkDepth(depth)
        reader.skip(1)
        reader.skipSpace()
        var object = JSONObject()
        if reader.take("}") { return object }
        var keys = SeenKeys()
        while true {
            let start = reader.offset
            guard reader.peek() == UInt8(ascii: "\"") else {
                throw reader.fault("expected a key in double quotes")
            }
            let key = try reader.string()
            guard keys.insert(key, into: object) else {
                throw reader.fault("duplicate key", at: start)
            }
            reader.skipSpace()
            guard reader.take(":") else { throw reader.fault("expected \":\"") }
            reader.skipSpace()
            object.append(key, try value(depth: depth))
            reader.skipSpace()
            if reader.take("}") { return object }
            guard reader.take(",") else { throw reader.fault("expected \",\" or \"}\"") }
            reader.skipSpace()
            if reader.peek() == UInt8(ascii: "}") { throw reader.fault("trailing comma") }
        }
    }
}

/// Which keys an object has so far: a search while they are few, a set before that is too slow.
private struct SeenKeys {
    private static let few = 16
    private var set: Set<String> = []

    /// False: the key is there already.
    mutating func insert(_ key: String, into object: JSONObject) -> Bool {
        let members = object.members
        if members.count < SeenKeys.few { return !members.contains { $0.key == key } }
        if set.isEmpty { set = Set(members.map(\.key)) }
        return set.insert(key).inserted
    }
}
