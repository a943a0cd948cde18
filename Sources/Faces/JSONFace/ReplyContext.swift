internal import Billing
internal import Wire

/// What a reply is about beyond its message: the call, the catalog, and of each bucket what never
/// changes. A bucket is missing when an old answer is given again and it is gone since.
struct ReplyContext: Sendable {
    struct BucketFacts: Sendable {
        let id: String
        let featureID: String
        let planID: String?
        let reset: JSONValue
        let price: JSONValue
        let expires: JSONValue
    }

    let environment: String
    let customerID: String
    /// What the customer pays in.
    let currency: String
    /// With a check of a plan.
    var productID: String?
    /// Of a call about an entity.
    var entityID: String?
    /// Of a track by an event's name.
    var eventName: String?
    /// Of a change that is previewed: what kind it is.
    var intent: String?
    /// Of several changes: the plans that they name.
    var planIDs: [String] = []
    /// What is told in full.
    var expand: Set<String> = []
    /// The plans in every version and the features, as messages; with `expand`, or of a list.
    var catalog: JSONValue?
    /// The customer whose entity the reply is about, as a message.
    var customer: JSONValue?
    private let pricing: PricingState
    private let buckets: [BucketFacts]

    init(of customer: borrowing CustomerState, pricing: PricingState, environment: String) {
        let pricing = pricing.with(plansOf: customer)
        self.environment = environment
        self.pricing = pricing
        customerID = customer.id.text
        currency = (customer.account.currency ?? pricing.currency)?.code ?? "usd"
        var buckets: [BucketFacts] = []
        for index in 0..<customer.buckets.count {
            let bucket = customer.buckets[index]
            let plan = customer.subscription(bucket.subscription).map { pricing.plan($0.plan) }
            buckets.append(BucketFacts(bucket, plan, pricing.feature(bucket.feature)))
        }
        self.buckets = buckets
    }

    /// Of what is about no customer.
    init(pricing: PricingState, environment: String, catalog: JSONValue? = nil) {
        self.environment = environment
        self.pricing = pricing
        self.catalog = catalog
        customerID = ""
        currency = pricing.currency?.code ?? "usd"
        buckets = []
    }

    /// A feature in full, where it was asked for.
    func feature(_ key: String, _ id: String?) -> JSONValue? {
        guard expand.contains(key), let id else { return nil }
        return catalog?.elements("features").first { $0.text("feature_id") == id }
            .map { ReplyShape.feature.value($0, self) }
    }

    /// A plan in full, where it was asked for: the revision that the source names, or the newest.
    func plan(_ key: String, _ source: JSONValue) -> JSONValue? {
        guard expand.contains(key), let id = source.text("plan_id") else { return nil }
        if let custom = source["custom_plan"] { return ReplyShape.plan.value(custom, self) }
        let versions = catalog?.elements("plans").filter { $0.text("plan_id") == id } ?? []
        let version = source["plan_version"]
        return (versions.first { $0["version"] == version } ?? versions.last)
            .map { ReplyShape.plan.value($0, self) }
    }

    /// What a line of an invoice is for, in short.
    func displayName(ofLine line: JSONValue) -> String {
        if let feature = line.text("feature_id").flatMap({ pricing.feature(id: $0) }) {
            return pricing.feature(feature).name
        }
        if let plan = line.text("plan_id").flatMap({ pricing.plan(id: $0) }) {
            return pricing.plan(pricing.latest(plan)).name
        }
        return line.text("description") ?? ""
    }

    func bucket(_ id: String?) -> BucketFacts? {
        buckets.first { $0.id == id }
    }

    func bucket(ofFeature id: String) -> BucketFacts? {
        buckets.first { $0.featureID == id }
    }

    /// A level, such as seats in use.
    func isHeld(_ featureID: String) -> Bool {
        pricing.feature(id: featureID).map { pricing.kind(of: $0).isLevel } ?? false
    }

    /// The revision that a subscription's message is about.
    func plan(of subscription: JSONValue) -> Plan? {
        guard let plan = subscription.text("plan_id").flatMap({ pricing.plan(id: $0) }),
            case .number(let literal)? = subscription["plan_revision"],
            let revision = UInt32(literal), (1...pricing.latest(plan).revision).contains(revision)
        else { return nil }
        return pricing.plan(PlanReference(plan: plan, revision: revision))
    }

