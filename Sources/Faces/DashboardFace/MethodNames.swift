/// Which calls change nothing, by their names. What isn't known changes something: the audit tells
/// rather too much than too little.
enum MethodNames {
    private static let dataPrefix = "/tally.v1."
    private static let olderPrefix = "/v1/"
    private static let readingWords = [
        "Get", "List", "Preview", "Simulate", "Explain", "Aggregate", "Count",
    ]
    /// Begins like one that reads.
    private static let exceptions = ["GetOrCreateCustomer"]

    /// Calls that a session may make.
    static func isCall(_ path: Substring) -> Bool {
        isOfData(path) || path.hasPrefix(olderPrefix)
    }

    /// The API's own methods.
    static func isOfData(_ path: Substring) -> Bool { path.hasPrefix(dataPrefix) }

    /// As the audit tells it: "AttachService/Attach", "v1/customers.list".
    static func name(_ path: Substring) -> String {
        path.hasPrefix(dataPrefix)
            ? String(path.dropFirst(dataPrefix.count)) : String(path.dropFirst())
    }

    static func isReading(_ method: String, _ path: Substring) -> Bool {
        guard path.hasPrefix(dataPrefix) else { return isReadingOlder(method, path) }
        let word = path.split(separator: "/").last ?? ""
        return !exceptions.contains(String(word))
            && readingWords.contains { word.hasPrefix($0) }
    }

    private static func isReadingOlder(_ method: String, _ path: Substring) -> Bool {
        guard method == "POST" else { return method == "GET" || method == "HEAD" }
        let word = path.split(separator: ".").last ?? ""
        return ["get", "list", "aggregate"].contains(String(word)) || word.hasPrefix("preview_")
    }
}
