internal import Billing
internal import Repository
internal import Wire

/// Purchases, whose older answers are the same in each older version.
extension Exchange {
    /// What was going to change is looked at first: it is what the answer is about.
    func olderAttach(
        _ given: JSONObject, _ version: APIVersion
    ) async throws(JSONProblem) -> JSONValue {
        let (route, body) = try await purchase(given, version)
        let change = try? await preview(route, body)
        let reply = try await with(body).answer(route)
        let code = PurchaseCode(reply, change, now: environment.now)
        var answer: JSONObject = [
            "success": .bool(true), "customer_id": body["customer_id"] ?? .null,
            "product_ids": .array(body.planIDs), "code": .string(code.rawValue),
            "message": .string(code.message),
        ]
        if let url = reply.text("payment_url") { answer.append("checkout_url", .string(url)) }
        if let invoice = reply["invoice"] { answer.append("invoice", invoice) }
        return .object(answer)
    }

    /// Who must pay on a page gets its address; else the caller shows the lines, and then attaches.
    func checkout(
        _ given: JSONObject, _ version: APIVersion
    ) async throws(JSONProblem) -> JSONValue {
        let (route, body) = try await purchase(given, version)
        let preview = try await preview(route, body)
        var url = JSONValue.null
        if preview["redirect_to_checkout"] == .bool(true) {
            url = try await with(body).answer(route)["payment_url"] ?? .null
        }
        var context = plainContext
        context.catalog = catalog(allVersions: true)
        return ReplyShape.checkout12.value(preview.adding("url", url), context)
    }

    private func preview(_ route: Route, _ body: JSONObject) async throws(JSONProblem) -> JSONValue
    {
        var asked = body
        asked.set("expand", .array([.string("incoming.plan"), .string("outgoing.plan")]))
        return try await with(asked).answer(
            route == .multiAttach ? .previewMultiAttach : .previewAttach)
    }

    /// The newest body and its route; whoever buys is there.
    private func purchase(
        _ given: JSONObject, _ version: APIVersion
    ) async throws(JSONProblem) -> (route: Route, body: JSONObject) {
        try await makeSure(of: given, for: .attach, min(version, .v2_0))
        var body = given
        for key in ["customer_data", "entity_data"] { body.remove(key) }
        if body["plans"] != nil { return (.multiAttach, body) }
        body.countIncluded(plan: catalogPlan(body["plan_id"]))
        body.tellCodes(coupons: catalog().elements("coupons"))
        return (.attach, body)
    }

    private func catalogPlan(_ id: JSONValue?) -> JSONValue? {
        catalog().elements("plans").last { $0["plan_id"] == id }
    }

    /// Rows by period, each feature a key of its own.
    func query(_ given: JSONObject) async throws(JSONProblem) -> JSONValue {
        var body = given
        if body.lacks("range") { body.set("range", .string("30d")) }
        let sums = try await with(body).answer(.aggregateEvents)
        return .object(["list": .array(sums.elements("list").map(\.flatSums))])
    }

    private static let pageLimit = 1000

    /// A page by number: those before it are read and left out.
    func pageOfCustomers(
        _ given: JSONObject, _ version: APIVersion
    ) async throws(JSONProblem) -> JSONValue {
        let limit = given["limit"]?.count ?? 10
        let offset = given["offset"]?.count ?? 0
        guard (1...Exchange.pageLimit).contains(limit),
            given["limit"]?.count != nil
                || given.lacks("limit")
        else { throw .invalid("limit must be a whole number from 1 to 1000") }
        guard given.lacks("offset") || given["offset"]?.count != nil else {
            throw .invalid("offset must be a whole number from 0 on")
        }
        var body = given
        for key in ["offset", "limit"] { body.remove(key) }
        body.set("limit", .number(Exchange.pageLimit))
        var (list, left): ([JSONValue], Int) = ([], offset)
        var hasMore = false
        while true {
            let page = try await with(body).answer(.listCustomers)
            let rest = page.elements("list").dropFirst(left)
            left -= min(left, page.elements("list").count)
            list += rest.prefix(limit - list.count)
            let next = page["next_cursor"] ?? .null
            hasMore = rest.count > limit || next != .null
            guard list.count < limit, next != .null else { break }
            body.set("start_cursor", next)
        }
        if let shape = version.shape(of: .getCustomer) {
            var context = plainContext
            context.catalog = catalog(allVersions: true)
            list = list.map { shape.value($0, context) }
        }
        return .object([
            "list": .array(list), "total": .number(list.count),
            "limit": .number(limit), "offset": .number(offset), "has_more": .bool(hasMore),
        ])
    }

