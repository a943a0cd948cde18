/// Writes JSON as UTF-8: in one line, or indented by two spaces for people.
package struct JSONWriter {
    package enum Layout: Sendable {
        case compact
        case pretty
    }

    private var bytes: [UInt8] = []
    private let layout: Layout

    private init(_ layout: Layout) {
        self.layout = layout
    }

    /// Without a line break at the end.
    package static func bytes(_ value: JSONValue, _ layout: Layout = .compact) -> [UInt8] {
        var writer = JSONWriter(layout)
        writer.write(value, level: 0)
        return writer.bytes
    }

    /// Without a line break at the end.
    package static func text(_ value: JSONValue, _ layout: Layout = .compact) -> String {
        String(decoding: bytes(value, layout), as: UTF8.self)
    }

    private mutating func write(_ value: JSONValue, level: Int) {
        switch value {
        case .null: bytes.append(contentsOf: "null".utf8)
        case .bool(let flag): bytes.append(contentsOf: (flag ? "true" : "false").utf8)
        case .number(let literal): bytes.append(contentsOf: literal.utf8)
        case .string(let text): write(text)
        case .array(let elements):
            write(elements, "[", "]", level: level) { writer, element in
                writer.write(element, level: level + 1)
            }
        case .object(let object):
            write(object.members, "{", "}", level: level) { writer, member in
                writer.write(member.key)
                writer.put(":")
                if writer.layout == .pretty { writer.put(" ") }
                writer.write(member.value, level: level + 1)
            }
        }
    }

    private mutating func write<Item>(
        _ items: [Item], _ open: Unicode.Scalar, _ close: Unicode.Scalar, level: Int,
        each: (inout JSONWriter, Item) -> Void
    ) {
        put(open)
        for (index, item) in items.enumerated() {
            if index > 0 { put(",") }
            breakLine(level: level + 1)
            each(&self, item)
        }
        if !items.isEmpty { breakLine(level: level) }
        put(close)
    }

    private mutating func breakLine(level: Int) {
        guard layout == .pretty else { return }
        put("\n")
        bytes.append(contentsOf: repeatElement(UInt8(ascii: " "), count: 2 * level))
    }

    private mutating func put(_ scalar: Unicode.Scalar) {
        bytes.append(UInt8(ascii: scalar))
    }

    private mutating func write(_ text: String) {
        put("\"")
        var text = text
        text.withUTF8 { source in
            var start = 0
            for (index, byte) in source.enumerated() where JSONWriter.needsEscape(byte) {
                bytes.append(contentsOf: source[start..<index])
                escape(byte)
                start = index + 1
            }
            bytes.append(contentsOf: source[start...])
        }
        put("\"")
    }

    private static func needsEscape(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
    }

    private mutating func escape(_ byte: UInt8) {
        put("\\")
        switch byte {
        case 0x08: put("b")
        case 0x09: put("t")
        case 0x0A: put("n")
        case 0x0C: put("f")
        case 0x0D: put("r")
        case 0x00..<0x20:
            bytes.append(contentsOf: (byte < 0x10 ? "u000" : "u001").utf8)
            bytes.append(contentsOf: String(byte & 0x0F, radix: 16).utf8)
        case _: bytes.append(byte)
        }
    }
}
