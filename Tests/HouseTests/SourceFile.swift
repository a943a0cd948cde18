import Foundation

/// A Swift file under `Sources`, as text and as tokens.
struct SourceFile {
    /// From the root of the repository, for example "Sources/Billing/Values/Quantity.swift".
    let path: String
    let lines: [String]
    let tokens: [Token]

    init(path: String, text: String) {
        self.path = path
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        if lines.last == "" { lines.removeLast() }
        self.lines = lines
        tokens = Lexer.tokens(of: text)
    }

    /// The target it belongs to: its folder below `Sources`, `Sources/Services` or `Sources/Faces`.
    var target: String {
        let parts = path.split(separator: "/").map(String.init)
        return ["Services", "Faces"].contains(parts[1]) ? parts[2] : parts[1]
    }

    /// Where the tokens of `pattern` stand one after another.
    func places(of pattern: String) -> [Int] {
        let wanted = Lexer.tokens(of: pattern).map(\.text)
        guard let first = wanted.first else { return [] }
        return tokens.indices.filter { index in
            tokens[index].text == first
                && tokens[index...].prefix(wanted.count).map(\.text) == wanted
        }
    }

    /// The modules it imports, each with its line.
    var imports: [Token] {
        let kinds = ["struct", "class", "enum", "func", "protocol", "typealias", "var", "let"]
        return places(of: "import").compactMap { index in
            tokens[(index + 1)...].first { !kinds.contains($0.text) }
        }
    }

    /// The number of lines of each function and initialiser that has a body.
    var functions: [(line: Int, length: Int)] {
        tokens.indices.compactMap { index in
            guard startsFunction(index), let open = body(after: index) else { return nil }
            let line = tokens[index].line
            return (line, tokens[closing(open)].line - line + 1)
        }
    }

    private func startsFunction(_ index: Int) -> Bool {
        switch tokens[index].text {
        case "func", "deinit": true
        case "init": index == 0 || tokens[index - 1].text != "."
        default: false
        }
    }

    /// The brace that opens the body; nil for a protocol's requirement, which ends at the next
    /// declaration or at the protocol's own brace.
    private func body(after start: Int) -> Int? {
        var depth = 0
        for index in tokens.indices.dropFirst(start + 1) {
            switch tokens[index].text {
            case "(", "[": depth += 1
            case ")", "]": depth -= 1
            case "{" where depth == 0: return index
            case "}" where depth == 0: return nil
            case let word where depth == 0 && Self.declarations.contains(word):
                if tokens[index].line > tokens[index - 1].line { return nil }
            default: break
            }
        }
        return nil
    }

    private func closing(_ open: Int) -> Int {
        var depth = 0
        for index in tokens.indices.dropFirst(open) {
            if tokens[index].text == "{" { depth += 1 }
            if tokens[index].text == "}" { depth -= 1 }
            if depth == 0 { return index }
        }
        return tokens.count - 1
    }

    /// Words that a declaration begins with.
    static let declarations: Set<String> = [
        "actor", "associatedtype", "class", "deinit", "distributed", "enum", "extension", "final",
        "func", "import", "indirect", "infix", "init", "lazy", "let", "macro", "mutating",
        "nonisolated", "nonmutating", "override", "postfix", "precedencegroup", "prefix",
        "protocol", "required", "static", "struct", "subscript", "typealias", "unowned", "var",
        "weak", "package", "internal", "private", "fileprivate",
    ]
}

extension SourceFile {
    private static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    static func text(of path: String) throws -> String {
        try String(contentsOf: root.appending(path: path), encoding: .utf8)
    }

    /// Every Swift file under `Sources`, in order of path.
    static func all() throws -> [SourceFile] {
        let sources = root.appending(path: "Sources")
        let paths = FileManager.default.enumerator(atPath: sources.path(percentEncoded: false))?
            .compactMap { $0 as? String }.filter { $0.hasSuffix(".swift") }.sorted()
        return try (paths ?? []).map { path in
            let text = try String(contentsOf: sources.appending(path: path), encoding: .utf8)
            return SourceFile(path: "Sources/" + path, text: text)
        }
    }
}
