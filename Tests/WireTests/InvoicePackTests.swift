import Billing
import Testing

@testable import Wire

/// Invoices packed together in a customer's row.
@Suite("Packed invoices") struct InvoicePackTests {
    /// A year of a plan, two usages and a card, each month with another payment.
    static let year: [Invoice] = (0..<12).map { month in
        let usd = Currency(code: "usd")!
        let part = PricePart(plan: PlanReference(plan: PlanNumber(rawValue: 1), revision: 1))
        let start = ExtraSamples.time.adding(milliseconds: Int64(month) * 31 * 86_400_000)
        func line(_ kind: InvoiceLine.Kind, _ words: String, _ cents: Int64) -> InvoiceLine {
            InvoiceLine(
                kind, part, subscription: 1, description: words,
                quantity: Quantity(units: kind == .charge ? 0 : 7 + month),
                period: kind == .charge ? start..<start.adding(milliseconds: 31 * 86_400_000) : nil,
                subtotal: Money(minorUnits: cents, currency: usd))
        }
        let lines = [
            line(.charge, "Pro - Base Price", 2_000),
            line(.overage, "Pro - \(7 + month) messages", Int64(70 + 10 * month)),
            line(.overage, "Pro - \(7 + month) tokens", Int64(70 + 10 * month)),
        ]
        var invoice = Invoice(
            number: UInt32(month + 2), status: .paid, lines: lines,
            total: lines.total!, time: start)
        invoice.payment = "pi_3" + String(repeating: "abcdef\(month)", count: 3)
        invoice.card = CardLabel(brand: "visa", last4: "4242")
        return invoice
    }

    /// What is told against something else, where it isn't as usual.
    private static let odd: [Invoice] = {
        var invoices = Array(year.prefix(3))
        invoices[0].number = .max
        invoices[0].time = Timestamp(milliseconds: -5)
        invoices[1].number = 3
        invoices[1].dueTime = invoices[1].time
        invoices[1].lines[1].period = invoices[1].time..<invoices[1].time
        invoices[2].number = 3
        invoices[2].lines[0].period = Timestamp(milliseconds: -9)..<Timestamp(milliseconds: -3)
        invoices[2].dueTime = invoices[2].time.adding(milliseconds: -1)
        invoices[2].time = Timestamp(milliseconds: .max)
        return invoices
    }()

    private static func bytes(_ invoices: [Invoice]) -> [UInt8]? {
        let arena = Arena()
        let message = RecordWriter(arena: arena).invoices(invoices)
        return InvoicePack.pack(message, in: arena)
    }

    @Test(
        "are the same unpacked",
        arguments: [
            year, odd, Array(year.reversed()), [year[0], ReceivableSamples.invoice],
            [TaxSamples.invoice, ReceivableSamples.invoice, TaxSamples.invoice] + odd,
            Array(repeating: year, count: 40).flatMap(\.self),
        ])
    func same(invoices: [Invoice]) throws {
        let packed = try #require(Self.bytes(invoices))
        #expect(try InvoicePack.unpack(packed) == invoices)
        let pack = InvoicePack(packed)
        #expect(pack.invoices == invoices && pack.invoices == invoices)
        #expect(InvoiceShelf.packed(pack) == .open(invoices))
    }

    @Test("a year of them takes a quarter")
    func small() throws {
        let arena = Arena()
        let plain = arena.pack(RecordWriter(arena: arena).invoices(Self.year))
        #expect(try #require(Self.bytes(Self.year)).count * 4 < plain.count)
    }

    /// Nobody may change the dictionary, or how things are told.
    @Test("what was packed once is read for ever")
    func golden() throws {
        #expect(try InvoicePack.unpack(Self.golden) == Array(Self.year.prefix(2)))
    }

