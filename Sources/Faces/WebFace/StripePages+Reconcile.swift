internal import Billing
internal import RPC
internal import Repository
internal import Wire

/// For `tally stripe reconcile`.
///
///     POST /stripe/{environment}/reconcile?days=30&dry=1
///
/// 200: a JSON object with what differs. 401: no key of this environment that may attach. 503:
/// Stripe can't be asked now; what was repaired so far stays.
extension StripePages {
    func reconcile(
        _ request: PageRequest, _ environment: TallyEnvironment
    ) async -> PageResponse {
        guard request.method == "POST" else {
            return PageResponse(status: 405, headers: [("allow", "POST")])
        }
        guard isAllowed(request.header("authorization"), environment) else {
            return PageResponse(
                status: 401, headers: [("www-authenticate", "Bearer")],
                body: Array("a secret key of \(environment.name) is needed\n".utf8))
        }
        let query = request.target.split(separator: "?").dropFirst().first ?? ""
        let words = query.split(separator: "&")
        let days = words.first { $0.hasPrefix("days=") }.map { Int($0.dropFirst(5)) }
        guard let days = days ?? TallyEnvironment.reconcileDays, 1...365 ~= days else {
            return .text(400, "days must be from 1 to 365")
        }
        do {
            let found = try await environment.reconcile(
                days: days, isDry: words.contains("dry=1"))
            let object = StripePages.object(found ?? [])
            return PageResponse(
                status: 200, headers: [("content-type", "application/json")],
                body: Array(JSONWriter.text(object).utf8))
        } catch {
            return .text(503, "\(error)")
        }
    }

    private func isAllowed(_ authorization: String?, _ environment: TallyEnvironment) -> Bool {
        let scheme = "Bearer "
        guard let authorization, authorization.hasPrefix(scheme) else { return false }
        let key = Array(authorization.dropFirst(scheme.count).utf8)
        let scopes = key.withUnsafeBytes { environment.keys.scopes(of: $0) }
        return scopes?.contains(.attachWrite) ?? false
    }

    private static func object(_ found: [Discrepancy]) -> JSONValue {
        .object([
            "repaired": .array(found.filter(\.isRepaired).map { object($0) }),
            "remaining": .array(found.filter { !$0.isRepaired }.map { object($0) }),
        ])
    }

    private static func object(_ discrepancy: Discrepancy) -> JSONValue {
        var object: JSONObject = [
            "kind": .string(discrepancy.kind.rawValue),
            "customer_id": .string(discrepancy.customer.text),
            "object": .string(discrepancy.object),
        ]
        for (name, money) in [("here", discrepancy.here), ("there", discrepancy.there)] {
            guard let money else { continue }
            object.append(
                name,
                .object([
                    "currency": .string(money.currency.code),
                    "minor_units": .number(money.minorUnits),
                ]))
        }
        if !discrepancy.advice.isEmpty { object.append("advice", .string(discrepancy.advice)) }
        return .object(object)
    }
}
