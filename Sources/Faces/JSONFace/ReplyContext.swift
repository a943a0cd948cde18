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
    /// With a check of a plan.
    var productID: String?
    private let pricing: PricingState
    private let buckets: [BucketFacts]

    init(of customer: borrowing CustomerState, pricing: PricingState, environment: String) {
        let pricing = pricing.with(plansOf: customer)
        self.environment = environment
        self.pricing = pricing
        customerID = customer.id.text
        var buckets: [BucketFacts] = []
        for index in 0..<customer.buckets.count {
            let bucket = customer.buckets[index]
            let plan = customer.subscription(bucket.subscription).map { pricing.plan($0.plan) }
            buckets.append(BucketFacts(bucket, plan, pricing.feature(bucket.feature)))
        }
        self.buckets = buckets
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
    fileprivate init(_ bucket: Bucket, _ plan: Plan?, _ feature: Feature) {
        id = "bal_\(bucket.number)"
        featureID = feature.id
        planID = plan?.id
        reset = feature.kind.isLevel ? .null : .reset(bucket.cycle, at: bucket.nextReset)
        let item = plan?.items.first { $0.grants(bucket, of: feature) }
        price = item?.usagePrice.map { .price($0) } ?? .null
        expires = .time(bucket.expires)
    }
}

extension PlanItem {
    /// Whether this is the item that a bucket of the plan came from.
    fileprivate func grants(_ bucket: Bucket, of feature: Feature) -> Bool {
        featureID == feature.id && (usagePrice != nil) == bucket.flags.contains(.priced)
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

    private static func quantity(_ quantity: Quantity) -> JSONValue {
        .number(DecimalText.text(quantity.raw, digits: 10))
    }

    fileprivate static func time(_ time: Timestamp) -> JSONValue {
        time == .never ? .null : .number(time.milliseconds)
    }
}

extension Interval {
    fileprivate var name: String {
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
