/// A word, a number or one character of punctuation, and the line it stands on.
struct Token: Equatable {
    let text: String
    let line: Int
}

/// Cuts Swift source into tokens, leaving out comments and the text of string literals. What stands
/// in an interpolation is code and stays. Regex literals are not known: a quote in one would
/// mislead.
struct Lexer {
    private let bytes: [UInt8]
    private var at = 0
    private var line = 1
    private var tokens: [Token] = []

    static func tokens(of source: String) -> [Token] {
        var lexer = Lexer(bytes: Array(source.utf8))
        lexer.code(insideParentheses: false)
        return lexer.tokens
    }

    private init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// Up to the end, or past the parenthesis that closes an interpolation.
    private mutating func code(insideParentheses: Bool) {
        var depth = 0
        while at < bytes.count {
            if skipsComment() || skipsString() || takesWord() { continue }
            let byte = bytes[at]
            at += 1
            if byte == UInt8(ascii: "\n") { line += 1 }
            if byte == UInt8(ascii: "(") { depth += 1 }
            if byte == UInt8(ascii: ")") {
                if insideParentheses && depth == 0 { return }
                depth -= 1
            }
            if byte > UInt8(ascii: " ") { take([byte]) }
        }
    }

    private mutating func take(_ text: some Sequence<UInt8>) {
        tokens.append(Token(text: String(decoding: Array(text), as: UTF8.self), line: line))
    }

    private mutating func takesWord() -> Bool {
        let start = at
        while at < bytes.count, Self.isWord(bytes[at]) { at += 1 }
        if at > start { take(bytes[start..<at]) }
        return at > start
    }

    /// Backticks count as part of a word, so that an escaped keyword is no keyword.
    private static func isWord(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "`"), 0x80...:
            true
        default:
            false
        }
    }

    private func starts(with text: String) -> Bool {
        bytes[at...].starts(with: text.utf8)
    }

    private mutating func skip() {
        if bytes[at] == UInt8(ascii: "\n") { line += 1 }
        at += 1
    }

    private mutating func skipsComment() -> Bool {
        if starts(with: "//") {
            while at < bytes.count, bytes[at] != UInt8(ascii: "\n") { at += 1 }
            return true
        }
        guard starts(with: "/*") else { return false }
        var depth = 0
        repeat {
            if starts(with: "/*") {
                depth += 1
                at += 2
            } else if starts(with: "*/") {
                depth -= 1
                at += 2
            } else {
                skip()
            }
        } while depth > 0 && at < bytes.count
        return true
    }

    private mutating func skipsString() -> Bool {
        let pounds = String(repeating: "#", count: bytes[at...].prefix { $0 == 0x23 }.count)
        let quote = [pounds + "\"\"\"", pounds + "\""].first { starts(with: $0) }
        guard let quote else { return false }
        at += quote.utf8.count
        let close = String(quote.reversed())
        while at < bytes.count {
            if starts(with: close) {
                at += close.utf8.count
                return true
            } else if starts(with: "\\" + pounds + "(") {
                at += pounds.utf8.count + 2
                code(insideParentheses: true)
            } else if starts(with: "\\" + pounds) {
                at += pounds.utf8.count + 1
                if at < bytes.count { skip() }
            } else {
                skip()
            }
        }
        return true
    }
}
