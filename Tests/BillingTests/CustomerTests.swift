import Stories
import Testing

@testable import Billing

/// Entitlements §8.2: customers as they are changed and deleted.
@Suite("Customers")
struct CustomerTests {
    private static let pricing = PricingState.sample(
        [.sample("messages", .metered)],
        [
            .sample("free", autoEnable: true, .sample("messages", 100, each: .month)),
            .sample("pro", price: "20", .sample("messages", 1000, each: .month)),
        ])

    struct Row: RuleRow {
        var rule: String
        var update: UpdateCustomer
        var name = "Acme"
        var email = "acme@example.com"
        var metadata: [MetadataEntry] = [MetadataEntry("a", "1"), MetadataEntry("b", "2")]
        var facts: Int
    }

    @Test(
        "§8.2: update changes given fields only; metadata is merged key by key",
        arguments: [
            Row(rule: "nothing is given", update: UpdateCustomer(), facts: 0),
            Row(rule: "a name", update: UpdateCustomer(name: "B"), name: "B", facts: 1),
            Row(rule: "no email", update: UpdateCustomer(email: ""), email: "", facts: 1),
            Row(
                rule: "the same once more",
                update: UpdateCustomer(
                    name: "Acme", email: "acme@example.com", metadata: [MetadataEntry("a", "1")],
                    removedKeys: ["z"]), facts: 0),
            Row(
                rule: "a key is put in, others stay",
                update: UpdateCustomer(metadata: [MetadataEntry("aa", "")]),
                metadata: [
                    MetadataEntry("a", "1"), MetadataEntry("aa", ""), MetadataEntry("b", "2"),
                ], facts: 1),
            Row(
                rule: "a key is replaced, the last one counts",
                update: UpdateCustomer(metadata: [MetadataEntry("b", "x"), MetadataEntry("b", "3")]
                ),
                metadata: [MetadataEntry("a", "1"), MetadataEntry("b", "3")], facts: 1),
            Row(
                rule: "keys are removed",
                update: UpdateCustomer(name: "B", removedKeys: ["a", "b"]), name: "B",
                metadata: [], facts: 2),
        ])
    func update(row: Row) throws {
        var desk = Desk(Self.pricing)
        try desk.run(
            .create(
                CreateCustomer(
                    name: "Acme", email: "acme@example.com",
                    metadata: [MetadataEntry("b", "2"), MetadataEntry("a", "1")])))
        let decision = try desk.run(.update(row.update))
        #expect(decision.reply == .updated)
        #expect(decision.facts.count == row.facts)
        #expect(desk.customer.account.name == row.name)
        #expect(desk.customer.account.email == row.email)
        #expect(desk.customer.account.metadata == row.metadata)
    }

    @Test("§8.2: more than 50 keys together are refused, and nothing is changed")
    func tooManyKeys() throws {
        var desk = Desk(Self.pricing)
        try desk.create()
        let some = (0..<50).map { MetadataEntry("key-\($0)", "") }
        try desk.run(.update(UpdateCustomer(metadata: some)))
        let more = UpdateCustomer(name: "B", metadata: [MetadataEntry("one-more", "")])
        #expect(
            throws: Refusal.invalid([
                Violation(
                    path: "metadata", message: "would make 51 keys; a customer may have 50")
            ])
        ) { try desk.run(.update(more)) }
        #expect(desk.customer.account.name == "Acme")
        var swap = more
        swap.removedKeys = ["key-7"]
        try desk.run(.update(swap))
        #expect(desk.customer.account.metadata.count == 50)
    }

    @Test("§8.2: get-or-create leaves an existing customer's metadata, and fills blanks only")
    func getOrCreate() throws {
        var desk = Desk(Self.pricing)
        try desk.run(.create(CreateCustomer(name: "", email: "a@example.com")))
        let again = CreateCustomer(
            name: "Acme", email: "b@example.com", metadata: [MetadataEntry("a", "1")])
        try desk.run(.create(again))
        #expect(desk.customer.account.name == "Acme")
        #expect(desk.customer.account.email == "a@example.com")
        #expect(desk.customer.account.metadata.isEmpty)
    }

    @Test("An erasure takes the metadata, also where there is nothing else")
    func erase() throws {
        var desk = Desk(Self.pricing)
        try desk.run(
            .create(CreateCustomer(name: "", email: "", metadata: [MetadataEntry("a", "1")])))
        #expect(try desk.run(.erase).facts == [.customerErased(key: 0)])
        #expect(desk.customer.account.metadata.isEmpty)
        #expect(try desk.run(.erase).facts.isEmpty)
    }

    @Test("§8.2: a deleted customer leaves its numbers, so that the next one repeats none")
    func delete() throws {
        var desk = Desk(Self.pricing)
        try desk.create()
        try desk.buy("pro")
        try desk.track("messages", 7)
        let before = desk.customer
        #expect(try desk.run(.delete).facts == [.customerErased(key: 0), .customerDeleted])
        #expect(desk.customer.isDeleted)
        #expect(desk.customer.account == Account())
        #expect(desk.customer.subscriptions.isEmpty && desk.customer.buckets.count == 0)
        #expect(desk.customer.nextDue == .never)
        #expect(desk.customer.lastInvoice == before.lastInvoice)

        let decision = try desk.create()
        #expect(decision.reply == .created(true))
        #expect(!desk.customer.isDeleted)
        #expect(desk.balance("messages")?.remaining == 100)
        #expect(desk.customer.subscriptions.map(\.number) == [before.lastSubscription + 1])
        #expect(desk.customer.allBuckets.map(\.number) == [before.lastBucket + 1])
        #expect(desk.customer.account.method == nil && desk.customer.account.invoices.isEmpty)
    }

    @Test("A customer with a charge under way isn't deleted; an open page is closed with it")
    func deleteWhilePaying() throws {
        var desk = Desk(Self.pricing)
        try desk.create()
        #expect(try desk.attach("pro").outcome == .processing)
        #expect(throws: Refusal.purchaseInProgress) { try desk.run(.delete) }
        try desk.settle(.checkoutOpened(url: "https://example.com"))
        let session = desk.customer.account.checkout?.session ?? ""
        #expect(
            try desk.run(.delete).facts == [
                .checkoutClosed(session: session, paid: false), .customerErased(key: 0),
                .customerDeleted,
            ])
        #expect(desk.customer.account.checkout == nil)
    }
}
