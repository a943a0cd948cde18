import Billing
import Payments
import Testing

@Suite("What Stripe is asked for") struct StripeBodyTests {
    private static let payer: Payer = {
        var payer = Payer(id: CustomerID("acme")!, home: "5f0c")
        payer.reference = "cus_1"
        payer.created = Timestamp(milliseconds: 1_000)
        return payer
    }()

    private static func effect(
        _ amounts: [(String, Int64)], credit: Int64 = 0, _ code: String = "usd"
    )
        -> Effect
    {
        let currency = Currency(code: code)!
        let lines = amounts.map { name, minor in
            InvoiceLine(
                .charge, PricePart(plan: .none), description: name,
                period: Timestamp(milliseconds: 0)..<Timestamp(milliseconds: 5_000),
                subtotal: Money(minorUnits: minor, currency: currency))
        }
        let total = Money(minorUnits: amounts.reduce(0) { $0 + $1.1 }, currency: currency)
        let order = Order(
            purpose: .purchase, plan: .none, subscriptions: [], lines: lines, total: total,
            credit: credit, time: .epoch)
        return Effect(id: "eff_1", kind: .collect, order: order, request: nil)
    }

    private static let marks = "metadata[tally_home]=5f0c&metadata[tally_customer]=acme"

    @Test("a page has an item for each line")
    func page() {
        let body = StripeBodies.session(
            Self.effect([("Pro", 2000), ("Seats", 500)]), Self.payer, successURL: "https://a"
        ).encoded
        #expect(body.hasPrefix("mode=payment&customer=cus_1&client_reference_id=eff_1&"))
        #expect(body.contains("&\(Self.marks)&metadata[tally_effect]=eff_1"))
        #expect(body.contains("line_items[1][price_data][unit_amount]=500"))
        #expect(body.contains("payment_intent_data[setup_future_usage]=off_session"))
    }

    @Test(
        "a page shows one sum where something is given back",
        arguments: [
            ([("Premium", 5000), ("Unused time", -1000)], 0, "4000"),
            ([("Pro", 2000)], 500, "1500"),
            ([("Pro", 2000)], -300, "2300"),
        ] as [([(String, Int64)], Int64, String)])
    func sum(amounts: [(String, Int64)], credit: Int64, due: String) {
        let body = StripeBodies.session(
            Self.effect(amounts, credit: credit), Self.payer, successURL: "https://a"
        ).encoded
        #expect(body.contains("line_items[0][price_data][unit_amount]=\(due)&"))
        #expect(!body.contains("line_items[1]"))
    }

    @Test("a page where nothing is due puts a card on file")
    func setup() {
        let body = StripeBodies.session(
            Self.effect([("Trial", 0)]), Self.payer, successURL: "https://a"
        ).encoded
        #expect(body.hasPrefix("mode=setup&") && !body.contains("line_items"))
        #expect(body.contains("setup_intent_data[metadata][tally_effect]=eff_1"))
    }

