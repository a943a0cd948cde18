import Billing
import Testing
import Wire

@testable import Interchange

/// Tax rates, and what was taxed, which only some files have.
@Suite("Taxes in an export") struct TaxLineTests {
    private static let rate = TaxRate(
        id: "vat", name: "VAT", percentage: Quantity(units: 19), isInclusive: true,
        jurisdiction: "DE")

    /// A catalog with a rate that all are charged.
    private static let publication: String = {
        let settings = Samples.publication.replacing(
            "\"settings\":{", with: "\"settings\":{\"default_tax_rate\":\"vat\",")
        let rates = """
            ,"tax_rates":[{"id":"vat","name":"VAT","percentage":"19","inclusive":true,\
            "jurisdiction":"DE"}]}
            """
        return String(settings.dropLast()) + rates
    }()

    private func codec() throws -> ExportCodec {
        var codec = ExportCodec()
        _ = try codec.read(Array(Samples.header.utf8))
        _ = try codec.read(Array(Self.publication.utf8))
        return codec
    }

    private func taxed(_ codec: inout ExportCodec) throws -> ExportedCustomer {
        guard case .customer(var customer) = try codec.read(Array(Samples.customer.utf8)) else {
            throw FormFault("", "is no customer")
        }
        customer.account.taxRate = "vat"
        customer.subscriptions[0].taxRate = "vat"
        var charge = PaidCharge(
            part: PricePart(plan: customer.subscriptions[0].plan), quantity: .zero,
            period: .epoch..<Timestamp(milliseconds: 9),
            paid: Money(minorUnits: 2000, currency: try #require(Currency(code: "usd"))))
        charge.tax = ChargeTax(rate: Self.rate, charged: 319, returned: 9, disputed: 10)
        customer.subscriptions[0].charges = [charge]
        var invoice = try #require(customer.account.invoices.first)
        invoice.lines[0].tax = LineTax(rate: Self.rate, minorUnits: -3)
        invoice.returns.tax = 7
        customer.account.invoices[0] = invoice
        var checkout = try #require(customer.account.checkout)
        checkout.order.taxRate = "vat"
        checkout.order.lines[0].tax = LineTax(rate: Self.rate, minorUnits: 4)
        customer.account.checkout = checkout
        var refund = try #require(customer.account.refunds.first)
        refund.tax = 5
        customer.account.refunds[0] = refund
        return customer
    }

    @Test("there and back")
    func roundTrip() throws {
        var codec = try codec()
        #expect(codec.pricing.taxRates == [Self.rate])
        #expect(codec.pricing.settings.defaultTaxRate == "vat")
        let customer = try taxed(&codec)
        let text = try codec.text(.customer(customer))
        let read = try codec.read(Array(text.utf8))
        #expect(try codec.text(read) == text)
        guard case .customer(let again) = read else { return }
        #expect(again == customer)
        var replayed = CustomerState(id: customer.id)
        replayed.apply(customer.facts)
        #expect(replayed.account.taxRate == "vat")
        #expect(replayed.account.invoices == customer.account.invoices)
        #expect(replayed.subscriptions == customer.subscriptions)
    }

    @Test("what tax a provider has found, which version 10 knew nothing of")
    func found() throws {
        var codec = try codec()
        let settings = Samples.publication.replacing(
            "\"settings\":{", with: "\"settings\":{\"automatic_tax\":\"exclusive\",")
        var early = ExportCodec()
        let header = Samples.header.replacing("\"version\":11", with: "\"version\":10")
        _ = try early.read(Array(header.utf8))
        #expect(throws: FormFault.self) { try early.read(Array(settings.utf8)) }
        _ = try early.read(Array(Samples.publication.utf8))
        for status in [TaxFinding.Status.due, .none, .addressInsufficient, .failed] {
            var customer = try taxed(&codec)
            customer.account.taxRate = ""
            let rate =
                status == .due ? customer.account.invoices.first?.lines.first?.tax?.rate : nil
            customer.account.taxes = TaxFinding(
                status, rate, code: "x", time: Timestamp(milliseconds: 9_000))
            let text = try codec.text(.customer(customer))
            guard case .customer(let again) = try codec.read(Array(text.utf8)) else { return }
            #expect(again.account.taxes == customer.account.taxes)
            var replayed = CustomerState(id: again.id)
            replayed.apply(again.facts)
            #expect(replayed.account.taxes == customer.account.taxes)
            #expect(throws: FormFault.self) { try early.read(Array(text.utf8)) }
        }
    }

    @Test("where there is none nothing is said of it")
    func none() throws {
        var codec = try Samples.codec()
        let read = try codec.read(Array(Samples.customer.utf8))
        #expect(try !codec.text(read).contains("tax"))
    }

    @Test("a file of version 8 has none")
    func eighth() throws {
        var codec = ExportCodec()
        let header = Samples.header.replacing("\"version\":11", with: "\"version\":8")
        _ = try codec.read(Array(header.utf8))
        #expect(throws: FormFault.self) { try codec.read(Array(Self.publication.utf8)) }
        _ = try codec.read(Array(Samples.publication.utf8))
        var other = try self.codec()
        let text = try other.text(.customer(try taxed(&other)))
        #expect(throws: FormFault.self) { try codec.read(Array(text.utf8)) }
        _ = try codec.read(Array(Samples.customer.utf8))
    }

    @Test("a rate that was never published")
    func unknown() throws {
        var codec = try codec()
        var customer = try taxed(&codec)
        customer.account.taxRate = "other"
        let text = try codec.text(.customer(customer))
        let fault = #expect(throws: FormFault.self) { try codec.read(Array(text.utf8)) }
        #expect(fault?.field == "tax_rate")
    }
}
