internal import Payments
internal import RPC
internal import Wire

/// One of the two servers, by the API that both have.
struct ComparedServer {
    private let name: String
    private let url: String
    private let key: String
    private let client: HTTPSClient

    init(tally flags: ServerFlags) throws {
        let endpoint = try flags.endpoint()
        let host = endpoint.host.contains(":") ? "[\(endpoint.host)]" : endpoint.host
        try self.init(
            "Tally", "https://\(host):\(endpoint.port)", try flags.key(), endpoint.authorityFile,
            flags.timeout)
    }

    init(_ url: String, keyFile: String, authorityFile: String?, seconds: Double) throws {
        guard url.hasPrefix("https://"), !url.hasSuffix("/v1"), !url.hasSuffix("/v1/") else {
            throw CommandFault(
                "--autumn \(url) must look like https://api.useautumn.com, without /v1",
                exit: .usage)
        }
        guard let key = try TextFile.read(keyFile)?.filter({ !$0.isWhitespace }), !key.isEmpty
        else { throw CommandFault("there is no API key in \(keyFile)", exit: .usage) }
        let base = url.hasSuffix("/") ? String(url.dropLast()) : url
        try self.init("Autumn", base, key, authorityFile, seconds)
    }

    private init(
        _ name: String, _ url: String, _ key: String, _ authorityFile: String?, _ seconds: Double
    ) throws {
        self.name = name
        self.url = url
        self.key = key
        client = try HTTPSClient(
            authorityFile: authorityFile, timeoutSeconds: max(1, Int(seconds.rounded(.up))))
    }

    /// The status and the body; also of an error, which may be what both say.
    func answer(_ method: String, _ body: JSONObject) throws -> ComparedAnswer {
        let response: HTTPSClient.Response
        do {
            response = try client.post(
                "\(url)/v1/\(method)", body: JSONWriter.bytes(.object(body)),
                headers: [
                    "authorization: Bearer \(key)", "content-type: application/json",
                    "x-api-version: 2.3.0",
                ])
        } catch let failure as HTTPSClient.Failure {
            throw CommandFault("\(name) at \(url): \(failure)", exit: .unavailable)
        }
        let json = try? JSONParser.parse(response.body)
        guard ![429, 503].contains(response.status), response.status < 500 else {
            throw CommandFault(
                "\(name) at \(url) can't answer now: \(response.status) "
                    + (json?.text("message") ?? ""), exit: .unavailable)
        }
        guard let json, response.status != 401, response.status != 403 else {
            throw CommandFault(
                "\(name) at \(url) refused \(method): \(response.status) "
                    + (json?.text("message") ?? "what came isn't JSON"), exit: .refused)
        }
        return ComparedAnswer(status: response.status, json: json)
    }

    /// All pages of a list.
    func list(_ method: String) throws -> [JSONValue] {
        var body: JSONObject = ["limit": .number(100)]
        var list: [JSONValue] = []
        while true {
            let page = try answer(method, body)
            guard page.status == 200 else {
                let why: String = page.json.text("message")
                throw CommandFault("\(name) at \(url) refused \(method): \(why)", exit: .refused)
            }
            list += page.json.list("list")
            let next: String = page.json.text("next_cursor")
            guard !next.isEmpty else { return list }
            body = ["limit": .number(100), "start_cursor": .string(next)]
        }
    }
}

struct ComparedAnswer {
    var status: Int
    var json: JSONValue
}

/// A field in which two answers differ.
struct AnswerDifference {
    var field: String
    var tally: JSONValue
    var autumn: JSONValue

    /// What is compared, in this order.
    static let fields = [
        "status", "code", "allowed", "required_balance", "flag", "balance",
        "balance.feature_id", "balance.granted", "balance.remaining", "balance.usage",
        "balance.unlimited", "balance.overage_allowed", "balance.max_purchase",
        "balance.next_reset_at",
    ]

    static func between(
        _ tally: ComparedAnswer, _ autumn: ComparedAnswer, ignoring ignored: Set<String>
    ) -> [AnswerDifference] {
        fields.compactMap { field in
            let here = value(field, of: tally), there = value(field, of: autumn)
            guard !ignored.contains(field), !isAlike(here, there) else { return nil }
            return AnswerDifference(field: field, tally: here, autumn: there)
        }
    }

    private static func value(_ field: String, of answer: ComparedAnswer) -> JSONValue {
        switch field {
        case "status": return .number(answer.status)
        // Only errors have one that counts.
        case "code": return answer.status < 300 ? .null : answer.json["code"] ?? .null
        // Whether there is one: their ids are each server's own.
        case "flag", "balance": return .bool(answer.json[field] ?? .null != .null)
        case "allowed", "required_balance": return answer.json[field] ?? .null
        default:
            return answer.json["balance", String(field.dropFirst("balance.".count))] ?? .null
        }
    }

    /// Numbers however they are written: 2 and 2.0.
    private static func isAlike(_ here: JSONValue, _ there: JSONValue) -> Bool {
        if case .number(let a) = here, case .number(let b) = there, let a = Double(a),
            let b = Double(b)
        {
            return a == b
        }
        return here == there
    }

    var sentence: String {
        "\(field): \(JSONWriter.text(tally)) in Tally, \(JSONWriter.text(autumn)) in Autumn"
    }

    var json: JSONValue {
        .object(["field": .string(field), "tally": tally, "autumn": autumn])
    }
}
