package import Wire

/// All that Stripe knows of an account's recurring business, read by lists, which are never behind.
/// Nothing is changed there.
package struct StripeBook: Sendable {
    /// By id.
    package var products: [String: JSONValue] = [:]
    package var prices: [String: JSONValue] = [:]
    /// The oldest first.
    package var customers: [JSONValue] = []
    /// By customer, the oldest first; none that is over.
    package var subscriptions: [String: [JSONValue]] = [:]
    /// Customers for whose next invoice at Stripe something waits.
    package var waiting: Set<String> = []

    package init() {}

    /// - Parameter note: told how much of what has come so far.
    package static func read(
        _ client: StripeClient, _ note: @Sendable (String, Int) -> Void
    ) async throws -> StripeBook {
        var book = StripeBook()
        let products = try await list(client, "/v1/products", [:]) { note("products", $0) }
        for product in products { book.products[product.text("id") ?? ""] = product }
        let prices = try await list(
            client, "/v1/prices", ["expand": ["data.tiers"]]
        ) { note("prices", $0) }
        for price in prices { book.prices[price.text("id") ?? ""] = price }
        book.customers = try await list(
            client, "/v1/customers",
            ["expand": ["data.invoice_settings.default_payment_method"]]
        ) { note("customers", $0) }.reversed()
        let subscriptions = try await list(
            client, "/v1/subscriptions",
            ["expand": ["data.default_payment_method", "data.discounts.source.coupon"]]
        ) { note("subscriptions", $0) }
        for subscription in subscriptions.reversed() {
            let customer = subscription.reference("customer") ?? ""
            book.subscriptions[customer, default: []].append(subscription)
        }
        let items = try await list(client, "/v1/invoiceitems", ["pending": "true"]) { _ in }
        book.waiting = Set(items.compactMap { $0.reference("customer") })
        return book
    }

    private static func list(
        _ client: StripeClient, _ path: String, _ query: StripeForm, _ note: (Int) -> Void
    ) async throws -> [JSONValue] {
        var all: [JSONValue] = []
        var after: String?
        repeat {
            var query = query
            query.append("limit", "100")
            if let after { query.append("starting_after", after) }
            let page = try await client.get(path, query)
            all += page.data
            note(all.count)
            after =
                page.flag("has_more") == true ? try page.data.last.map { try Stripe.id($0) } : nil
        } while after != nil
        return all
    }
}

extension JSONValue {
    func list(_ key: String) -> [JSONValue] {
        if case .array(let values)? = self[key] { values } else { [] }
    }

    /// Something stands there.
    func has(_ key: String) -> Bool {
        switch self[key] {
        case nil, .null: false
        case .array(let values): !values.isEmpty
        case .bool, .number, .string, .object: true
        }
    }
}
