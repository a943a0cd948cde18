internal import Dispatch
internal import Synchronization
package import Wire

/// Requests to Stripe's API: over a few connections that are kept, with the API's version pinned
/// (what Stripe changes later changes nothing here), and sent again at once where that helps.
///
/// The secret key is in a header, and nowhere else: no address, no fault, no description has it.
package final class StripeClient: Sendable {
    /// The version that all of this was written and tested against.
    package static let version = "2026-10-28.endive"
    package static let standardBase = "https://api.stripe.com"

    package struct Settings: Sendable {
        /// Without a slash at its end. Over plain HTTP only to this machine.
        package var base = StripeClient.standardBase
        package var key: StripeKey
        /// PEM of the authorities to trust; nil: the system's.
        package var authorityFile: String?
        package var connectSeconds = 5
        package var timeoutSeconds = 30

        package init(key: StripeKey) {
            self.key = key
        }
    }

    /// Requests under way at once.
    private static let width = 8
    private static let wanted = ["stripe-should-retry", "idempotent-replayed", "retry-after"]

    private let settings: Settings
    private let lines: StripeLines

    package init(_ settings: Settings) {
        self.settings = settings
        lines = StripeLines(count: StripeClient.width) { [settings] in
            try HTTPSClient(
                authorityFile: settings.authorityFile, timeoutSeconds: settings.timeoutSeconds,
                connectSeconds: settings.connectSeconds,
                allowsPlain: settings.base.hasPrefix("http://"))
        }
    }

    package var isLive: Bool { settings.key.isLive }

    package func get(_ path: String, _ query: StripeForm = [:]) async throws(StripeFault)
        -> JSONValue
    {
        let text = query.encoded
        return try await send(path + (text.isEmpty ? "" : "?" + text), body: nil, key: nil)
    }

    /// nil: there is no such object.
    package func find(_ path: String) async throws(StripeFault) -> JSONValue? {
        do throws(StripeFault) {
            return try await get(path)
        } catch {
            guard error == .missing else { throw error }
            return nil
        }
    }

    /// All of a list, page by page.
    package func list(
        _ path: String, _ query: StripeForm = [:]
    ) async throws(StripeFault) -> [JSONValue] {
        var rows: [JSONValue] = []
        var after: String?
        repeat {
            var query = query
            query.append("limit", "100")
            if let after { query.append("starting_after", after) }
            let page = try await get(path, query)
            rows += page.data
            after = page.flag("has_more") == true ? page.data.last?.text("id") : nil
        } while after != nil
        return rows
    }

    /// - Parameter key: the idempotency key; nil: twice would be no harm.
    package func post(
        _ path: String, _ form: StripeForm = [:], key: String?
    ) async throws(StripeFault) -> JSONValue {
        try await send(path, body: Array(form.encoded.utf8), key: key)
    }

    /// Twice is no harm: it is gone.
    package func delete(_ path: String) async throws(StripeFault) -> JSONValue {
        try await send(path, body: nil, key: nil, deletes: true)
    }

    private func send(
        _ path: String, body: [UInt8]?, key: String?, deletes: Bool = false
    ) async throws(StripeFault) -> JSONValue {
        var headers = [
            "Authorization: Bearer \(settings.key.text)",
            "Stripe-Version: \(StripeClient.version)", "User-Agent: tally",
            // libcurl would wait for "100 Continue" before a longer body.
            "Expect:",
        ]
        if body != nil { headers.append("Content-Type: application/x-www-form-urlencoded") }
        if let key { headers.append("Idempotency-Key: \(key)") }
        var attempt = 1
        while true {
            let (outcome, result) = await once(settings.base + path, body, headers, deletes)
            guard case .failure(let fault) = result else { return try result.get() }
            // A POST without a key may have been done, and isn't sent twice.
            let mayRepeat = body == nil || key != nil
            let chance = Double.random(in: 0...1)
            guard mayRepeat, !Task.isCancelled,
                let pause = StripeRetry.pause(after: attempt, outcome, chance: chance)
            else { throw fault }
            try? await Task.sleep(for: .milliseconds(pause))
            attempt += 1
        }
    }

    private func once(
        _ url: String, _ body: [UInt8]?, _ headers: [String], _ deletes: Bool
    ) async -> (StripeRetry.Outcome, Result<JSONValue, StripeFault>) {
        let answer = await lines.run { client in
            if let body {
                return try client.post(
                    url, body: body, headers: headers, wanted: StripeClient.wanted)
            }
            if deletes {
                return try client.delete(url, headers: headers, wanted: StripeClient.wanted)
            }
            return try client.get(url, headers: headers, wanted: StripeClient.wanted)
        }
        switch answer {
        case .failure(let failure):
            return (.unreachable, .failure(.unreachable(failure.description)))
        case .success(let response):
            let isReplayed = response.headers["idempotent-replayed"] == "true"
            let advice = response.headers["stripe-should-retry"].map { $0 == "true" }
            let outcome = StripeRetry.Outcome.answer(
                status: response.status, advice: advice, isReplayed: isReplayed)
            let json = try? JSONParser.parse(response.body)
            guard 200..<300 ~= response.status else {
                let fault = StripeFault(
                    status: response.status, body: json ?? .null, isReplayed: isReplayed)
                return (outcome, .failure(fault))
            }
            // Cut off, or of somebody else: what was asked for may have been done.
            guard let json, case .object = json else {
                return (.unreachable, .failure(.unreachable("the answer is no JSON object")))
            }
            return (outcome, .success(json))
        }
    }
}
