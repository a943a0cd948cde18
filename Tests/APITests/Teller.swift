import Billing
import RPC
import Repository
import Stories
import Testing

@testable import Wire

/// Tells one story through the API: each row is a customer.
actor Teller {
    private let story: Story
    let customer: String
    let pricing: PricingState
    let stage: APIStage
    private var position = 0
    /// Balances that have a name of ours instead of a number: the last number before each.
    private var named: [String: Int] = [:]

    init(_ story: Story, as customer: String, _ pricing: PricingState, on stage: APIStage) {
        self.story = story
        self.customer = customer
        self.pricing = pricing
        self.stage = stage
    }

    /// Goes on until the story waits for a moment to come; nil: it is told.
    func tell() async -> Timestamp? {
        // What is due by now is done for whoever looks.
        let arrival = position == 0 ? "GetOrCreateCustomer" : "GetCustomer"
        await attempt {
            _ = try await stage.api.call(arrival, ["customer_id": .string(customer)])
        }
        while position < story.steps.count {
            let step = story.steps[position]
            position += 1
            if case .advance(let time) = step { return time }
            await attempt { try await perform(step) }
        }
        return nil
    }

    /// What fails ends the story.
    private func attempt(_ body: () async throws -> Void) async {
        do {
            try await body()
        } catch let status as RPCStatus {
            Issue.record("\(comment): \(status.code.name): \(status.message)")
            position = story.steps.count
        } catch {
            Issue.record("\(comment): \(error)")
            position = story.steps.count
        }
    }

    var comment: Comment {
        guard position > 0 else { return "\(story.rule)" }
        return "\(story.rule): step \(position), \(story.steps[position - 1])"
    }

    private func perform(_ step: Step) async throws {
        switch step {
        case .purchase, .several, .schedule, .change: return try await purchase(step)
        case .give(_, _?), .takeAway(_, _?): return try await reward(step)
        default: break
        }
        guard let request = StepRequest(step, of: customer, pricing) else {
            return try await look(step)
        }
        let reply = try await stage.api.call(request.method, request.fields)
        switch step {
        case .check(_, _, _, let reason, _), .deduct(_, _, _, let reason):
            #expect(reply["reason"]?.text == reason.name, comment)
            #expect(reply["allowed"]?.flag == reason.allows, comment)
        case .open(let grant) where !grant.name.isEmpty:
            named[grant.name] = parts(reply["customer"]).compactMap(\.number).max() ?? 0
        case .refund: try await refundsSettled()
        case .markPaid, .finalize, .voidInvoice: #expect(reply["invoice"] != nil, comment)
        case .migrate(_, _, _, _, let moved):
            let migrated = reply["subscriptions"]?.elements.filter {
                $0["outcome"]?.text == "migrated"
            }
            #expect(migrated?.count ?? 0 == moved, comment)
        default: break
        }
    }

    private func look(_ step: Step) async throws {
        switch step {
        case .given(let buckets):
            for (index, bucket) in buckets.enumerated() {
                try await give(bucket, id: "bal_\(index + 1)")
            }
        case .buy(let plan): try await buy(plan)
        case .charge:
            if let id = CustomerID(customer) {
                _ = await stage.environment.waitForOpenEffect(of: id)
            }
        case .refused(let word, let step): try await refuse(step, word)
        case .decided(let feature, let required, let reason, let compared, let shown):
            let answer = try await stage.api.call(
                "Check",
                [
                    "customer_id": .string(customer), "feature_id": .string(feature),
                    "required_quantity": .quantity(required),
                ])
            #expect(answer["reason"]?.text == reason.name, comment)
            #expect(answer["required_quantity"]?.quantity == compared, comment)
            #expect(answer["balance", "feature_id"]?.text == shown, comment)
            #expect((answer["flag"] != nil) == (reason == .flag), comment)
        case .left(let feature, let expected, let entity):
            let balance = try await balance(feature, of: entity)
            #expect(balance?["remaining"]?.quantity == expected, comment)
        case .used(let feature, let expected, let entity):
            let balance = try await balance(feature, of: entity)
            #expect(balance?["usage"]?.quantity == expected, comment)
        case .granted(let feature, let expected, let entity):
            let balance = try await balance(feature, of: entity)
            #expect(balance?["granted"]?.quantity == expected, comment)
        case .reset(let feature, let expected, let entity):
            let balance = try #require(try await balance(feature, of: entity), comment)
            #expect((balance["next_reset_time"]?.time ?? .never) == expected, comment)
        case .shown(let feature, let expected, let entity):
            let balance = try await balance(feature, of: entity)
            #expect(balance.map { Shown($0) } == expected, comment)
            let check = try await stage.api.call(
                "Check",
                [
                    "customer_id": .string(customer), "feature_id": .string(feature),
                    "entity_id": .text(entity),
                ])
            #expect(check["balance"] == balance, comment)
        case .balances(let expected):
            let holder = try await holder(.empty)
            let own = parts(holder).filter { !$0.isOfEntity }.map(\.balance)
            // A flag is a bucket without an amount.
            let flags = holder["flags"]?.elements.map { _ in Quantity.zero } ?? []
            #expect(own + flags == expected, comment)
        case .slices(let expected, let entity):
            let own = parts(try await holder(entity)).filter(\.isOfEntity).map(\.balance)
            #expect(own == expected, comment)
        case .window(let feature, let expected, let entity):
            let use = windowUse(of: feature, try await holder(entity))
            #expect(use == expected, comment)
        case .events(let expected):
            let values = try await eventValues()
            #expect(values == expected, comment)
        case .notices, .alertsTold, .limitsTold: try lookAtNotices(step)
        case .invoices, .taxes, .credit, .plan, .refunded, .refundedTaxes:
            try await lookAtMoney(step)
        case .payInvoice, .statuses, .dueTime: try await lookAtInvoices(step)
        case .discounts, .creditsLeft, .foreseen: try await lookAtDiscounts(step)
        case .holds(let expected):
            let holds = try await holder(.empty)["holds"]?.elements.count
            #expect(holds == expected, comment)
        default: preconditionFailure("\(step) is a call")
        }
    }

    /// With the card on file, or a new one on the payment page.
    func buy(_ plan: String) async throws {
        let reply = try await stage.api.call(
            "Attach", ["customer_id": .string(customer), "plan_id": .string(plan)])
        if reply["outcome"]?.text == "payment_required" {
            let paid = await stage.pay(at: reply["payment_url"]?.text ?? "")
            #expect(paid == 200, comment)
        } else {
            #expect(reply["outcome"]?.text == "active", comment)
        }
    }

    private func refuse(_ step: Step, _ word: String) async throws {
        if case .payInvoice(let number) = step { return try await refusePayment(of: number) }
        guard let request = StepRequest(step, of: customer, pricing) else {
            preconditionFailure("\(step) is no call")
        }
        let before = try await everything()
        do {
            _ = try await stage.api.call(request.method, request.fields)
            Issue.record("\(comment) was not refused")
        } catch let status as RPCStatus {
            let told = ToldRefusal(status)
            #expect(told?.word == word, comment)
        }
        let after = try await everything()
        #expect(after == before, comment)
    }
}

