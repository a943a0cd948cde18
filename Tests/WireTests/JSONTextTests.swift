import Testing

@testable import Wire

@Suite struct JSONTextTests {
    @Test(arguments: [
        "null", "true", "false", "0", "-0", "19.99", "-1.5e+10", "1E5", "\"\"", "\"é😀\"", "[]",
        "{}", "[1,[2,[]],{\"a\":null}]", "{\"a\":{\"b\":[true]},\"c\":\"d\"}",
        "\"\\b\\f\\n\\r\\t\\\"\\\\\\u0001\\u001f\"",
    ])
    func compactTextComesBackUnchanged(_ text: String) throws {
        #expect(JSONWriter.text(try JSONParser.parse(text)) == text)
    }

    @Test func escapesAreRead() throws {
        let value = try JSONParser.parse(#" "a\/\u00e9\uD83D\uDE00\u0000x" "#)
        #expect(value == .string("a/é😀\0x"))
    }

    @Test func prettyTextIndentsByTwo() throws {
        let value = try JSONParser.parse(#"{"a":[1,2],"b":{},"c":[],"d":{"e":null}}"#)
        let expected = """
            {
              "a": [
                1,
                2
              ],
              "b": {},
              "c": [],
              "d": {
                "e": null
              }
            }
            """
        #expect(JSONWriter.text(value, .pretty) == expected)
        #expect(try JSONParser.parse(expected) == value)
    }

    @Test(arguments: [
        ("", 1, 1, "expected a value, found the end of the text"),
        ("  ", 1, 3, "expected a value, found the end of the text"),
        ("{\n  \"a\": 1,\n}", 3, 1, "trailing comma"),
        ("[1, 2,]", 1, 7, "trailing comma"),
        ("[1 2]", 1, 4, "expected \",\" or \"]\""),
        ("{\"a\" 1}", 1, 6, "expected \":\""),
        ("{\"a\":1 \"b\":2}", 1, 8, "expected \",\" or \"}\""),
        ("{a:1}", 1, 2, "expected a key in double quotes"),
        ("{\"a\":1,\n\"a\":2}", 2, 1, "duplicate key"),
        ("{\"a\":1,\"\\u0061\":2}", 1, 8, "duplicate key"),
        ("tru", 1, 1, "expected true"),
        ("nul", 1, 1, "expected null"),
        ("NaN", 1, 1, "expected a value"),
        ("'a'", 1, 1, "expected a value"),
        ("// x\n1", 1, 1, "expected a value"),
        ("+1", 1, 1, "expected a value"),
        ("01", 1, 1, "a number has no leading zeros"),
        ("-", 1, 2, "expected a digit"),
        ("1.", 1, 3, "expected a digit"),
        (".5", 1, 1, "expected a value"),
        ("1e", 1, 3, "expected a digit"),
        ("1 2", 1, 3, "unexpected text after the value"),
        ("\"é\" x", 1, 5, "unexpected text after the value"),
        ("\"abc", 1, 1, "a string without closing quote"),
        ("\"abc\\", 1, 6, "a string without closing quote"),
        ("\"a\nb\"", 1, 3, "a control character must be escaped in a string"),
        ("\"\\x\"", 1, 2, "unknown escape"),
        ("\"\\u12g4\"", 1, 2, "\"\\u\" needs four hexadecimal digits"),
        ("\"\\ud83d\"", 1, 2, "a lone surrogate"),
        ("\"\\ud83dx\"", 1, 2, "a lone surrogate"),
        ("\"\\ud83d\\u0041\"", 1, 2, "a lone surrogate"),
        ("\"\\udc00\\ud83d\"", 1, 2, "a lone surrogate"),
        ("\u{FEFF}1", 1, 1, "a byte order mark is not allowed"),
    ])
    func faultyTextIsRefusedWithItsPlace(
        _ text: String, _ line: Int, _ column: Int, _ message: String
    ) {
        let expected = JSONSyntaxError(line: line, column: column, message: message)
        #expect(throws: expected) { try JSONParser.parse(text) }
    }

    @Test(
        arguments: [
            [0x22, 0xFF, 0x22], [0x22, 0xC0, 0x80, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22],
            [0x22, 0x5C, 0x6E, 0xE2, 0x82, 0x22],
        ] as [[UInt8]])
    func invalidUTF8IsRefused(_ bytes: [UInt8]) {
        let expected = JSONSyntaxError(
            line: 1, column: 1, message: "a string that is not valid UTF-8")
        #expect(throws: expected) { try JSONParser.parse(bytes) }
    }

    @Test func depthIsBounded() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        #expect(throws: Never.self) { try JSONParser.parse(nested(64)) }
        let expected = JSONSyntaxError(
            line: 1, column: 65, message: "nested deeper than 64 levels")
        #expect(throws: expected) { try JSONParser.parse(nested(65)) }
        #expect(throws: expected) { try JSONParser.parse(String(repeating: "[", count: 100_000)) }
    }

    /// Objects of many keys leave the linear search behind, and still refuse duplicates.
    @Test func manyKeysStayFast() throws {
        let members = (0..<50_000).map { "\"key\($0)\":\($0)" }.joined(separator: ",")
        guard case .object(let object) = try JSONParser.parse("{\(members)}") else {
            Issue.record("not an object")
            return
        }
        #expect(object.members.count == 50_000)
        #expect(object["key49999"] == .number("49999"))
        #expect(throws: JSONSyntaxError.self) {
            try JSONParser.parse("{\(members),\"key20\":0}")
        }
    }

    /// Any single byte changed or cut off gives a value or an error, never a trap.
    @Test func damagedTextNeverTraps() {
        let text = Array(#"{"a":[1.5e3,"x\u00e9\ud83d\ude00",true,null],"b":{"c":-0}}"#.utf8)
        var parsed = 0
        for index in text.indices {
            _ = try? JSONParser.parse(Array(text[..<index]))
            for byte in UInt8.min...UInt8.max {
                var damaged = text
                damaged[index] = byte
                guard let value = try? JSONParser.parse(damaged) else { continue }
                parsed += 1
                #expect((try? JSONParser.parse(JSONWriter.bytes(value))) == value)
            }
        }
        #expect(parsed > text.count)
    }

    @Test func numbersAreWrittenShort() {
        #expect(JSONValue.number(20.0) == .number("20"))
        #expect(JSONValue.number(-0.0) == .number("0"))
        #expect(JSONValue.number(0.1) == .number("0.1"))
        #expect(JSONValue.number(Float(0.1)) == .number("0.1"))
        #expect(JSONValue.number(1e15) == .number("1000000000000000"))
        #expect(JSONValue.number(Double.infinity) == .string("Infinity"))
        #expect(JSONValue.number(UInt64.max) == .number("18446744073709551615"))
    }

    @Test func pathsLeadThroughObjects() throws {
        let value = try JSONParser.parse(#"{"customer":{"name":"Acme"}}"#)
        #expect(value["customer", "name"] == .string("Acme"))
        #expect(value["customer", "email"] == nil)
        #expect(value["customer", "name", "first"] == nil)
    }
}
