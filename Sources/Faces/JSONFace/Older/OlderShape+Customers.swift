internal import Wire

/// Customers and entities as 2.0 had them.
extension ReplyShape {
    static let customer20 = ReplyShape(
        personKeys + [
            plans("subscriptions", now: true), plans("scheduled_subscriptions", now: false),
        ]
            + [balancesAndFlags, invoices(.null)] + expandedKeys)

    static let entity20 = ReplyShape(
        entityKeys + [
            plans("subscriptions", now: true), plans("scheduled_subscriptions", now: false),
        ]
            + [balancesAndFlags])

    static let personKeys: [Key] = [
        .same("id"), .same("name"), .same("email"), .same("created_at"), .same("fingerprint"),
        .same("stripe_id"), .same("env"), .same("metadata"),
    ]

    static let entityKeys: [Key] = [
        .same("id"), .same("name"), .same("customer_id"), .same("feature_id"),
        .same("created_at"), .same("env"),
    ]

    /// What callers ask for by `expand`.
    static let expandedKeys: [Key] = [
        Key("trials_used") { source, context in
            source.given("trials_used").map { list in
                .array((list.elements ?? []).map { trial20.value($0, context) })
            }
        },
        .ifAny("rewards"), .ifAny("entities"), .ifAny("referrals"), .ifAny("payment_method"),
    ]

    static func invoices(_ noAddress: JSONValue) -> Key {
        let invoice = ReplyShape([
            .same("product_ids", from: "plan_ids"), .same("stripe_id"), .same("status"),
            .same("total"), .same("currency"), .same("created_at"),
            Key("hosted_invoice_url") { source, _ in
                source.given("hosted_invoice_url") ?? noAddress
            },
        ])
        return Key("invoices") { source, context in
            source.given("invoices").map { list in
                .array((list.elements ?? []).map { invoice.value($0, context) })
            }
        }
    }

    private static let trial20 = ReplyShape([
        .same("product_id", from: "plan_id"), .same("customer_id"), .same("fingerprint"),
    ])

    /// What is bought once was a subscription too.
    private static func plans(_ name: String, now: Bool) -> Key {
        Key(name) { source, context in
            let subscriptions = source.elements("subscriptions").filter {
                ($0["status"] != .string("scheduled")) == now
            }
            let all = subscriptions + (now ? source.elements("purchases") : [])
            return .array(all.map { subscription20.value($0, context) })
        }
    }

    private static let subscription20 = ReplyShape([
        .same("plan_id"),
        .same("default", from: "auto_enable", or: .bool(false)),
        .same("add_on", or: .bool(false)),
        .same("status", or: .string("active")),
        .same("past_due", or: .bool(false)),
        .same("canceled_at"),
        .same("expires_at"),
        .same("trial_ends_at"),
        .same("started_at"),
        .same("current_period_start"),
        .same("current_period_end"),
        .same("quantity"),
        .askedFor("plan", by: ["subscriptions.plan"], plan20),
    ])

    private static let balancesAndFlags = Key("balances") { source, context in
        var all = JSONObject()
        for (name, shape) in [("balances", balance20), ("flags", flag20)] {
            if case .object(let object)? = source[name] {
                for member in object.members {
                    all.set(member.key, shape.value(member.value, context))
                }
            }
        }
        return .object(all)
    }
}

extension ReplyShape.Key {
    /// The field as it is, or what its absence says.
    static func same(_ name: String, from field: String? = nil, or absent: JSONValue) -> Self {
        Self(name) { source, _ in source[field ?? name] ?? absent }
    }
}
