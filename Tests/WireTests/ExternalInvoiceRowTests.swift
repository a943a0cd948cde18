import Billing
import Testing

@testable import Wire

/// Invoices of other systems in a customer's row of a snapshot: their pages are personal.
@Suite("External invoices in snapshots") struct ExternalInvoiceRowTests {
    private static let invoices = [
        ExternalInvoiceSamples.invoice("in_1"), ExternalInvoiceSamples.bare,
        ExternalInvoiceSamples.invoice("in_2", url: "https://pay.example.com/i/bob"),
    ]

    private static func state(key: UInt32) throws -> CustomerState {
        var customer = CustomerState(id: try #require(CustomerID("acme")))
        customer.apply([.customerCreated(name: "", email: "", time: ExtraSamples.time)])
        customer.apply(invoices.map { .externalInvoiceSet($0) })
        customer.key = key
        return customer
    }

    private static func reread(
        _ state: CustomerState, _ seals: (any CustomerSeals)?, later: (any CustomerSeals)?
    ) throws -> (row: String, found: CustomerState) {
        let arena = Arena()
        let row = CustomerRow(state, arena: arena, seals: seals)
        let bytes = withExtendedLifetime(arena) {
            Array(RecordWriter(arena: arena, seals: seals).row(row))
        }
        let found = try bytes.withUnsafeBytes {
            try RecordDecoder(arena: Arena(), seals: later).row($0)
        }
        #expect(!found.marks.contains(.isBusy))
        let text = String(bytes.map { Character(Unicode.Scalar($0)) })
        return (text, try found.opened(Arena(), seals: later))
    }

    @Test("in the clear, where nothing is sealed")
    func open() throws {
        let (row, found) = try Self.reread(try Self.state(key: 0), nil, later: nil)
        #expect(row.contains("i/ada") && row.contains("i/bob"))
        #expect(found.account.externalInvoices == Self.invoices)
    }

    @Test("sealed, though nothing else is personal; gone with its key")
    func sealed() throws {
        let (row, found) = try Self.reread(
            try Self.state(key: 7), MirrorSeals(), later: MirrorSeals())
        #expect(!row.contains("example.com") && row.contains("in_1"))
        #expect(found.account.externalInvoices == Self.invoices)
        let (_, erased) = try Self.reread(
            try Self.state(key: 7), MirrorSeals(), later: ClosedSeals())
        var without = Self.invoices
        for index in without.indices { without[index].url = "" }
        #expect(erased.account.externalInvoices == without)
    }
}
