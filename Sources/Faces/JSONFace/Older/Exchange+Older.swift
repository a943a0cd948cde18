internal import Billing
internal import RPC
internal import Repository
internal import Wire

/// The routes from before `POST /v1/<group>.<method>`, and older shapes of the newest answers.
extension Exchange {
    /// An answer in the shape of the caller's version.
    func answer(_ route: Route, _ version: APIVersion) async throws(JSONProblem) -> JSONValue {
        guard version != .newest, let shape = version.shape(of: route) else {
            return try await answer(route)
        }
        return try await older(route, try body(), version, shape)
    }

    /// The newest answer to a body, made older.
    private func older(
        _ route: Route, _ body: JSONObject, _ version: APIVersion, _ shape: ReplyShape
    ) async throws(JSONProblem) -> JSONValue {
        try await makeSure(of: body, for: route, version)
        var asked = body
        for key in ["customer_data", "entity_data"] { asked.remove(key) }
        let wanted = (body["expand"]?.elements ?? []).compactMap { $0.isText ? $0 : nil }
        let expand = Expansion.asked(wanted, for: route)
        if !expand.isEmpty { asked.set("expand", .array(expand)) }
        let newest = try await with(asked).answer(route)
        var context = plainContext
        context.expand = Set(
            wanted.compactMap { if case .string(let text) = $0 { text } else { nil } })
        context.catalog = catalog(allVersions: true)
        return shape.value(newest.adding(Key.request, .object(body)), context)
    }

    private typealias Key = ReplyShape.Key

    func answer(_ call: OlderCall, _ version: APIVersion) async throws(JSONProblem) -> JSONValue {
        var body = try await olderBody(call)
        do throws(JSONProblem) {
            for rule in call.route.rules { try rule.apply(to: &body) }
            return try await answer(call.route.use, body, version)
        } catch {
            throw call.route.rules.renamed(error)
        }
    }

    private func answer(
        _ use: OlderRoute.Use, _ body: JSONObject, _ version: APIVersion
    ) async throws(JSONProblem) -> JSONValue {
        switch use {
        // One of the older clients takes each 501 for a fault that passes, and tells nobody why.
        case .call(let route):
            if let absence = route.absence { throw .invalidRequest(absence) }
            return try await with(body).answer(route, version)
        case .attach: return try await olderAttach(body, version)
        case .checkout: return try await checkout(body, version)
        case .cancel:
            _ = try await with(body).answer(.update)
            return .object([
                "success": .bool(true), "customer_id": body["customer_id"] ?? .null,
                "product_id": body["plan_id"] ?? .null,
            ])
        case .query: return try await query(body)
        case .setBalances: return try await setBalances(body)
        case .pageOfCustomers: return try await pageOfCustomers(body, version)
        case .pricingTable: return try await pricingTable(body)
        case .absent(let why): throw .invalidRequest(why)
        }
    }

    /// The body with what stands in the address, which decides.
    private func olderBody(_ call: OlderCall) async throws(JSONProblem) -> JSONObject {
        var body = try QueryText.object(request.query)
        if !["GET", "HEAD"].contains(request.method) {
            switch try document() {
            case .object(let object): body.merge(object)
            case .array(let elements) where elements.count == 1:
                // One of a list is as good as one by itself.
                guard case .object(let object) = elements[0] else { fallthrough }
                body.merge(object)
            default: throw .invalid("the body must be an object, or a list of one")
            }
        }
        for (key, value) in call.keys { body.set(key, .string(value)) }
        return body
    }

    /// The same request with another body.
    ///
    /// - Parameter keyed: whether it is known by the caller's `Idempotency-Key`, which only one
    ///   call can be.
    func with(_ body: JSONObject, keyed: Bool = true) -> Exchange {
        var exchange = self
        exchange.request.method = "POST"
        exchange.given = .object(body)
        if !keyed { exchange.request.headers.removeAll { $0.name == "idempotency-key" } }
        return exchange
    }
}

/// Before 2.1 a customer, or an entity, that a call names is made when there is none.
extension Exchange {
    private static let makers: Set<Route> = [
        .check, .track, .attach, .previewAttach, .multiAttach, .setupPayment, .createEntity,
    ]

    func makeSure(
        of body: JSONObject, for route: Route, _ version: APIVersion
    ) async throws(JSONProblem) {
        guard version < .newest, Exchange.makers.contains(route),
            scopes.contains(.customersWrite), let id = body.text("customer_id"),
            let customer = CustomerID(id)
        else { return }
        let data = body["customer_data"] ?? .object([:])
        if environment.state(of: customer) == nil || !data.asksForNothing {
            guard case .object(var fields) = data else {
                throw .invalid("customer_data must be an object")
            }
            fields.set("customer_id", body["customer_id"]!)
            if fields["disable_default"] == .bool(true) {
                throw .unsupported("customer_data.disable_default")
            }
            _ = try await with(fields, keyed: false).answer(.getOrCreateCustomer)
        }
        guard let entity = body.text("entity_id"), case .object(var fields)? = body["entity_data"],
            let state = environment.state(of: customer),
            !state.customer.buckets.extras.entities.all.contains(where: {
                $0.id == InlineText(entity)
            })
        else { return }
        fields.set("customer_id", body["customer_id"]!)
        fields.set("entity_id", body["entity_id"]!)
        _ = try await with(fields, keyed: false).answer(.createEntity)
    }
}

/// What an older shape is made of, beyond what the caller asks to see.
enum Expansion {
    static func asked(_ wanted: [JSONValue], for route: Route) -> [JSONValue] {
        let needed: [String] =
            switch route {
            case .check: ["balance.feature", "flag.feature"]
            case .getCustomer, .getOrCreateCustomer, .updateCustomer:
                ["subscriptions.plan", "purchases.plan", "balances.feature", "flags.feature"]
            default: []
            }
        let kept = wanted.filter { $0 != .string("upcoming_invoice") }
        return kept + needed.map { .string($0) }.filter { !kept.contains($0) }
    }
}
