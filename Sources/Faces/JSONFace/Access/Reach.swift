internal import Billing
internal import RPC
internal import Repository
internal import Wire

/// Callers whose keys may do less than their scopes say.
struct Reach {
    private let access: AccessList
    private let caller: Access

    init(_ access: AccessList, _ caller: Access) {
        self.access = access
        self.caller = caller
    }

    /// By where the call goes.
    func check(_ request: PageRequest) throws(JSONProblem) {
        switch caller.kind {
        case .secret: return
        case .publishable:
            guard Reach.isPublic(request.method, request.path) else {
                throw JSONProblem(
                    401, "endpoint_not_public",
                    "a publishable key can't call \(request.path); use a secret key, on a server")
            }
        case .refresh:
            guard request.path == "/v1/" + Route.refreshKey.rawValue else {
                throw JSONProblem(
                    401, "invalid_secret_key", "a refresh token is good for keys.refresh alone")
            }
        case .customer:
            let name = request.path.dropFirst("/v1/".count)
            guard let route = Route(rawValue: String(name)), Reach.isAboutOneCustomer(route) else {
                throw JSONProblem(
                    403, "insufficient_scopes",
                    "a customer's key can't call \(request.path); use a secret key, on a server")
            }
        }
    }

    /// Entitlements §10.1.
    private static func isPublic(_ method: String, _ path: Substring) -> Bool {
        switch (method, path) {
        case ("GET", "/v1/products"), ("POST", "/v1/entitled"), ("POST", "/v1/check"): return true
        case ("GET", _):
            let parts = path.split(separator: "/", omittingEmptySubsequences: false)
            return parts.count == 4 && parts[2] == "customers" && !parts[3].isEmpty
        default: return false
        }
    }

    /// Those that are told whom they are about by `customer_id`, or show nothing of anybody.
    private static func isAboutOneCustomer(_ route: Route) -> Bool {
        switch route {
        case .check, .track, .trackTokens, .batchTrack, .finalize, .getCustomer, .getEntity,
            .listEntities, .listInvoices, .listEvents, .aggregateEvents, .listFeatures,
            .getFeature, .listPlans, .getPlan:
            true
        default: false
        }
    }

    /// The body, saying whom it is about: nobody else than whose the key is.
    func limited(_ document: JSONValue) throws(JSONProblem) -> JSONValue {
        guard caller.kind == .customer else { return document }
        guard let own = access.customer(of: caller) else { throw .invalidSecretKey }
        switch document {
        case .object(var object):
            try limit(&object, to: own)
            return .object(object)
        case .array(let elements):
            var limited: [JSONValue] = []
            for element in elements {
                guard case .object(var object) = element else {
                    limited.append(element)
                    continue
                }
                try limit(&object, to: own)
                limited.append(.object(object))
            }
            return .array(limited)
        default: return document
        }
    }

    private func limit(_ object: inout JSONObject, to own: CustomerID) throws(JSONProblem) {
        // Whoever has to pay for usage mustn't take it back.
        for key in ["value", "required_balance", "override_value"] {
            guard case .number(let literal)? = object[key], literal.hasPrefix("-"),
                DecimalText.parse(literal, digits: 10) != 0
            else { continue }
            throw JSONProblem(
                403, "insufficient_scopes",
                "a customer's key can't give back usage: \(key) must not be negative; use a "
                    + "secret key, on a server")
        }
        switch object["customer_id"] ?? .null {
        case .string(own.text): return
        case .null: object.set("customer_id", .string(own.text))
        default:
            throw JSONProblem(
                403, "insufficient_scopes",
                "the key is customer \"\(own.text)\"'s: customer_id must say so, or be left out")
        }
    }
}
