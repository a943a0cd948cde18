internal import Billing
internal import Customers
internal import Repository
internal import Wire

/// Plans that another system ran come in as they stand: nothing is charged for what runs.
extension Exchange {
    /// A plan that is here isn't touched again, nor are its balances. One that is here, is charged
    /// for, and isn't named, would go on beside those that come: that is refused.
    func importSubscriptions() async throws(JSONProblem) -> JSONValue {
        let body = try body()
        var (fields, filler) = try RequestForm.importSubscriptions.fields(body, filler(for: body))
        let draft = ImportDraft(&fields, &filler, of: body, now: now(of: fields))
        let form = try RequestForm.importSubscriptions.filled(fields, of: body, filler)
        var call = try read(form) { (reader, bytes) throws(CallFault) in
            try reader.importCustomer(bytes)
        }
        draft.complete(&call.asked)
        try refuseOthers(than: call.asked, of: call.customer)
        let wasThere = environment.state(of: call.customer) != nil
        let service = CustomersService(environment)
        let message = try await waited(form) { [call] () async throws(ExecuteFault) in
            try await service.importCustomer(call)
        }
        let reply = try decoded(message, "ImportCustomerResponse")
        let flashed = zip(draft.parts, reply.elements("subscriptions")).map { $0.shown($1) }
        var shown: JSONObject = [
            "customer_id": .string(call.customer.text), "flashed": .array(flashed),
        ]
        if !call.isDryRun, wasThere { try await rename(call) }
        shown.append(
            "customer", call.isDryRun ? .null : try await shownCustomer(call.customer, form))
        return .object(shown)
    }

    private func now(of fields: JSONObject) -> Timestamp {
        guard case .string(let id)? = fields["customer_id"], let customer = CustomerID(id) else {
            return .epoch
        }
        let time = environment.customers(of: customer).environmentTime
        return environment.state(of: customer)?.customer.buckets.clock.time(at: time) ?? time
    }

    /// Entities keep what they have: nobody can name it here.
    private func refuseOthers(
        than asked: ImportCustomer, of customer: CustomerID
    ) throws(JSONProblem) {
        guard let (state, pricing) = environment.state(of: customer) else { return }
        let other = state.subscriptions.first { subscription in
            subscription.entity == 0 && subscription.status.grantsAccess
                && !pricing.plan(subscription.plan).isFree
                && subscription.periodEnd != .never && subscription.end == .never
                && !asked.subscriptions.contains { $0.plan == subscription.plan.plan }
        }
        guard let other else { return }
        throw .invalidRequest(
            "billables don't name \(pricing.plan(other.plan).id), which the customer has and is "
                + "charged for: name it, to keep it, or cancel it first")
    }

    /// What is said of a customer who was there counts, too.
    private func rename(_ call: ImportCall) async throws(JSONProblem) {
        let update = UpdateCustomer(
            name: call.asked.name.isEmpty ? nil : call.asked.name,
            email: call.asked.email.isEmpty ? nil : call.asked.email)
        guard update.name != nil || update.email != nil else { return }
        do throws(ExecuteFault) {
            _ = try await environment.commit(.update(update), for: call.customer, request: nil)
        } catch {
            throw JSONProblem(error)
        }
    }

    private func shownCustomer(
        _ customer: CustomerID, _ form: FilledForm
    ) async throws(JSONProblem) -> JSONValue {
        let message = try await customerMessage(customer, form)
        return .shown(message, .customer, try context(of: customer))
    }
}

/// What of an import our message has elsewhere, or doesn't have.
private struct ImportDraft {
    struct Part {
        var planID: String
        var processor: String
        var status: String

        /// What became of it.
        func shown(_ result: JSONValue) -> JSONValue {
            let isSkipped = result["unchanged"] == .bool(true)
            let id = result.text("subscription_id") ?? ""
            var shown: JSONObject = [
                "plan_id": .string(planID), "processor": .string(processor),
                "customer_product_id": id.isEmpty ? .null : .string(id),
                "status": .string(isSkipped ? "active" : status), "skipped": .bool(isSkipped),
            ]
            if isSkipped {
                shown.append(
                    "reason",
                    .string("the customer has, or had, it from an earlier import or purchase"))
            }
            return .object(shown)
        }
    }

