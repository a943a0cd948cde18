import Stories
import Testing

@testable import Billing

/// Invoices of other systems are history (billing §14.6).
@Suite("External invoices") struct RecordInvoiceTests {
    private static let pricing = PricingState.sample(
        [.sample("words", .metered)],
        [
            .sample("free", .sample("words", 10, each: .month)),
            .sample("pro", price: "20", .sample("words", 100, each: .month)),
        ])

    private static func invoice(
        _ id: String, _ processor: ExternalInvoice.Processor = .stripe,
        _ status: InvoiceStatus = .open, _ total: Int64 = 5000
    ) -> ExternalInvoice {
        var invoice = ExternalInvoice(
            processor, id, status, total: Money(minorUnits: total, currency: Desk.dollars),
            time: .utc(2026, 11, 20))
        invoice.url = "https://pay.example.com/\(id)"
        return invoice
    }

    private static func check(_ desk: Desk) {
        var replayed = CustomerState(id: "customer")
        replayed.apply(desk.facts)
        #expect(StateView(replayed) == StateView(desk.customer))
        #expect(replayed.account == desk.customer.account)
    }

    @Test("one of the same processor and id replaces the other, and a repetition changes nothing")
    func upsert() throws {
        var desk = Desk(Self.pricing)
        try desk.create()
        let (first, second) = (Self.invoice("in_1"), Self.invoice("in_2"))
        let decision = try desk.run(.recordInvoices(RecordInvoices([first, second])))
        #expect(decision.facts == [.externalInvoiceSet(first), .externalInvoiceSet(second)])
        #expect(decision.reply == .recorded([first, second]))
        #expect(try desk.run(.recordInvoices(RecordInvoices([second]))).facts.isEmpty)
        let paid = Self.invoice("in_1", .stripe, .paid)
        let other = Self.invoice("in_1", .revenueCat)
        try desk.run(.recordInvoices(RecordInvoices([paid, other])))
        #expect(desk.customer.account.externalInvoices == [paid, second, other])
        Self.check(desk)
    }

    @Test(
        "nothing else changes because of one, now or at any renewal",
        arguments: [InvoiceStatus.draft, .open, .paid, .uncollectible, .void], [5000, -5000])
    func history(status: InvoiceStatus, total: Int64) throws {
        var (desk, plain) = (Desk(Self.pricing), Desk(Self.pricing))
        for record in [true, false] {
            var one = record ? desk : plain
            try one.create()
            one.saveMethod()
            if record {
                let invoice = Self.invoice("in_1", .stripe, status, total)
                try one.run(.recordInvoices(RecordInvoices([invoice])))
            } else {
                try one.run(.advance)
            }
            try one.buy("pro")
            one.advance(to: .utc(2027, 3, 15))
            if record { desk = one } else { plain = one }
        }
        #expect(desk.customer.account.externalInvoices.count == 1)
        var without = desk.customer
        without.account.externalInvoices = []
        #expect(StateView(without) == StateView(plain.customer))
        #expect(!desk.customer.account.invoices.isEmpty)
        Self.check(desk)
    }

    @Test("a hundred at most, and one more is refused with all that came with it")
    func limit() throws {
        var desk = Desk(Self.pricing)
        try desk.create()
        let all = (1...100).map { Self.invoice("in_\($0)") }
        try desk.run(.recordInvoices(RecordInvoices(all)))
        let before = desk.customer.account
        #expect(throws: Refusal.tooMany("external invoices", limit: 100)) {
            try desk.run(
                .recordInvoices(
                    RecordInvoices([Self.invoice("in_1", .stripe, .paid), Self.invoice("in_x")])))
        }
        #expect(desk.customer.account == before)
        try desk.run(.recordInvoices(RecordInvoices([Self.invoice("in_1", .stripe, .paid)])))
        #expect(desk.customer.account.externalInvoices.count == 100)
    }

    @Test("their pages are erased with the name, and alone")
    func erased() throws {
        var desk = Desk(Self.pricing)
        try desk.create()
        try desk.run(.recordInvoices(RecordInvoices([Self.invoice("in_1")])))
        #expect(Fact.externalInvoiceSet(Self.invoice("in_1")).isPersonal)
        try desk.run(.erase)
        #expect(desk.customer.account.externalInvoices.map(\.id) == ["in_1"])
        #expect(desk.customer.account.externalInvoices.map(\.url) == [""])
        #expect(try desk.run(.erase).facts.isEmpty)
        Self.check(desk)
    }
}

extension Desk {
    fileprivate static let dollars: Currency = {
        guard let dollars = Currency(code: "usd") else { preconditionFailure("it is a code") }
        return dollars
    }()
}
