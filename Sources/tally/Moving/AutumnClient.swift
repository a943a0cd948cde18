internal import Payments
internal import Wire

/// Calls the JSON API of the system that customers come from: reads, nothing else.
struct AutumnClient {
    private let client: HTTPSClient
    private let base: String
    private let headers: [String]

    /// What the other side said, or that it said nothing.
    struct Failure: Error {
        var text: String
        /// It can't be reached, or can't answer now.
        var isAway: Bool
    }

    init(url: String, key: String, authorityFile: String?) throws(Failure) {
        var base = url
        while base.hasSuffix("/") { base.removeLast() }
        if base.hasSuffix("/v1") { base.removeLast(3) }
        self.base = base
        headers = [
            "authorization: Bearer \(key)", "content-type: application/json",
            "x-api-version: 2.3.0", "user-agent: tally", "Expect:",
        ]
        do {
            client = try HTTPSClient(
                authorityFile: authorityFile, timeoutSeconds: 60,
                allowsPlain: base.hasPrefix("http://127.0.0.1:"))
        } catch {
            throw Failure(text: "\(error)", isAway: false)
        }
    }

    func call(_ route: String, _ body: JSONObject) throws(Failure) -> JSONValue {
        let bytes = JSONWriter.bytes(.object(body))
        let answer: HTTPSClient.Response
        do {
            answer = try client.post("\(base)/v1/\(route)", body: bytes, headers: headers)
        } catch {
            throw Failure(text: "\(base) can't be reached: \(error)", isAway: true)
        }
        let json = try? JSONParser.parse(answer.body)
        guard answer.status == 200, let json else {
            var said = "it answers \(answer.status) to \(route)"
            if case .string(let message)? = json?["message"] { said += ": \(message)" }
            throw Failure(
                text: "\(base): \(said)", isAway: answer.status == 429 || answer.status >= 500)
        }
        return json
    }

    /// All of a list that comes in pages.
    func list(
        _ route: String, _ body: JSONObject = [:], _ note: (Int) -> Void = { _ in }
    ) throws(Failure) -> [JSONValue] {
        var all: [JSONValue] = []
        var cursor = ""
        while true {
            var body = body
            body.append("start_cursor", .string(cursor))
            body.append("limit", .number(100))
            let page = try call(route, body)
            if case .array(let rows)? = page["list"] { all += rows }
            note(all.count)
            guard case .string(let next)? = page["next_cursor"], !next.isEmpty, next != cursor
            else { return all }
            cursor = next
        }
    }
}