    @Test("an invoice is not sent and not collected before it is told to")
    func invoice() {
        let body = StripeBodies.invoice(Self.effect([("Pro", 2000)]), Self.payer).encoded
        #expect(
            body == "customer=cus_1&currency=usd&auto_advance=false&"
                + "collection_method=charge_automatically&pending_invoice_items_behavior=exclude&"
                + "\(Self.marks)&metadata[tally_effect]=eff_1")
    }

    @Test(
        "the lines of an invoice sum up to what is due",
        arguments: [
            ([("Pro", 2000), ("Unused", -500)], 0, "usd", [2000, -500]),
            ([("Pro", 2000)], 500, "usd", [2000, -500]), ([("Pro", 2000)], -30, "usd", [2000, 30]),
            // Each rounded, and their sum.
            ([("A", 1_050), ("B", 1_050)], 0, "isk", [1_100, 1_100, -100]),
            ([("A", 5), ("B", 0)], 0, "ugx", [500]),
        ] as [([(String, Int64)], Int64, String, [Int64])])
    func lines(amounts: [(String, Int64)], credit: Int64, code: String, sent: [Int64]) {
        let effect = Self.effect(amounts, credit: credit, code)
        let body = StripeBodies.lines(effect.order).encoded
        let found = body.split(separator: "&").filter { $0.contains("[amount]=") }
            .compactMap { Int64($0.split(separator: "=")[1]) }
        #expect(found == sent)
        #expect(found.reduce(0, +) == StripeAmount.amount(of: effect.order.due))
        #expect(body.contains("lines[0][period][start]=0&lines[0][period][end]=5"))
    }

    private static func taxed(_ isInclusive: Bool) -> Effect {
        var effect = Self.effect([("Pro", 2000), ("Unused", -1000)])
        let rate = TaxRate(
            id: "vat", name: "VAT", percentage: Quantity(units: 19), isInclusive: isInclusive,
            jurisdiction: "DE")
        for index in effect.order.lines.indices {
            effect.order.lines[index].tax = rate.tax(of: effect.order.lines[index].discounted)
        }
        effect.order.total = effect.order.lines.total ?? effect.order.total
        return effect
    }

    @Test("tax is told as it was worked out, on what is given back too")
    func taxes() {
        let body = StripeBodies.lines(Self.taxed(false).order).encoded
        #expect(body.contains("lines[0][amount]=2000&"))
        let tax = "lines[0][tax_amounts][0]"
        let told = [
            "\(tax)[amount]=380", "\(tax)[taxable_amount]=2000",
            "\(tax)[tax_rate_data][display_name]=VAT",
            "\(tax)[tax_rate_data][inclusive]=false", "\(tax)[tax_rate_data][percentage]=19",
            "\(tax)[tax_rate_data][jurisdiction]=DE",
        ]
        #expect(body.contains(told.joined(separator: "&")))
        #expect(body.contains("lines[1][tax_amounts][0][amount]=-190&"))
        // What is added is no line of its own, and nothing is left to be rounded.
        #expect(!body.contains("lines[2]"))
        let within = StripeBodies.lines(Self.taxed(true).order).encoded
        #expect(within.contains("lines[0][tax_amounts][0][amount]=319&"))
        #expect(within.contains("lines[0][tax_amounts][0][taxable_amount]=1681&"))
        #expect(!within.contains("lines[2]"))
    }

    @Test("on a page what is added is an item of its own")
    func taxOfPage() {
        var effect = Self.taxed(false)
        effect.order.lines.removeLast()
        effect.order.total.minorUnits = 2380
        let body = StripeBodies.session(effect, Self.payer, successURL: "https://a").encoded
        #expect(body.contains("line_items[0][price_data][unit_amount]=2000&"))
        #expect(body.contains("line_items[1][price_data][unit_amount]=380&"))
        #expect(body.contains("line_items[1][price_data][product_data][name]=VAT%2019%25"))
    }

    @Test("an address that nobody has given here stays there; a removed one goes")
    func address() {
        var payer = Self.payer
        payer.name = "Ada"
        #expect(StripeBodies.profile(payer).encoded == "name=Ada&email=")
        payer.address = PostalAddress()
        #expect(StripeBodies.profile(payer).encoded == "name=Ada&email=&address=")
        #expect(!StripeBodies.customer(payer).encoded.contains("address"))
        payer.address?.city = "Köln"
        payer.address?.country = "DE"
        let parts = "address[line1]=&address[line2]=&address[city]=K%C3%B6ln&address[state]="
        for body in [StripeBodies.profile(payer), StripeBodies.customer(payer)] {
            #expect(body.encoded.contains(parts + "&address[postal_code]=&address[country]=DE"))
        }
    }

    @Test("the same is asked with the same bytes")
    func same() {
        let effect = Self.effect([("Pro", 2000)])
        #expect(
            StripeBodies.lines(effect.order).encoded == StripeBodies.lines(effect.order).encoded)
        #expect(
            StripeBodies.customer(Self.payer).encoded
                == "\(Self.marks)&metadata[tally_created]=1000")
    }
}
