internal import Billing
internal import Wire

/// A customer of the other system, as the API is to be asked for it.
struct AutumnMoves {
    let catalog: AutumnCatalog
    /// Plans that cost something come, too: nobody charges for them there any more.
    let withPaid: Bool
    let now: Timestamp

    func read(_ json: JSONValue, _ entities: [JSONValue]) -> Moving.Customer {
        let id = json.text("id")
        let source = "autumn:\(id)"
        var asked: JSONObject = [
            "customer_id": .string(id), "source_id": .string(source),
        ]
        for name in ["name", "email"] where !json.text(name).isEmpty {
            asked.append(name, .string(json.text(name)))
        }
        if case .object(let metadata)? = json["metadata"], !metadata.isEmpty {
            asked.append(
                "metadata",
                .object(
                    JSONObject(
                        metadata.members.map { member in
                            if case .string = member.value { return member }
                            return JSONObject.Member(
                                member.key, .string(JSONWriter.text(member.value)))
                        })))
        }
        let tried = json.list("trials_used").map { $0.text("plan_id") }
            .filter { catalog.has(plan: $0) }
        if !tried.isEmpty {
            asked.append("used_trial_plan_ids", .array(tried.map { .string($0) }))
        }
        var customer = Moving.Customer(id: id, source: source, asked: asked)
        take(entities, into: &customer)
        takePlans(of: json, entity: "", into: &customer)
        for entity in entities {
            takePlans(of: entity, entity: entity.text("id"), into: &customer)
        }
        takeBalances(json, entities, into: &customer)
        return customer
    }

    private func take(_ entities: [JSONValue], into customer: inout Moving.Customer) {
        let made = entities.compactMap { entity -> JSONValue? in
            guard !entity.text("id").isEmpty else {
                customer.notes.append("an entity without an id doesn't come")
                return nil
            }
            return .object([
                "entity_id": .string(entity.text("id")),
                "feature_id": .string(entity.text("feature_id")),
                "name": .string(entity.text("name")),
            ])
        }
        if !made.isEmpty { customer.asked.append("entities", .array(made)) }
    }

    // MARK: Plans

    private func takePlans(
        of json: JSONValue, entity: String, into customer: inout Moving.Customer
    ) {
        let purchases = json.list("purchases").map { ($0, true) }
        for (held, isPurchase) in json.list("subscriptions").map({ ($0, false) }) + purchases {
            let scope = held.text("scope")
            // What entities have is theirs, wherever else it is shown.
            guard scope.isEmpty || (scope == "entity") == !entity.isEmpty else { continue }
            let plan = held.text("plan_id")
            var name = "\(customer.source):\(plan)"
            if !entity.isEmpty { name += ":\(entity)" }
            if !held.text("id").isEmpty { name += ":\(held.text("id"))" }
            var part = Moving.Part(id: name)
            if let reason = refusal(held, plan, isPurchase: isPurchase) {
                part.reason = reason
            } else {
                part.asked = [asked(held, name, plan, entity, quantities(json, plan))]
            }
            customer.parts.append(part)
        }
    }

    private func refusal(
        _ held: JSONValue, _ plan: String, isPurchase: Bool
    ) -> String? {
        guard catalog.has(plan: plan) else { return "there is no plan \(plan) any more" }
        guard held.text("status") != "scheduled" else {
            return "it is scheduled: plan it here once the customer is"
        }
        if let whole = held["plan"], whole != .null,
            whole.text("version") != catalog.versions[plan]
        {
            return "it is version \(whole.text("version")) of the plan, and "
                + "\(catalog.versions[plan] ?? "") is sold: move the customer there first"
        }
        guard !isPurchase, catalog.cycles[plan] != nil, !withPaid else { return nil }
        return "it is paid for, through Stripe: tally import stripe takes that over, and this "
            + "afterwards brings the balances; --with-paid if nobody charges for it any more"
    }

    private func asked(
        _ held: JSONValue, _ name: String, _ plan: String, _ entity: String,
        _ quantities: [JSONValue]
    ) -> JSONObject {
        let started = time(held, "started_at") ?? now
        var asked: JSONObject = [
            "source_id": .string(name), "plan_id": .string(plan), "entity_id": .string(entity),
            "quantities": .array(quantities), "start_time": text(started),
            "past_due": .bool(held.flag("past_due")),
        ]
        let trial = time(held, "trial_ends_at")
        if let trial { asked.append("trial_end_time", text(trial)) }
        if let end = time(held, "current_period_end"), let cycle = catalog.cycles[plan],
            let interval = Self.interval(cycle.interval)
        {
            let start = time(held, "current_period_start")
            let cycle = Cycle(interval, count: UInt16(clamping: cycle.count))
            // Whatever the periods are counted from: what began on a 31st goes on as it would.
            let before = end.adding(milliseconds: -1)
            let anchor = [trial, started, start, end].compactMap { $0 }
                .first { cycle.boundary(after: before, anchor: $0) == end }
            asked.append("anchor_time", text(anchor ?? end))
            if let start { asked.append("period_start_time", text(start)) }
            asked.append("period_end_time", text(end))
            if let canceled = time(held, "canceled_at") {
                asked.append("cancel_time", text(canceled))
            }
        }
        return asked
    }

