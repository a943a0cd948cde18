import Stories
import Testing

@testable import Billing

/// Who a customer is, and who has yet to be told: nothing where no payment provider knows it.
@Suite("What a provider is told of a customer") struct ProfileTests {
    private static let pricing = PricingState.sample(
        [.sample("words", .metered)], [.sample("free")])

    private static func address(_ country: String) -> PostalAddress {
        var address = PostalAddress()
        address.line1 = "1 Main St"
        address.country = country
        return address
    }

    private static func desk(_ payer: String?) throws -> Desk {
        var desk = Desk(pricing)
        try desk.create()
        if let payer { try desk.run(.provider(.registered(reference: payer))) }
        return desk
    }

    private static func change(
        _ name: String? = nil, _ email: String? = nil, _ address: PostalAddress? = nil
    ) -> Command {
        var update = UpdateCustomer(name: name, email: email)
        update.address = address
        return .update(update)
    }

    private static func check(_ desk: Desk) {
        var replayed = CustomerState(id: "customer")
        replayed.apply(desk.facts)
        #expect(StateView(replayed) == StateView(desk.customer))
    }

    private static let rows: [(Command, UInt32)] = [
        (change("Ada"), 1), (change(nil, "ada@example.com"), 1),
        (change(nil, nil, address("DE")), 1), (change(), 0), (change(nil, nil, PostalAddress()), 0),
    ]

    @Test("each change is a turn, once told it is over", arguments: rows)
    func told(command: Command, turn: UInt32) throws {
        var desk = try Self.desk("cus_1")
        for _ in 0..<2 { try desk.run(command) }
        #expect(desk.customer.account.owedProfile == turn)
        #expect(desk.customer.account.isBusy == (turn > 0))
        for _ in 0..<2 { try desk.run(.provider(.profileTold(turn: turn))) }
        #expect(desk.customer.account.owedProfile == 0 && !desk.customer.account.isBusy)
        Self.check(desk)
    }

    @Test("telling an earlier change is not telling the later one")
    func later() throws {
        var desk = try Self.desk("cus_1")
        try desk.run(Self.change("Ada"))
        try desk.run(.erase)
        #expect(desk.customer.account.owedProfile == 2)
        try desk.run(.provider(.profileTold(turn: 1)))
        #expect(desk.customer.account.owedProfile == 2)
        try desk.run(.provider(.profileTold(turn: 2)))
        #expect(desk.customer.account.owedProfile == 0)
        Self.check(desk)
    }

    @Test("whom no provider knows, nobody is told of")
    func nobody() throws {
        var desk = try Self.desk(nil)
        let facts = try desk.run(Self.change("Ada", nil, Self.address("DE"))).facts
        #expect(
            facts == [
                .profileChanged(name: "Ada", email: "acme@example.com"),
                .addressSet(Self.address("DE")),
            ])
        #expect(try desk.run(.erase).facts == [.customerErased(key: 0)])
        #expect(desk.customer.account.owedProfile == 0)
        Self.check(desk)
    }

    @Test(
        "an address is erased with the name, and alone; a deleted customer leaves nothing to tell")
    func erased() throws {
        var desk = try Self.desk("cus_1")
        try desk.run(Self.change(nil, nil, Self.address("DE")))
        #expect(desk.customer.account.address == Self.address("DE"))
        let empty = PostalAddress()
        let facts = try desk.run(.erase).facts
        #expect(facts == [.customerErased(key: 0), .addressSet(empty), .profileOwed(turn: 2)])
        #expect(desk.customer.account.address == empty)
        #expect(try desk.run(.erase).facts.isEmpty)
        try desk.run(Self.change(nil, nil, Self.address("US")))
        try desk.run(Self.change(nil, nil, empty))
        #expect(desk.customer.account.address == empty)
        #expect(try desk.run(Self.change(nil, nil, empty)).facts.isEmpty)
        try desk.run(Self.change("Ada"))
        try desk.run(.delete)
        #expect(desk.customer.isDeleted && desk.customer.account == Account())
        Self.check(desk)
    }
}
