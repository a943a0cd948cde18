import Billing
import RPC
import Stories
import Testing

@testable import Repository
@testable import Wire

/// What a plan would have earned, through the API.
@Suite("Simulation") struct SimulateTests {
    static let pricing = PricingState.sample(
        Fixture.features,
        [
            .sample("free", autoEnable: true, .sample("messages", 100, each: .month)),
            .sample(
                "pro", price: "20", .sample("messages", 100, each: .month, price: "0.10"),
                .sample("words", 1_000, each: .week, price: "3", per: 100)),
            .sample(
                "team", price: "50", each: .quarter, .sample("users", 1, price: "7.50"),
                .sample("credits", 40, each: .month, price: "0.33")),
        ])

    private func attach(_ id: String, _ plan: String, _ stage: APIStage) async throws {
        _ = try await stage.api.call("GetOrCreateCustomer", ["customer_id": .string(id)])
        guard plan != "free" else { return }
        let bought = try await stage.api.call(
            "Attach", ["customer_id": .string(id), "plan_id": .string(plan)])
        #expect(await stage.pay(at: bought["payment_url"]?.text ?? "") == 200)
    }

    private func track(
        _ id: String, _ feature: String, _ value: Double, _ stage: APIStage
    ) async throws {
        _ = try await stage.api.call(
            "Track",
            [
                "customer_id": .string(id), "feature_id": .string(feature),
                "value": .number(value),
            ])
    }

    /// Goes on to a moment; everything due on the way happens, day by day, and is paid.
    private func wait(until time: Timestamp, _ ids: [String], _ stage: APIStage) async throws {
        while stage.clock.now() < time {
            let next = stage.clock.now().adding(milliseconds: 86_400_000)
            stage.clock.set(min(next, time))
            for id in ids {
                for _ in 0..<2_000 {
                    let reply = try await stage.api.call(
                        "GetCustomer", ["customer_id": .string(id)])
                    let plans = (reply["customer"] ?? .null)["subscriptions"]?.elements ?? []
                    if !plans.contains(where: { $0["status"]?.text == "renewing" }) { break }
                    try await Task.sleep(for: .milliseconds(1))
                }
            }
        }
    }

    private func simulate(
        _ plan: String, _ times: Range<Timestamp>, _ more: JSONObject = [:], _ stage: APIStage
    ) async throws -> JSONValue {
        let request: JSONObject = [
            "plan_id": .string(plan), "start_time": .time(times.lowerBound),
            "end_time": .time(times.upperBound),
        ]
        return try await stage.api.call(
            "SimulatePlan", JSONObject(request.members + more.members))
    }

    /// What an invoice says, without its number.
    private func told(_ invoices: JSONValue?) -> [String] {
        (invoices?.elements ?? []).map { invoice in
            let lines = (invoice["lines"]?.elements ?? []).map { JSONWriter.text($0) }.sorted()
            return [
                invoice["create_time"]?.text ?? "", "\(minorUnits(invoice["total"]))",
                "\(minorUnits(invoice["amount_due"]))", lines.joined(separator: " "),
            ].joined(separator: " | ")
        }
    }

    private func minorUnits(_ money: JSONValue?) -> Int64 {
        switch money?["minor_units"] {
        case .string(let text), .number(let text): Int64(text) ?? 0
        default: 0
        }
    }

    @Test(
        "The plan that customers have makes the invoices that they got, more than a year of them",
        arguments: [false, true])
    func law(hasTestClock: Bool) async throws {
        let plans = ["a": "pro", "b": "pro", "c": "team", "d": "free"]
        let ids = plans.keys.sorted()
        let features = ["messages", "words", "action1", "action2"]
        try await APIStage.with(Self.pricing) { stage in
            let start = stage.clock.now()
            for id in ids { try await attach(id, plans[id] ?? "", stage) }
            _ = try await stage.api.call(
                "CreateEntity", ["customer_id": "c", "entity_id": "ann", "feature_id": "users"])
            _ = try await stage.api.call(
                "CreateEntity", ["customer_id": "c", "entity_id": "bob", "feature_id": "users"])
            var seed = UInt64(hasTestClock ? 7 : 3)
            func roll(_ count: UInt64) -> Int {
                seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                return Int((seed >> 33) % count)
            }
            var now = start
            for _ in 0..<45 {
                now = now.adding(milliseconds: Int64(roll(20 * 86_400) + 1) * 1_000)
                if hasTestClock {
                    _ = try await stage.api.call("AdvanceTestClock", ["time": .time(now)])
                } else {
                    try await wait(until: now, ids, stage)
                }
                for _ in 0..<3 {
                    try await track(
                        ids[roll(4)], features[roll(4)], Double(roll(30_000) + 1) / 100, stage)
                }
            }
            #expect(now > start.adding(months: 13))
            let dump = stage.environment.partitions.flatMap { $0.customers.dump() }
            for id in ids {
                let reply = try await simulate(
                    plans[id] ?? "", start..<now, ["customer_id": .string(id)], stage)
                let customer = reply["customers"]?.elements.first ?? .null
                #expect(customer["skip"]?.text == "unspecified")
                #expect(customer["actual_incomplete"]?.flag != true)
                let invoices = told(customer["invoices"])
                #expect(invoices == told(customer["actual_invoices"]), "\(id)")
                #expect(invoices.count > (id == "d" ? -1 : id == "c" ? 4 : 13), "\(id)")
                #expect(customer["total"] == customer["actual_total"])
            }
            #expect(stage.environment.partitions.flatMap { $0.customers.dump() } == dump)
        }
    }

