internal import Repository
internal import Wire

/// A route from before `POST /v1/<group>.<method>`: how its path and body become those of the
/// newest one, and what answers.
struct OlderRoute: Sendable {
    enum Use: Sendable {
        /// The newest route answers, in the shape of the caller's version.
        case call(Route)
        /// These have answers of their own, in every version.
        case attach, checkout, cancel, query, setBalances, pageOfCustomers, pricingTable
        /// There is no such thing here.
        case absent(String)
    }

    let method: String
    /// A part that begins with a colon is a key of the body.
    let path: [Substring]
    let use: Use
    let rules: [BodyRule]

    init(_ method: String, _ path: String, _ use: Use, _ rules: [BodyRule] = []) {
        self.method = method
        self.path = path.split(separator: "/")
        self.use = use
        self.rules = rules
    }

    /// What the caller must be allowed.
    var scope: Scopes {
        switch use {
        case .call(let route): route.scope
        case .attach, .checkout, .cancel: .attachWrite
        case .query: .usageRead
        case .setBalances: .customersWrite
        case .pageOfCustomers: .customersRead
        case .pricingTable, .absent: .catalogRead
        }
    }

    /// The keys that a path holds; nil: it is another's.
    func match(_ parts: [Substring]) -> [(key: String, value: String)]? {
        guard parts.count == path.count else { return nil }
        var keys: [(key: String, value: String)] = []
        for (part, wanted) in zip(parts, path) {
            if wanted.first == ":" {
                guard let value = QueryText.decoded(part) else { return nil }
                keys.append((String(wanted.dropFirst()), value))
            } else if part != wanted {
                return nil
            }
        }
        return keys
    }
}

/// A request to one of them.
struct OlderCall {
    let route: OlderRoute
    let keys: [(key: String, value: String)]

    /// nil: the path is none of theirs.
    ///
    /// - Parameter path: what follows `/v1/`.
    init?(_ method: String, _ path: Substring) throws(JSONProblem) {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        let method = method == "HEAD" ? "GET" : method
        var allowed: [String] = []
        for route in OlderRoute.all {
            guard let keys = route.match(parts) else { continue }
            if route.method == method {
                self.route = route
                self.keys = keys
                return
            }
            allowed.append(route.method)
        }
        guard allowed.isEmpty else { throw .methodNotAllowed(but: allowed) }
        return nil
    }
}

extension OlderRoute {
    static let all: [OlderRoute] = usage + customers + purchases + catalog

    private static let usage: [OlderRoute] = [
        OlderRoute("POST", "check", .call(.check)),
        OlderRoute("POST", "entitled", .call(.check)),
        OlderRoute("POST", "track", .call(.track), [.valueOfProperties]),
        OlderRoute("POST", "events", .call(.track), [.valueOfProperties]),
        OlderRoute("POST", "track_tokens", .call(.trackTokens)),
        OlderRoute("POST", "usage", .call(.updateBalance), [.rename("value", "usage")]),
        OlderRoute("POST", "query", .query),
        OlderRoute("POST", "events/list", .call(.listEvents)),
        OlderRoute("POST", "events/aggregate", .call(.aggregateEvents)),
        OlderRoute("POST", "balances/create", .call(.createBalance)),
        OlderRoute("POST", "balances/update", .call(.updateBalance)),
        OlderRoute("POST", "balances/recalculate", .call(.recalculateBalances)),
    ]

    private static let customers: [OlderRoute] = [
        OlderRoute("GET", "customers", .pageOfCustomers),
        OlderRoute("POST", "customers/list", .pageOfCustomers),
        OlderRoute("POST", "customers", .call(.getOrCreateCustomer), newCustomer),
        OlderRoute("GET", "customers/:customer_id", .call(.getCustomer)),
        OlderRoute("POST", "customers/:customer_id", .call(.updateCustomer), [.newCustomerID]),
        OlderRoute("PATCH", "customers/:customer_id", .call(.updateCustomer), [.newCustomerID]),
        OlderRoute("DELETE", "customers/:customer_id", .call(.deleteCustomer)),
        OlderRoute("POST", "customers/:customer_id/balances", .setBalances),
        OlderRoute("POST", "customers/:customer_id/billing_portal", .call(.openPortal)),
        OlderRoute(
            "POST", "customers/:customer_id/transfer",
            .absent("a plan can't be moved between a customer and an entity; cancel and attach")),
        OlderRoute(
            "POST", "customers/:customer_id/entities", .call(.createEntity),
            [.rename("id", "entity_id")]),
        OlderRoute("GET", "customers/:customer_id/entities", .call(.listEntities)),
        OlderRoute("GET", "customers/:customer_id/entities/:entity_id", .call(.getEntity)),
        OlderRoute("DELETE", "customers/:customer_id/entities/:entity_id", .call(.deleteEntity)),
        OlderRoute("POST", "referrals/code", .call(.createReferralCode)),
        OlderRoute("POST", "referrals/redeem", .call(.redeemReferralCode)),
    ]

    private static let purchases: [OlderRoute] = [
        OlderRoute("POST", "attach", .attach, purchase),
        OlderRoute("POST", "checkout", .checkout, purchase),
        OlderRoute("POST", "cancel", .cancel, cancel),
        OlderRoute(
            "POST", "setup_payment", .call(.setupPayment), [.rename("product_id", "plan_id")]),
        OlderRoute("POST", "billing_portal", .call(.openPortal)),
    ]

    private static let catalog: [OlderRoute] = [
        OlderRoute("GET", "products", .call(.listPlans)),
        OlderRoute("POST", "products", .call(.createPlan), product),
        OlderRoute("GET", "products/:plan_id", .call(.getPlan)),
        OlderRoute("POST", "products/:plan_id", .call(.updatePlan), product),
        OlderRoute("PATCH", "products/:plan_id", .call(.updatePlan), product),
        OlderRoute("DELETE", "products/:plan_id", .call(.deletePlan)),
        OlderRoute("GET", "plans", .call(.listPlans)),
        OlderRoute("POST", "plans", .call(.createPlan), plan),
        OlderRoute("GET", "plans/:plan_id", .call(.getPlan)),
        OlderRoute("POST", "plans/:plan_id", .call(.updatePlan), plan),
        OlderRoute("PATCH", "plans/:plan_id", .call(.updatePlan), plan),
        OlderRoute("DELETE", "plans/:plan_id", .call(.deletePlan)),
        OlderRoute("GET", "features", .call(.listFeatures)),
        OlderRoute("POST", "features", .call(.createFeature), feature),
        OlderRoute("GET", "features/:feature_id", .call(.getFeature)),
        OlderRoute("POST", "features/:feature_id", .call(.updateFeature), feature),
        OlderRoute("PATCH", "features/:feature_id", .call(.updateFeature), feature),
        OlderRoute("DELETE", "features/:feature_id", .call(.deleteFeature)),
        OlderRoute("GET", "components/pricing_table", .pricingTable),
    ]
}
