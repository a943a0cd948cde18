internal import Billing
internal import Wire

/// Reads what a subscription of Stripe's is, or why it can't be taken over: whatever isn't
/// understood to the end is left alone.
struct StripeTerms {
    struct Refusal: Error {
        var reason: String

        init(_ reason: String) {
            self.reason = reason
        }
    }

    let customer: JSONValue
    /// What the customer is charged with here.
    let card: String?
    let book: StripeBook
    let mapping: StripeMapping

    /// One of its items, and the plan that it is.
    struct Item {
        var price: StripePrice
        var target: StripeMapping.Target
        /// nil: it is metered.
        var quantity: Int64?
    }

    func read(_ json: JSONValue) -> StripeMove.Subscription {
        var read = StripeMove.Subscription(id: json.text("id") ?? "")
        do throws(Refusal) {
            try refuseForeign(json)
            let items = try items(of: json)
            let (start, end) = try period(of: json)
            let (held, discounts) = try discounts(of: json)
            try refuseMethod(json)
            read.asked = try asked(json, items, start, end, discounts)
            read.notes = items.filter { $0.quantity == nil }.map {
                "\($0.price.id) is metered: Stripe's last invoice charges what is used until "
                    + "the period ends; from then on it is counted here"
            }
            charge(json, items, held, at: end, &read)
        } catch {
            read.asked = []
            read.reason = error.reason
            estimate(json, &read)
        }
        return read
    }

    /// What is left alone is charged there all the same.
    private func estimate(_ json: JSONValue, _ read: inout StripeMove.Subscription) {
        let items = (json["items"]?.data ?? []).compactMap { item -> Item? in
            guard let raw = book.prices[item["price"]?.text("id") ?? ""],
                let price = StripePrice(raw)
            else { return nil }
            return Item(
                price: price, target: StripeMapping.Target(plan: "", feature: nil),
                quantity: price.isMetered ? nil : item.number("quantity") ?? 1)
        }
        let held = json.list("discounts").compactMap { StripeDiscount($0) }
        let runs = ["active", "trialing", "past_due"].contains(json.text("status") ?? "")
        guard runs, let (_, end) = try? period(of: json) else { return }
        charge(json, items, held, at: end, &read)
    }

    // MARK: What can't be taken over

    private func refuseForeign(_ json: JSONValue) throws(Refusal) {
        let status = json.text("status") ?? ""
        guard ["active", "trialing", "past_due"].contains(status) else {
            throw Refusal("its status is \(status)")
        }
        let what = [
            ("schedule", "a schedule at Stripe changes it: release it first"),
            ("pause_collection", "its collection is paused"),
            ("pending_update", "a change of it waits for a payment"),
            ("application_fee_percent", "a part of it goes to another account"),
            ("transfer_data", "a part of it goes to another account"),
            ("on_behalf_of", "it is charged on behalf of another account"),
            ("billing_thresholds", "it is billed at thresholds"),
            ("pending_invoice_item_interval", "it is invoiced in between"),
            ("default_tax_rates", "taxes are added to it"),
        ]
        for (key, reason) in what where json.has(key) { throw Refusal(reason) }
        if json["automatic_tax"]?.flag("enabled") == true {
            throw Refusal("taxes are added to it")
        }
        if customer.number("balance") ?? 0 != 0 {
            throw Refusal("the customer has a balance at Stripe: have it used up or set to 0 first")
        }
        if book.waiting.contains(customer.text("id") ?? "") {
            throw Refusal("invoice items at Stripe wait for its next invoice")
        }
        if customer.has("discount") {
            throw Refusal("the customer as a whole has a discount: give it to the subscription")
        }
    }

    private func refuseMethod(_ json: JSONValue) throws(Refusal) {
        guard json.text("collection_method") != "send_invoice" else { return }
        if json.has("default_source") || customer.has("default_source") {
            throw Refusal("it is charged to a source of the old kind: add the card anew")
        }
        let own = json["default_payment_method"]
        let method =
            own?.text("id") != nil
            ? own : customer["invoice_settings"]?["default_payment_method"]
        guard let method, let id = method.text("id") else { return }
        guard method.has("card") else {
            throw Refusal("it is paid by \(method.text("type") ?? "something else than a card")")
        }
        guard id == card else {
            throw Refusal("it is charged to another card than the customer's other subscriptions")
        }
    }

    // MARK: Parts

    private func items(of json: JSONValue) throws(Refusal) -> [Item] {
        var items: [Item] = []
        for item in json["items"]?.data ?? [] {
            let id = item["price"]?.text("id") ?? ""
            guard let raw = book.prices[id] ?? item["price"], let price = StripePrice(raw) else {
                throw Refusal("\(id) is a price that isn't understood")
            }
            guard let target = mapping.target(of: raw, book.products[price.product]) else {
                let name = book.products[price.product]?.text("name") ?? price.product
                throw Refusal("nothing maps the price \(id) (\(name))")
            }
            for key in ["tax_rates", "discounts", "billing_thresholds"] where item.has(key) {
                throw Refusal("an item has \(key.replacing("_", with: " ")) of its own")
            }
            guard price.currency == json.text("currency") else {
                throw Refusal("\(id) is charged in another currency than it is in")
            }
            guard price.roundsUp else { throw Refusal("\(id) gives begun packs away") }
            items.append(
                Item(
                    price: price, target: target,
                    quantity: price.isMetered ? nil : item.number("quantity") ?? 1))
        }
        guard let first = items.first else { throw Refusal("it has no items") }
        guard json["items"]?.flag("has_more") != true else { throw Refusal("it has many items") }
        for item in items
        where item.price.interval != first.price.interval || item.price.count != first.price.count {
            throw Refusal("its items have different intervals")
        }
        return items
    }