/// What the API shows.
extension Teller {
    /// All that may be read of the customer.
    private func everything() async throws -> [JSONValue] {
        let customer: JSONObject = ["customer_id": .string(customer)]
        return [
            try await stage.api.call("GetCustomer", customer),
            try await stage.api.call("ListEntities", customer),
            try await stage.api.call("ListEvents", ["selection": .object(customer)]),
        ]
    }

    /// The customer or one of its entities.
    private func holder(_ entity: InlineText) async throws -> JSONValue {
        var request: JSONObject = ["customer_id": .string(customer)]
        guard !entity.isEmpty else {
            let reply = try await stage.api.call("GetCustomer", request)
            return try #require(reply["customer"])
        }
        request.append("entity_id", .text(entity))
        let reply = try await stage.api.call("GetEntity", request)
        return try #require(reply["entity"])
    }

    private func balance(_ feature: String, of entity: InlineText) async throws -> JSONValue? {
        try await holder(entity)["balances"]?.elements.first { $0["feature_id"]?.text == feature }
    }

    /// In order of opening.
    private func parts(_ holder: JSONValue?) -> [ShownPart] {
        let balances = holder?["balances"]?.elements ?? []
        let parts = balances.flatMap { $0["parts"]?.elements ?? [] }.map { ShownPart($0) }
        return parts.sorted { place($0) < place($1) }
    }

    private func place(_ part: ShownPart) -> (Int, Int) {
        if let number = part.number { return (number, 0) }
        return (named[part.id] ?? 0, 1)
    }

    private func windowUse(of feature: String, _ holder: JSONValue) -> Quantity {
        let limits = holder["controls", "usage_limits"]?.elements ?? []
        let now = stage.clock.now()
        return limits.filter {
            $0["feature_id"]?.text == feature && $0["window_end_time"]?.time ?? .epoch > now
        }.reduce(.zero) { $0 + ($1["usage"]?.quantity ?? .zero) }
    }

    private func eventValues() async throws -> [Quantity?] {
        let reply = try await stage.api.call(
            "ListEvents",
            [
                "selection": .object(["customer_id": .string(customer)]),
                "order": .string("oldest_first"), "page_size": .number(1000),
            ])
        return reply["events"]?.elements.map { $0["value"]?.quantity } ?? []
    }
}

/// One part of a balance.
private struct ShownPart {
    let id: String
    /// What is left of it; below zero: overdrawn.
    let balance: Quantity
    let isOfEntity: Bool

    init(_ part: JSONValue) {
        id = part["balance_id"]?.text ?? ""
        balance = (part["granted"]?.quantity ?? .zero) - (part["usage"]?.quantity ?? .zero)
        isOfEntity = part["entity_level"]?.flag ?? false
    }

    /// nil: it has a name of ours.
    var number: Int? { id.hasPrefix("bal_") ? Int(id.dropFirst(4)) : nil }
}

extension Shown {
    fileprivate init(_ balance: JSONValue) {
        func units(_ value: JSONValue, _ key: String) -> Quantity {
            value[key]?.quantity ?? .zero
        }
        self.init(
            granted: units(balance, "granted"), remaining: units(balance, "remaining"),
            usage: units(balance, "usage"), overage: units(balance, "overage"),
            parts: (balance["parts"]?.elements ?? []).map { part in
                ["granted", "remaining", "usage"].map { units(part, $0) }
            },
            overageAllowed: balance["overage_allowed"]?.flag ?? false,
            maxPurchase: balance["max_purchase"]?.quantity,
            unlimited: balance["unlimited"]?.flag ?? false)
    }
}

extension CheckReason {
    /// As the API's JSON has it.
    fileprivate var name: String {
        "\(self)".reduce(into: "") { name, letter in
            if letter.isUppercase { name += "_" }
            name += letter.lowercased()
        }
    }
}
