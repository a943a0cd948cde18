internal import Wire

/// What settings were found to be, by key, and how they are read.
struct SettingsValues {
    private let texts: [String: String]

    init(_ values: [(entry: ServerSettings.Entry, value: String)]) {
        texts = Dictionary(uniqueKeysWithValues: values.map { ($0.entry.key, $0.value) })
    }

    func text(_ key: String) -> String { texts[key] ?? "" }

    func number(_ key: String, _ range: ClosedRange<Int>) throws -> Int {
        guard let number = Int(text(key)), range.contains(number) else {
            throw CommandFault(
                "\(key) must be a whole number from \(range.lowerBound) to "
                    + "\(range.upperBound), not \"\(text(key))\"", exit: .usage)
        }
        return number
    }

    func list(_ key: String) -> [String] {
        text(key).split(separator: ",").map { $0.filter { $0 != " " } }
    }

    /// One of a few words.
    func word<Word>(
        _ key: String, of words: Word.Type = Word.self
    ) throws -> Word where Word: RawRepresentable & CaseIterable, Word.RawValue == String {
        try SettingsValues.word(key, text(key))
    }

    /// Some of them, and at least one.
    func words<Word>(
        _ key: String, of words: Word.Type = Word.self
    ) throws -> [Word] where Word: RawRepresentable & CaseIterable, Word.RawValue == String {
        let texts = list(key)
        guard !texts.isEmpty else { throw CommandFault("\(key) is empty", exit: .usage) }
        return try texts.map { try SettingsValues.word(key, $0) }
    }

    private static func word<Word>(
        _ key: String, _ text: String
    ) throws -> Word where Word: RawRepresentable & CaseIterable, Word.RawValue == String {
        guard let word = Word(rawValue: text) else {
            let words = Word.allCases.map(\.rawValue).joined(separator: ", ")
            throw CommandFault("\(key) can be \(words), but not \"\(text)\"", exit: .usage)
        }
        return word
    }

    /// Of sections.
    func names(_ key: String) throws -> [String] {
        let names = list(key)
        let letters = Set("abcdefghijklmnopqrstuvwxyz0123456789-")
        for name in names where name.isEmpty || !letters.isSuperset(of: name) {
            throw CommandFault(
                "\(key): a name has small letters, digits and dashes, unlike \"\(name)\"",
                exit: .usage)
        }
        guard Set(names).count == names.count else {
            throw CommandFault("\(key) has a name twice", exit: .usage)
        }
        return names
    }
}

/// The settings file as a whole. Its values are read by the configuration library, which passes
/// over what nobody asks for; a misspelt key must not leave a door open.
enum SettingsFile {
    static func check(_ path: String, known: [String]) throws {
        guard let text = try TextFile.read(path), let content = try? JSONParser.parse(text),
            case .object(let file) = content
        else { throw CommandFault("\(path) is not a JSON object", exit: .usage) }
        for key in keys(.object(file), "") where !known.contains(where: { "tally." + $0 == key }) {
            throw CommandFault(
                "\(path): there is no setting \(key); tally settings lists them, and a section "
                    + "counts once listeners, principals or webhooks name it", exit: .usage)
        }
    }

    private static func keys(_ value: JSONValue, _ path: String) -> [String] {
        guard case .object(let object) = value else { return [path] }
        return object.members.flatMap {
            keys($0.value, path.isEmpty ? $0.key : path + "." + $0.key)
        }
    }
}