    private func period(of json: JSONValue) throws(Refusal) -> (Int64, Int64) {
        guard let item = json["items"]?.data.first,
            let start = item.number("current_period_start"),
            let end = item.number("current_period_end")
        else { throw Refusal("its period isn't told") }
        let isOurs = json.metadata("tally_home") != nil
        if let ends = json.number("cancel_at"), ends != end, !isOurs {
            throw Refusal("it ends in the middle of a period")
        }
        return (start, end)
    }

    /// What it has at Stripe, in order, and as the API takes it.
    private func discounts(
        of json: JSONValue
    ) throws(Refusal) -> ([StripeDiscount], [JSONValue]) {
        var held: [StripeDiscount] = []
        for discount in json.list("discounts") {
            guard let read = StripeDiscount(discount) else {
                throw Refusal("a discount of it isn't understood")
            }
            if held.contains(where: { $0.coupon == read.coupon }) {
                throw Refusal("it has the coupon \(read.coupon) twice")
            }
            if read.isLimited { throw Refusal("the coupon \(read.coupon) is for some products") }
            held.append(read)
        }
        return (held, held.map(\.asked))
    }

    private func asked(
        _ json: JSONValue, _ items: [Item], _ start: Int64, _ end: Int64, _ discounts: [JSONValue]
    ) throws(Refusal) -> [JSONObject] {
        var plans: [String] = []
        for item in items where !plans.contains(item.target.plan) { plans.append(item.target.plan) }
        if plans.count > 1, discounts.contains(where: { $0.has("amount") }) {
            throw Refusal("an amount off several plans can't be split")
        }
        var all: [JSONObject] = []
        for plan in plans {
            let parts = items.filter { $0.target.plan == plan }
            let base = parts.filter { $0.target.feature == nil }
            guard base.count <= 1 else {
                throw Refusal("two of its prices are \(plan)'s base price")
            }
            if let quantity = base.first?.quantity, quantity != 1 {
                throw Refusal(
                    "\(quantity) times \(plan)'s base price: map the price to a feature that is "
                        + "sold in packs")
            }
            all.append(try asked(json, plan, parts, start, end, discounts))
        }
        return all
    }

    private func asked(
        _ json: JSONValue, _ plan: String, _ items: [Item], _ start: Int64, _ end: Int64,
        _ discounts: [JSONValue]
    ) throws(Refusal) -> JSONObject {
        let began = json.number("start_date") ?? json.number("created") ?? start
        let trial = json.number("trial_end")
        let isTrialing = json.text("status") == "trialing"
        let anchor = isTrialing ? end : json.number("billing_cycle_anchor") ?? start
        var quantities: [JSONValue] = []
        for item in items {
            guard let feature = item.target.feature, let quantity = item.quantity else { continue }
            quantities.append(
                .object(["feature_id": .string(feature), "quantity": .number(quantity)]))
        }
        var asked: JSONObject = [
            "source_id": .string(json.text("id") ?? ""), "plan_id": .string(plan),
            "quantities": .array(quantities), "start_time": instant(min(began, start)),
            "anchor_time": instant(anchor), "period_start_time": instant(start),
            "period_end_time": instant(end), "discounts": .array(discounts),
            "past_due": .bool(json.text("status") == "past_due"), "take_over": .bool(true),
        ]
        if let trial { asked.append("trial_end_time", instant(trial)) }
        if isCanceled(json) {
            asked.append("cancel_time", instant(json.number("canceled_at") ?? start))
        }
        if json.text("collection_method") == "send_invoice" {
            asked.append("net_days", .number(json.number("days_until_due") ?? 30))
        }
        return asked
    }

    /// By somebody else than us.
    private func isCanceled(_ json: JSONValue) -> Bool {
        json.metadata("tally_home") == nil
            && (json.flag("cancel_at_period_end") == true || json.number("cancel_at") != nil)
    }

    private func instant(_ seconds: Int64) -> JSONValue {
        .string(Timestamp(milliseconds: seconds * 1000).rfc3339 ?? "")
    }

    // MARK: What it costs

    private func charge(
        _ json: JSONValue, _ items: [Item], _ discounts: [StripeDiscount], at end: Int64,
        _ read: inout StripeMove.Subscription
    ) {
        guard !isCanceled(json), let first = items.first, let months = first.price.months else {
            return
        }
        let lines = items.map { item in item.quantity.map { item.price.amount(of: $0) } ?? 0 }
        func money(_ discounts: [StripeDiscount]) -> Money? {
            StripeAmount.money(
                StripeDiscount.taken(discounts, off: lines), json.text("currency") ?? "")
        }
        read.renewal = money(discounts.filter { ($0.end ?? end + 1) > end })
        read.recurring = money(discounts.filter { !$0.once && $0.end == nil })
        read.months = months
    }
}