    private static let golden: [UInt8] = [
        0x01, 0xC7, 0x02, 0x2B, 0x5A, 0xC4, 0xC8, 0x01, 0x72, 0x39, 0x29, 0x4E, 0x32, 0x57,
        0xC8, 0x85, 0x59, 0xE7, 0x26, 0xC1, 0xA8, 0xC1, 0x0C, 0xB5, 0x8E, 0x4F, 0x4A, 0x0E,
        0xE6, 0x7D, 0x73, 0x85, 0x92, 0xFC, 0xEC, 0xD4, 0x3C, 0x34, 0x79, 0x88, 0x73, 0xEE,
        0x08, 0x18, 0x7C, 0x5B, 0xD9, 0xF6, 0x69, 0x5D, 0xC6, 0x21, 0x26, 0x49, 0x90, 0x7B,
        0x12, 0x93, 0x92, 0x53, 0x52, 0xD3, 0x0C, 0x50, 0x29, 0x34, 0x47, 0xCE, 0x27, 0xD5,
        0x89, 0x16, 0x08, 0x27, 0x06, 0x20, 0x39, 0x41, 0x00, 0xE1, 0x44, 0x0B, 0x98, 0x13,
        0x51, 0xE4, 0x21, 0x4E, 0xFC, 0x20, 0x00, 0x0B, 0x31, 0x24, 0x17, 0x1A, 0xA2, 0x52,
        0xA8, 0x2E, 0x04, 0x00,
    ]

    @Test("cut short, or with a byte changed, they are refused or others; nothing breaks")
    func damaged() throws {
        let packed = try #require(Self.bytes(Self.year))
        for count in 0..<packed.count {
            #expect(throws: RecordFault.self) { try InvoicePack.unpack(Array(packed[..<count])) }
        }
        for index in packed.indices {
            for change in [UInt8(0x01), 0x80, 0xFF] {
                var bytes = packed
                bytes[index] ^= change
                _ = try? InvoicePack.unpack(bytes)
            }
        }
        #expect(throws: RecordFault.self) { try InvoicePack.unpack(packed + [0]) }
        // It says to be of more bytes than anything could become.
        #expect(throws: RecordFault.self) {
            try InvoicePack.unpack([1, 0xFF, 0xFF, 0xFF, 0x7F, 3, 0])
        }
    }

    private static func customer(_ invoices: [Invoice]) throws -> CustomerState {
        var customer = CustomerState(id: try #require(CustomerID("acme")))
        customer.apply([.customerCreated(name: "Acme", email: "", time: ExtraSamples.time)])
        customer.apply(invoices.map { .invoiceRaised($0) })
        return customer
    }

    private static func isPacked(_ customer: CustomerState) -> Bool {
        guard case .packed = customer.account.invoiceShelf else { return false }
        return true
    }

    @Test("a row and a snapshot have them packed, from two on", arguments: [0, 1, 2, 12])
    func row(count: Int) throws {
        let arena = Arena()
        let invoices = Array(Self.year.prefix(count))
        let customer = try Self.customer(invoices)
        let row = CustomerRow(customer, arena: arena, seals: nil)
        let written = RecordWriter(arena: arena).row(row)
        let again = try RecordDecoder(arena: arena).row(written).opened(arena, seals: nil)
        #expect(Self.isPacked(again) == (count >= 2))
        #expect(again.account == customer.account)
        // A dump has each for itself.
        let writer = RecordWriter(arena: arena)
        #expect(Array(writer.state(again)) == Array(writer.state(customer)))
    }

    @Test("stay as they are when something else changes; change as if they had been open")
    func changed() throws {
        let arena = Arena()
        let first = CustomerRow(
            try Self.customer(Self.year), arena: arena, seals: nil)
        var customer = try first.opened(arena, seals: nil)
        customer.apply([.profileChanged(name: "Ajax", email: "")])
        #expect(Self.isPacked(customer))
        let second = CustomerRow(customer, arena: arena, seals: nil)
        #expect(second.withRest(\.count) == first.withRest(\.count))

        var facts: [Fact] = [.invoiceDropped(number: 2), .invoiceRaised(TaxSamples.invoice)]
        var void = Self.year[5]
        void.status = .void
        facts.append(.invoiceChanged(void))
        customer.apply(facts)
        var plain = try Self.customer(Self.year)
        plain.apply([.profileChanged(name: "Ajax", email: "")] + facts)
        #expect(!Self.isPacked(customer) && customer.account == plain.account)
        #expect(customer.account.invoices.count == 12)
        let third = CustomerRow(customer, arena: arena, seals: nil)
        #expect(try third.opened(arena, seals: nil).account == plain.account)
    }

    @Test("a row of before, which has them one by one, is read")
    func older() throws {
        let arena = Arena()
        let customer = try Self.customer(Self.year)
        let message = RecordWriter(arena: arena).restMessage(customer, invoices: .plain)
        let row = CustomerRow(id: customer.id, rest: arena.pack(message))
        let again = try row.opened(arena, seals: nil)
        #expect(!Self.isPacked(again) && again.account == customer.account)
    }
}