    func isOneOff(_ subscription: JSONValue) -> Bool {
        plan(of: subscription)?.isOneOff ?? false
    }
}

extension ReplyContext.BucketFacts {
    init(_ bucket: Bucket, _ plan: Plan?, _ feature: Feature) {
        id = "bal_\(bucket.number)"
        featureID = feature.id
        planID = plan?.id
        reset = feature.kind.isLevel ? .null : .reset(bucket.cycle, at: bucket.nextReset)
        let item = plan?.items.first { $0.grants(bucket, of: feature) }
        price =
            item?.prepaidPrice.map { .packs($0) } ?? item?.usagePrice.map { .price($0) } ?? .null
        expires = .time(bucket.expires)
    }
}

extension PlanItem {
    /// Whether this is the item that a bucket of the plan came from.
    fileprivate func grants(_ bucket: Bucket, of feature: Feature) -> Bool {
        featureID == feature.id && sellsOverage == bucket.flags.contains(.priced)
            && unlimited == bucket.flags.contains(.unlimited)
            && (reset ?? Cycle(.oneOff)).isAsLong(as: bucket.cycle)
    }
}

extension JSONValue {
    fileprivate static func reset(_ cycle: Cycle, at time: Timestamp) -> JSONValue {
        var reset: JSONObject = ["interval": .string(cycle.interval.name)]
        if cycle.count > 1 { reset.append("interval_count", .number(cycle.count)) }
        reset.append("resets_at", .time(time))
        return .object(reset)
    }

    fileprivate static func price(_ price: UsagePrice) -> JSONValue {
        var object = JSONObject()
        if price.tiers.isEmpty {
            object.append("amount", .number(price.amount.text))
        } else {
            object.append(
                "tiers",
                .array(
                    price.tiers.map { tier in
                        .object([
                            "to": tier.upTo.map { .quantity($0) } ?? .string("inf"),
                            "amount": .number(tier.amount.text),
                        ])
                    }))
            object.append("tier_behavior", .string("graduated"))
        }
        object.append("billing_units", .quantity(price.billingUnits))
        object.append("billing_method", .string("usage_based"))
        object.append("max_purchase", price.maxPurchase.map { .quantity($0) } ?? .null)
        return .object(object)
    }

    fileprivate static func packs(_ packs: PrepaidPrice) -> JSONValue {
        var object = JSONObject()
        let tiers = packs.price.tiers
        if tiers.count == 1, tiers[0].flat == .zero {
            object.append("amount", .number(tiers[0].amount.text))
        } else {
            object.append("tiers", .array(tiers.map { .tier($0) }))
            object.append(
                "tier_behavior",
                .string(packs.price.behavior == .volume ? "volume" : "graduated"))
        }
        object.append("billing_units", .quantity(packs.price.packSize))
        object.append("billing_method", .string(packs.isPerSeat ? "usage_based" : "prepaid"))
        object.append("max_purchase", packs.maxPurchase.map { .quantity($0) } ?? .null)
        return .object(object)
    }

    private static func tier(_ tier: Price.Tier) -> JSONValue {
        var object: JSONObject = [
            "to": tier.upTo.map { .quantity($0) } ?? .string("inf"),
            "amount": .number(tier.amount.text),
        ]
        if tier.flat != .zero { object.append("flat_amount", .number(tier.flat.text)) }
        return .object(object)
    }

    private static func quantity(_ quantity: Quantity) -> JSONValue {
        .number(DecimalText.text(quantity.raw, digits: 10))
    }

    fileprivate static func time(_ time: Timestamp) -> JSONValue {
        time == .never ? .null : .number(time.milliseconds)
    }
}

extension Interval {
    var name: String {
        switch self {
        case .oneOff: "one_off"
        case .minute: "minute"
        case .hour: "hour"
        case .day: "day"
        case .week: "week"
        case .month: "month"
        case .quarter: "quarter"
        case .semiAnnual: "semi_annual"
        case .year: "year"
        }
    }
}
