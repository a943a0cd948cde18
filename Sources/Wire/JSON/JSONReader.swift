/// The lexical half of JSON: where we are in the text, its strings and its numbers.
struct JSONReader {
    private let bytes: UnsafeRawBufferPointer
    private(set) var offset = 0

    init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
    }

    func peek() -> UInt8? {
        offset < bytes.count ? bytes[offset] : nil
    }

    func starts(with expected: some Collection<UInt8>) -> Bool {
        bytes[offset...].starts(with: expected)
    }

    mutating func skip(_ count: Int) {
        offset += count
    }

    mutating func take(_ wanted: Unicode.Scalar) -> Bool {
        guard peek() == UInt8(ascii: wanted) else { return false }
        offset += 1
        return true
    }

    mutating func skipSpace() {
        while let byte = peek(), byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 {
            offset += 1
        }
    }

    /// The line and column are counted only here, so that good text pays nothing for them.
    func fault(_ message: String, at place: Int? = nil) -> JSONSyntaxError {
        var (line, column) = (1, 1)
        for byte in bytes[..<min(place ?? offset, bytes.count)] {
            if byte == 0x0A {
                (line, column) = (line + 1, 1)
            } else if byte & 0xC0 != 0x80 {
                column += 1
            }
        }
        return JSONSyntaxError(line: line, column: column, message: message)
    }

    private func text(_ range: Range<Int>) -> String? {
        String(validating: UnsafeRawBufferPointer(rebasing: bytes[range]), as: UTF8.self)
    }
}

extension JSONReader {
    /// A literal, checked against the grammar and returned as it stands.
    mutating func number() throws(JSONSyntaxError) -> String {
        let start = offset
        _ = take("-")
        if take("0") {
            if isDigit(peek()) { throw fault("a number has no leading zeros", at: start) }
        } else {
            try digits()
        }
        if take(".") { try digits() }
        if take("e") || take("E") {
            if !take("+") { _ = take("-") }
            try digits()
        }
        return text(start..<offset) ?? ""
    }

    private mutating func digits() throws(JSONSyntaxError) {
        guard isDigit(peek()) else { throw fault("expected a digit") }
        while isDigit(peek()) { offset += 1 }
    }

    private func isDigit(_ byte: UInt8?) -> Bool {
        guard let byte else { return false }
        return byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
    }
}

extension JSONReader {
    /// A string with its quotes. Most have no escapes, and are taken over in one piece.
    mutating func string() throws(JSONSyntaxError) -> String {
        let start = offset
        offset += 1
        let plain = offset
        try skipPlain(from: start)
        if bytes[offset] == UInt8(ascii: "\"") {
            offset += 1
            guard let text = text(plain..<offset - 1) else {
                throw fault("a string that is not valid UTF-8", at: start)
            }
            return text
        }
        return try escapedString(start: start, plain: plain)
    }

    private mutating func escapedString(
        start: Int, plain: Int
    ) throws(JSONSyntaxError) -> String {
        var unescaped = Array(bytes[plain..<offset])
        while true {
            if take("\"") { break }
            try escape(into: &unescaped)
            let run = offset
            try skipPlain(from: start)
            unescaped.append(contentsOf: bytes[run..<offset])
        }
        guard let text = String(validating: unescaped, as: UTF8.self) else {
            throw fault("a string that is not valid UTF-8", at: start)
        }
        return text
    }

    /// To the next quote or backslash, which is there when this returns.
    private mutating func skipPlain(from start: Int) throws(JSONSyntaxError) {
        while let byte = peek() {
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { return }
            if byte < 0x20 {
                throw fault("a control character must be escaped in a string")
            }
            offset += 1
        }
        throw fault("a string without closing quote", at: start)
    }

    private mutating func escape(into output: inout [UInt8]) throws(JSONSyntaxError) {
        let start = offset
        offset += 1
        guard let byte = peek() else { throw fault("a string without closing quote") }
        offset += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): output.append(byte)
        case UInt8(ascii: "b"): output.append(0x08)
        case UInt8(ascii: "f"): output.append(0x0C)
        case UInt8(ascii: "n"): output.append(0x0A)
        case UInt8(ascii: "r"): output.append(0x0D)
        case UInt8(ascii: "t"): output.append(0x09)
        case UInt8(ascii: "u"): output.append(contentsOf: String(try scalar(from: start)).utf8)
        case _: throw fault("unknown escape", at: start)
        }
    }

    /// After "\u": one code unit, or the pair of surrogates that makes one scalar.
    private mutating func scalar(from start: Int) throws(JSONSyntaxError) -> Unicode.Scalar {
        let unit = try codeUnit(from: start)
        if let scalar = Unicode.Scalar(unit) { return scalar }
        guard unit < 0xDC00, starts(with: [UInt8(ascii: "\\"), UInt8(ascii: "u")]) else {
            throw fault("a lone surrogate", at: start)
        }
        offset += 2
        let low = try codeUnit(from: offset - 2)
        guard low >= 0xDC00, low <= 0xDFFF,
            let scalar = Unicode.Scalar(0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00))
        else {
            throw fault("a lone surrogate", at: start)
        }
        return scalar
    }

    private mutating func codeUnit(from start: Int) throws(JSONSyntaxError) -> UInt32 {
        var unit: UInt32 = 0
        for _ in 0..<4 {
            guard let digit = peek().flatMap(hexDigit) else {
                throw fault("\"\\u\" needs four hexadecimal digits", at: start)
            }
            unit = unit << 4 | digit
            offset += 1
        }
        return unit
    }

    private func hexDigit(_ byte: UInt8) -> UInt32? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt32(byte - UInt8(ascii: "a") + 10)
        case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt32(byte - UInt8(ascii: "A") + 10)
        case _: nil
        }
    }
}