    /// `{balances: [{feature_id, balance}]}` moves what is left and what was granted together;
    /// `{feature_id, value}`, as one client sends, sets what was used.
    func setBalances(_ given: JSONObject) async throws(JSONProblem) -> JSONValue {
        let customer = given["customer_id"] ?? .null
        guard let balances = given["balances"]?.elements else {
            guard !given.lacks("feature_id"), !given.lacks("value") else {
                throw .invalid("balances must be a list of objects with feature_id and balance")
            }
            var body = given
            try BodyRule.rename("value", "usage").apply(to: &body)
            return try await with(body).answer(.updateBalance)
        }
        guard balances.count == 1 else {
            throw .invalid("balances must be a list of one; each is a change by itself")
        }
        guard case .object(var body) = balances[0], case .number? = body["balance"] else {
            throw .invalid("balances[0] must have feature_id and balance")
        }
        body.set("customer_id", customer)
        var filter = body
        for key in ["balance", "required_balance"] { filter.remove(key) }
        let check = try await with(filter, keyed: false).answer(.check)
        guard let part = check["balance"]?.elements("breakdown").first else {
            throw .notFound("no balance of the customer is meant")
        }
        let moved = body["balance"]!.raw - (check["balance", "remaining"] ?? .null).raw
        filter.set("remaining", body["balance"]!)
        filter.set(
            "included_grant", .quantity(raw: (part["included_grant"] ?? .null).raw + moved))
        return try await with(filter).answer(.updateBalance)
    }

    func pricingTable(_ given: JSONObject) async throws(JSONProblem) -> JSONValue {
        // What is archived is in no table of prices, whatever else a list may show.
        var asked = given
        asked.remove("include_archived")
        let plans = try await with(asked).answer(.listPlans)
        var context = plainContext
        context.catalog = catalog()
        return .object([
            "list": .array(
                plans.elements("list").map { ReplyShape.pricingCard.value($0, context) })
        ])
    }
}

/// What became of a purchase, in one word.
private enum PurchaseCode: String {
    case checkout = "checkout_created"
    case unpaid = "invoice_action_required"
    case oneOff = "one_off_product_attached"
    case scheduled = "downgrade_scheduled"
    case upgraded = "upgraded_to_new_product"
    case free = "free_product_attached"
    case new = "new_product_attached"

    /// - Parameter change: what was foretold; nil: it was done before, and this is a retry.
    init(_ reply: JSONValue, _ change: JSONValue?, now: Timestamp) {
        let incoming = change?.elements("incoming").first
        let plan = incoming?["plan"] ?? .null
        let isPriced =
            plan["price"] ?? .null != .null
            || plan.elements("items").contains { $0["price"] ?? .null != .null }
        if reply.text("payment_url") != nil {
            self = .checkout
        } else if reply["required_action"] != nil {
            self = .unpaid
        } else if plan["price", "interval"] == .string("one_off") {
            self = .oneOff
        } else if let start = incoming?["effective_at"]?.count, start > now.milliseconds {
            self = .scheduled
        } else if change != nil, !isPriced {
            self = .free
        } else {
            self = (change?.elements("outgoing") ?? []).isEmpty ? .new : .upgraded
        }
    }

    var message: String {
        switch self {
        case .checkout: "The customer pays at checkout_url; the product is theirs then."
        case .unpaid: "The payment is not through; see the invoice."
        case .oneOff: "The product was bought."
        case .scheduled: "The product begins when what is paid for is over."
        case .upgraded: "The product has taken the place of the one before."
        case .free: "The free product is attached."
        case .new: "The product is attached."
        }
    }
}

extension JSONObject {
    fileprivate var planIDs: [JSONValue] {
        self["plans"]?.elements?.compactMap { $0["plan_id"] } ?? [self["plan_id"] ?? .null]
    }

    /// Older quantities are what is bought beside what a plan includes; ours are in all.
    fileprivate mutating func countIncluded(plan: JSONValue?) {
        guard let quantities = self["feature_quantities"]?.elements else { return }
        set(
            "feature_quantities",
            .array(
                quantities.map { quantity in
                    let item = plan?.elements("items").first {
                        $0["feature_id"] == quantity["feature_id"] && $0["prepaid_price"] != nil
                    }
                    guard case .number? = quantity["quantity"] else { return quantity }
                    let all = quantity["quantity"]!.raw + (item?["included"] ?? .null).raw
                    return quantity.adding("quantity", .quantity(raw: all))
                }))
    }

    /// A reward is a coupon's id, or else a code.
    fileprivate mutating func tellCodes(coupons: [JSONValue]) {
        guard let discounts = self["discounts"]?.elements else { return }
        set(
            "discounts",
            .array(
                discounts.map { discount in
                    guard let id = discount.text("reward_id"),
                        !coupons.contains(where: { $0.text("coupon_id") == id })
                    else { return discount }
                    return .object(["promotion_code": .string(id)])
                }))
    }
}

extension JSONValue {
    /// A whole number that is not negative.
    fileprivate var count: Int? {
        guard case .number(let literal) = self else { return nil }
        return DecimalText.parseExactly(literal, digits: 0).flatMap { Int(exactly: $0) }
            .flatMap { $0 >= 0 ? $0 : nil }
    }

    /// Of sums by period.
    fileprivate var flatSums: JSONValue {
        var row: JSONObject = ["period": self["period"] ?? .null]
        if case .object(let values)? = self["values"] { row.merge(values) }
        return .object(row)
    }
}
