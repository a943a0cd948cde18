import Stories
import Testing

@testable import Billing

@Suite("A plan tried on usage")
struct PlanSimulationTests {
    private static let start = Timestamp.utc(2027, 1, 10)
    private static let pricing = PricingState.sample(
        Fixture.features,
        [
            .sample("free", autoEnable: true, .sample("messages", 100, each: .month)),
            .sample("pro", price: "20", .sample("messages", 100, each: .month, price: "0.10")),
            .sample("metered", price: "5", .sample("messages", each: .week, price: "0.01")),
            .sample("seats", price: "10", .sample("users", 1, price: "7")),
            .sample("packs", price: "1", .packs("words", of: 100, Price("5", packSize: 100))),
            .sample("credit", price: "9", .sample("credits", 10, each: .month)),
            .sample("team", price: "1", .sample("messages", 10, each: .month).forEach("users")),
        ])

    private func simulation(
        of plan: String, at start: Timestamp = start, quantities: [AskedUnits] = []
    ) throws -> PlanSimulation {
        try PlanSimulation(
            of: "customer", on: Self.pricing.number(ofPlan: plan), quantities: quantities,
            pricing: Self.pricing, at: start)
    }

    /// Cents.
    private func totals(_ simulation: PlanSimulation) -> [Int64] {
        simulation.invoices.map(\.total.minorUnits)
    }

    @Test("20 a month with 100 included and 0.10 beyond: 251 used make 35.10 with the renewal")
    func example() throws {
        var pro = try simulation(of: "pro")
        #expect(totals(pro) == [2_000])
        try pro.advance(to: .utc(2027, 1, 20)) {}
        for value: Quantity in [200, "50.5", "0.5"] {
            pro.use(Fixture.messages, value, by: .empty, [])
        }
        try pro.advance(to: .utc(2027, 2, 9)) {}
        #expect(totals(pro) == [2_000])
        #expect(pro.unbilled.map(\.total.minorUnits) == [1_510])
        #expect(pro.unbilled.map(\.kind) == [.overage])
        try pro.advance(to: .utc(2027, 2, 10)) {}
        #expect(totals(pro) == [2_000, 3_510])
        #expect(pro.invoices[1].lines.map(\.total.minorUnits).sorted() == [1_510, 2_000])
        #expect(pro.invoices.map(\.time) == [Self.start, .utc(2027, 2, 10)])
        #expect(pro.unbilled.isEmpty && pro.cuts.isEmpty && pro.events == 3)
    }

    @Test("Each period is billed at its moment, however long nothing was used")
    func periods() throws {
        var metered = try simulation(of: "metered")
        metered.use(Fixture.messages, 300, by: .empty, [])
        try metered.advance(to: .utc(2027, 4, 10).adding(milliseconds: -1)) {}
        // Overage at the end of its week, and the price each month.
        #expect(totals(metered) == [500, 300, 500, 500])
        #expect(
            metered.invoices.map(\.time) == [
                Self.start, .utc(2027, 1, 17), .utc(2027, 2, 10), .utc(2027, 3, 10),
            ])
    }

    @Test("What a plan doesn't let pass is told, by feature")
    func cuts() throws {
        var free = try simulation(of: "free")
        #expect(free.invoices.isEmpty)
        for value: Quantity in [60, 60, 60, -30] {
            free.use(Fixture.messages, value, by: .empty, [])
        }
        free.use(Fixture.words, 5, by: .empty, [])
        try free.advance(to: .utc(2027, 2, 10)) {}
        free.use(Fixture.messages, 60, by: .empty, [])
        #expect(
            free.cuts == [
                PlanSimulation.Cut(feature: Fixture.messages, value: 120, rest: 80, events: 2),
                PlanSimulation.Cut(feature: Fixture.words, value: 5, rest: 5, events: 1),
            ])
        #expect(free.events == 6 && free.invoices.isEmpty)
    }

    @Test("Credits are drained at their cost")
    func credits() throws {
        var credit = try simulation(of: "credit")
        credit.use(Fixture.action1, 60, by: .empty, [])
        #expect(
            credit.cuts == [
                PlanSimulation.Cut(feature: Fixture.action1, value: 60, rest: 10, events: 1)
            ])
    }

    @Test("Seats are charged at the period's end, packs in advance")
    func seatsAndPacks() throws {
        var seats = try simulation(of: "seats")
        for (number, id) in (["a", "b", "c"] as [InlineText]).enumerated() {
            seats.add(
                Entity(
                    number: UInt32(number), id: id, feature: Fixture.users, name: "",
                    created: Self.start))
        }
        #expect(seats.unbilled.map(\.total.minorUnits) == [1_400])
        try seats.advance(to: .utc(2027, 2, 10)) {}
        #expect(totals(seats) == [1_000, 2_400])
        let words = [AskedUnits(feature: Fixture.words, total: 350)]
        #expect(totals(try simulation(of: "packs", quantities: words)) == [1_600])
        let tooFew = [AskedUnits(feature: Fixture.words, total: -1)]
        #expect(throws: Refusal.self) { try simulation(of: "packs", quantities: tooFew) }
    }

    @Test("An entity's usage draws from its own slice")
    func entities() throws {
        var team = try simulation(of: "team")
        let ada = Entity(
            number: 1, id: "ada", feature: Fixture.users, name: "", created: Self.start)
        team.add(ada)
        team.use(Fixture.messages, 8, by: "ada", [])
        team.use(Fixture.messages, 8, by: "ada", [])
        #expect(team.cuts.map(\.rest) == [6])
    }

    @Test("Longer than anybody waits, it ends")
    func checkpoint() throws {
        var left = 3
        var pro = try simulation(of: "pro")
        #expect(throws: CancellationError.self) {
            try pro.advance(to: .utc(2037, 1, 1)) {
                left -= 1
                if left == 0 { throw CancellationError() }
            }
        }
    }
}
