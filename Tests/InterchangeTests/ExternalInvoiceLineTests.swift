import Billing
import Testing
import Wire

@testable import Interchange

/// Invoices of other systems that are on record, which only some customers have.
@Suite("External invoices in an export") struct ExternalInvoiceLineTests {
    private static let line: String =
        String(Samples.customer.dropLast())
        + ",\"external_invoices\":[{\"processor\":\"stripe\",\"id\":\"in_1\",\"status\":\"paid\","
        + "\"currency\":\"usd\",\"total\":2000,\"paid\":2000,\"refunded\":500,"
        + "\"time\":\"2027-02-01T00:00:00Z\",\"plans\":[\"pro\"],"
        + "\"url\":\"https://pay.example.com/1\"},"
        + "{\"processor\":\"revenuecat\",\"id\":\"rc:1\",\"status\":\"void\","
        + "\"currency\":\"jpy\",\"total\":-1,\"paid\":null,\"refunded\":0,"
        + "\"time\":\"1970-01-01T00:00:00Z\",\"plans\":[],\"url\":\"\"}]}"

    @Test("there and back")
    func roundTrip() throws {
        var codec = try Samples.codec()
        let read = try codec.read(Array(Self.line.utf8))
        #expect(try codec.text(read) == Self.line)
        guard case .customer(let customer) = read else { return #expect(Bool(false)) }
        #expect(customer.account.externalInvoices.map(\.paid) == [2000, nil])
        var replayed = CustomerState(id: customer.id)
        replayed.apply(customer.facts)
        #expect(replayed.account.externalInvoices == customer.account.externalInvoices)
    }

    @Test("a file of version 10 has none")
    func tenth() throws {
        var codec = ExportCodec()
        let header = Samples.header.replacing("\"version\":11", with: "\"version\":10")
        _ = try codec.read(Array(header.utf8))
        _ = try codec.read(Array(Samples.publication.utf8))
        #expect(throws: FormFault.self) { try codec.read(Array(Self.line.utf8)) }
        _ = try codec.read(Array(Samples.customer.utf8))
    }
}