    @Test("Everyone of a plan, page by page, on a draft: who would pay more, who less")
    func everyone() async throws {
        try await APIStage.with(Self.pricing) { stage in
            let start = stage.clock.now()
            for number in 0..<5 {
                try await attach("p\(number)", "pro", stage)
                try await track("p\(number)", "messages", Double(number * 100), stage)
            }
            try await attach("f", "free", stage)
            let end = start.adding(months: 1).adding(milliseconds: 60_000)
            try await wait(until: end, (0..<5).map { "p\($0)" } + ["f"], stage)
            let published = try await stage.api.call("GetCatalog", [:])
            let draft: JSONValue = [
                "currency": "usd",
                "plans": [
                    [
                        "plan_id": "flat", "name": "Flat",
                        "price": ["amount": "30", "interval": "month"],
                        "items": [
                            [
                                "feature_id": "messages", "included": 300,
                                "reset": ["interval": "month"],
                            ]
                        ],
                    ]
                ],
            ]
            var customers: [JSONValue] = []
            var token = ""
            var summaries: [JSONValue] = []
            repeat {
                let page = try await simulate(
                    "flat", start..<end,
                    [
                        "catalog": draft, "having_plan_id": "pro", "page_size": 2,
                        "page_token": .string(token),
                    ], stage)
                customers += page["customers"]?.elements ?? []
                summaries.append(page["summary"] ?? .null)
                token = page["next_page_token"]?.text ?? ""
            } while !token.isEmpty
            let ids = customers.map { $0["customer_id"]?.text ?? "" }
            #expect(ids.sorted() == (0..<5).map { "p\($0)" })
            #expect(summaries.count == 3)
            for customer in customers {
                let number = Int((customer["customer_id"]?.text ?? "").dropFirst()) ?? 0
                // Really 20, then 20 and what is beyond 100 at 0.10.
                let paid = Int64(4_000 + max(0, number - 1) * 1_000)
                #expect(minorUnits(customer["actual_total"]) == paid)
                #expect(minorUnits(customer["total"]) == 6_000)
                let cut = customer["cut_usages"]?.elements.first?["cut"]?.quantity
                #expect(cut == (number > 3 ? Quantity(units: 100) : nil))
            }
            func sum(_ key: String) -> Int {
                summaries.reduce(0) { sum, summary in
                    sum + (summary[key]?.quantity.map { Int($0.raw / Quantity.scale) } ?? 0)
                }
            }
            #expect(sum("customer_count") == 5 && sum("skipped_count") == 0)
            // 40 and 40 and 50 would be 60; 60 stays; 70 would be less.
            #expect(sum("paying_more_count") == 3)
            #expect(sum("paying_same_count") == 1 && sum("paying_less_count") == 1)
            #expect(summaries.reduce(0) { $0 + minorUnits($1["total"]) } == 30_000)
            #expect(summaries.reduce(0) { $0 + minorUnits($1["actual_total"]) } == 26_000)
            #expect(try await stage.api.call("GetCatalog", [:]) == published)
        }
    }

    @Test("251 used of 100 included at 0.10 on 20 a month: 35.10 with the renewal, told before it")
    func example() async throws {
        try await APIStage.with(Self.pricing) { stage in
            let start = stage.clock.now()
            try await attach("c", "free", stage)
            for value in [200.0, 50.5, 0.5] {
                _ = try await stage.api.call(
                    "Track",
                    [
                        "customer_id": "c", "feature_id": "messages", "value": .number(value),
                        "overage_behavior": "overflow",
                    ])
            }
            let end = start.adding(months: 1)
            try await wait(until: end.adding(milliseconds: 1), ["c"], stage)
            let who: JSONObject = ["customer_id": "c"]
            let before = try await simulate("pro", start..<end, who, stage)
            let first = before["customers"]?.elements.first ?? .null
            #expect(minorUnits(first["total"]) == 2_000)
            #expect(minorUnits(first["unbilled_total"]) == 1_510)
            let after = try await simulate(
                "pro", start..<end.adding(milliseconds: 1), who, stage)
            let invoices = after["customers"]?.elements.first?["invoices"]?.elements ?? []
            #expect(invoices.map { minorUnits($0["total"]) } == [2_000, 3_510])
            #expect(minorUnits(after["summary"]?["actual_total"]) == 0)
        }
    }

    @Test("Who came after the range is named and left out")
    func skips() async throws {
        try await APIStage.with(Self.pricing) { stage in
            let start = stage.clock.now()
            stage.clock.set(start.adding(milliseconds: 10_000))
            try await attach("late", "free", stage)
            let young = try await simulate(
                "pro", start..<start.adding(milliseconds: 5_000), [:], stage)
            #expect(young["customers"]?.elements.first?["skip"]?.text == "too_young")
            #expect(young["summary"]?["skipped_count"]?.quantity == 1)
            #expect(young["summary"]?["customer_count"]?.quantity == 0)
        }
    }
}