    private(set) var parts: [Part] = []
    private var countsPeriods: [Bool] = []
    private var balances: [(part: Int, isWhole: Bool, isOfAnyCycle: Bool)] = []

    init(
        _ fields: inout JSONObject, _ filler: inout Filler, of body: JSONObject, now: Timestamp
    ) {
        let customerID =
            fields["customer_id"].flatMap { value -> String? in
                if case .string(let id) = value { id } else { nil }
            } ?? ""
        fields.set("source_id", .string("import:\(customerID)"))
        payer(&fields, &filler)
        var subscriptions: [JSONValue] = []
        var moved: [JSONValue] = []
        for (index, element) in (fields["subscriptions"]?.elements ?? []).enumerated() {
            guard case .object(var part) = element else { continue }
            let path = "billables[\(index)]"
            let planID = element.text("plan_id") ?? ""
            if parts.contains(where: { $0.planID == planID }) {
                filler.fault("\(path).plan.plan_id", "appears twice")
            }
            part.set("source_id", .string("import:\(customerID):\(planID)"))
            countsPeriods.append(part["anchor_time"] != nil || part["start_time"] != nil)
            filler.name("subscriptions[\(index)].period_end_time", "\(path).billing_cycle_anchor")
            let started = now.rfc3339.map { JSONValue.string($0) } ?? .null
            if part["start_time"] == nil { part.set("start_time", part["anchor_time"] ?? started) }
            let status = element.text("status") ?? "active"
            part.remove("status")
            if status == "past_due" { part.set("past_due", .bool(true)) }
            if status == "canceled" { part.set("cancel_time", started) }
            let given = body["billables"]?.elements?[index].text("processor")
            parts.append(Part(planID: planID, processor: given ?? "none", status: status))
            for (place, balance) in element.elements("balances").enumerated() {
                filler.name("balances[\(moved.count)]", "\(path).plan.balances[\(place)]")
                for (ours, theirs) in ImportDraft.balanceNames {
                    filler.name(
                        "balances[\(moved.count)].\(ours)",
                        "\(path).plan.balances[\(place)].\(theirs)")
                }
                moved.append(add(balance, of: index, planID))
            }
            part.remove("balances")
            subscriptions.append(.object(part))
        }
        fields.set("subscriptions", .array(subscriptions))
        fields.set("balances", .array(moved))
    }

    private static let balanceNames = [
        ("reset", "filter.interval"), ("granted", "usage"), ("remaining", "balance"),
        ("next_reset_time", "next_reset_at"),
    ]

    /// A customer has one name at the payment provider.
    private func payer(_ fields: inout JSONObject, _ filler: inout Filler) {
        let processors = fields["processors"]?.elements ?? []
        if processors.count > 1 { filler.fault("processors", "must be one at most") }
        if let id = processors.first?["id"] {
            fields.set("provider_customer_id", id)
            filler.name("provider_customer_id", "processors[0].id")
        }
        fields.remove("processors")
    }

    private mutating func add(_ balance: JSONValue, of part: Int, _ planID: String) -> JSONValue {
        var message: JSONObject = [
            "feature_id": balance["feature_id"] ?? .null, "plan_id": .string(planID),
        ]
        let interval = balance["filter"]?.text("interval")
        if let interval, interval != "lifetime" {
            message.append(
                "reset", .object(["interval": .string(interval), "interval_count": .number("1")]))
        }
        if let time = balance["next_reset_time"] { message.append("next_reset_time", time) }
        if let usage = balance["usage"] { message.append("granted", usage) }
        if let left = balance["balance"] { message.append("remaining", left) }
        balances.append((part, balance["balance"] != nil, interval == nil))
        return .object(message)
    }

    func complete(_ asked: inout ImportCustomer) {
        for index in asked.subscriptions.indices {
            asked.subscriptions[index].countsPeriods = countsPeriods[index]
        }
        for index in asked.balances.indices {
            asked.balances[index].part = balances[index].part
            asked.balances[index].isWhole = balances[index].isWhole
            asked.balances[index].isOfAnyCycle = balances[index].isOfAnyCycle
        }
    }
}