    private static func interval(_ name: String) -> Interval? {
        switch name {
        case "week": .week
        case "month": .month
        case "quarter": .quarter
        case "semi_annual": .semiAnnual
        case "year": .year
        default: nil
        }
    }

    /// Of what a plan sells in packs.
    private func quantities(_ json: JSONValue, _ plan: String) -> [JSONValue] {
        balances(json).flatMap { feature, balance in
            balance.list("breakdown").compactMap { part -> JSONValue? in
                guard part.text("plan_id") == plan, part.number("prepaid_grant") > 0 else {
                    return nil
                }
                return .object([
                    "feature_id": .string(feature),
                    "quantity": sum(part["included_grant"], part["prepaid_grant"]),
                ])
            }
        }
    }

    // MARK: Balances

    private func balances(_ json: JSONValue) -> [(feature: String, balance: JSONValue)] {
        guard case .object(let object)? = json["balances"] else { return [] }
        return object.members.filter { catalog.has(feature: $0.key) }.map { ($0.key, $0.value) }
    }

    /// A part that an entity shows and the customer shows, too, is the customer's.
    private func takeBalances(
        _ json: JSONValue, _ entities: [JSONValue], into customer: inout Moving.Customer
    ) {
        let left = Set(
            customer.parts.filter { !$0.reason.isEmpty }.map { part in
                part.id.split(separator: ":").dropFirst(2).first.map { String($0) } ?? ""
            })
        var made: [JSONValue] = []
        var seen: Set<String> = []
        for (owner, entity) in [(json, "")] + entities.map({ ($0, $0.text("id")) }) {
            for (feature, balance) in balances(owner) {
                for part in balance.list("breakdown")
                where !left.contains(part.text("plan_id")) || part.text("plan_id").isEmpty {
                    guard seen.insert("\(feature):\(part.text("id"))").inserted else { continue }
                    made.append(self.balance(part, feature, entity))
                }
                for rollover in balance.list("rollovers") where rollover.number("balance") > 0 {
                    var object: JSONObject = [
                        "feature_id": .string(feature), "entity_id": .string(entity),
                        "granted": rollover["balance"] ?? .number(0),
                        "remaining": rollover["balance"] ?? .number(0),
                    ]
                    if let expires = time(rollover, "expires_at") {
                        object.append("expire_time", text(expires))
                    }
                    made.append(.object(object))
                    customer.notes.append("what went over of \(feature) is a balance of its own")
                }
            }
            made += flags(owner, entity)
        }
        if !made.isEmpty { customer.asked.append("balances", .array(made)) }
    }

    private func balance(_ part: JSONValue, _ feature: String, _ entity: String) -> JSONValue {
        let granted = sum(part["included_grant"], part["prepaid_grant"])
        var made: JSONObject = [
            "feature_id": .string(feature), "entity_id": .string(entity),
            "plan_id": .string(part.text("plan_id")), "granted": granted,
            "remaining": difference(granted, part["usage"]),
            "unlimited": .bool(part.flag("unlimited")),
        ]
        if let reset = part["reset"], reset != .null, reset.text("interval") != "one_off" {
            made.append("reset", AutumnCatalog.reset(reset))
            if let next = time(reset, "resets_at") { made.append("next_reset_time", text(next)) }
        }
        if part.text("plan_id").isEmpty, let expires = time(part, "expires_at") {
            made.append("expire_time", text(expires))
        }
        return .object(made)
    }

    /// Those that no plan gives.
    private func flags(_ json: JSONValue, _ entity: String) -> [JSONValue] {
        guard case .object(let object)? = json["flags"] else { return [] }
        return object.members.filter {
            $0.value.text("plan_id").isEmpty && catalog.has(feature: $0.key)
        }.map { .object(["feature_id": .string($0.key), "entity_id": .string(entity)]) }
    }

    // MARK: Values

    private func time(_ json: JSONValue, _ key: String) -> Timestamp? {
        Int64(json.text(key)).map { Timestamp(milliseconds: $0) }
    }

    private func text(_ time: Timestamp) -> JSONValue { .string(time.rfc3339 ?? "") }

    private func sum(_ a: JSONValue?, _ b: JSONValue?) -> JSONValue {
        .number(DecimalText.text(exact(a) + exact(b), digits: 10))
    }

    private func difference(_ a: JSONValue?, _ b: JSONValue?) -> JSONValue {
        .number(DecimalText.text(exact(a) - exact(b), digits: 10))
    }

    private func exact(_ value: JSONValue?) -> Int128 {
        guard case .number(let text)? = value else { return 0 }
        return DecimalText.parse(text, digits: 10) ?? 0
    }
}
