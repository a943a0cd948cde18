internal import Wire

extension ReplyShape {
    /// Limits, alerts, permissions and top-ups; a list that is empty is left out.
    ///
    /// - Parameter source: whose they are: "customer" or "plan".
    static func controls(source owner: String) -> ReplyShape {
        let source = Key.fixed("source", .string(owner))
        return ReplyShape([
            .listIfAny("spend_limits", ReplyShape(spendLimit + [source])),
            .listIfAny("usage_limits", ReplyShape(usageLimit + [source])),
            .listIfAny("usage_alerts", ReplyShape(usageAlert + [source])),
            .listIfAny(
                "overage_allowed", from: "overage_permissions",
                ReplyShape([.same("feature_id"), .same("enabled"), source])),
            .listIfAny("auto_topups", ReplyShape(autoTopUp + [topUpSource(owner)])),
        ])
    }

    private static let spendLimit: [Key] = [
        .filled("feature_id"),
        .same("enabled"),
        Key("limit_type") { source, _ in
            source["overage_percentage"] != nil
                ? .string("usage_percentage")
                : source["overage_limit"] != nil ? .string("absolute") : nil
        },
        Key("overage_limit") { source, _ in
            source["overage_percentage"] ?? source["overage_limit"]
        },
    ]

    private static let usageLimit: [Key] = [
        .same("feature_id"),
        .same("enabled"),
        .same("limit"),
        .same("interval"),
        Key("anchor") { source, _ in
            .string(source.text("anchor") == "utc" ? "utc" : "billing_cycle")
        },
        Key("filter") { source, _ in
            guard case .object(let filter)? = source["filter"], !filter.isEmpty else { return nil }
            return .object(["properties": source.values("filter")])
        },
        .same("usage"),
    ]

    private static let usageAlert: [Key] = [
        .filled("feature_id"),
        .same("enabled"),
        .same("threshold"),
        .same("threshold_type", from: "measure"),
        .filled("name"),
    ]

    private static let autoTopUp: [Key] = [
        .same("feature_id"),
        .same("enabled"),
        .same("threshold"),
        .same("quantity"),
        Key("purchase_limit") { source, context in
            source["purchase_limit"].map { purchaseLimit.value($0, context) }
        },
    ]

    private static let purchaseLimit = ReplyShape([
        .same("interval"), .intervalCount("interval_count"), .same("limit"), .same("count"),
        .time("next_reset_at", from: "window_end_time"),
    ])

    private static func topUpSource(_ owner: String) -> Key {
        Key("source") { source, _ in
            let plan = source.text("plan_id") ?? ""
            return .string(plan.isEmpty ? owner : "plan")
        }
    }
}

extension ReplyShape.Key {
    /// A text, left out when it is empty.
    static func filled(_ name: String) -> Self {
        Self(name) { source, _ in
            source.text(name).flatMap { $0.isEmpty ? nil : .string($0) }
        }
    }
}

extension JSONValue {
    /// Flat values, as this API has them.
    func values(_ field: String) -> JSONValue {
        guard case .object(let entries)? = self[field] else { return .object([:]) }
        return .object(
            JSONObject(
                entries.members.map { entry in
                    JSONObject.Member(entry.key, entry.value.flat)
                }))
    }

    private var flat: JSONValue {
        self["string_value"] ?? self["number_value"] ?? self["bool_value"] ?? .null
    }
}
