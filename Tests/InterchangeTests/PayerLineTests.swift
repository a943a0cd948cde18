import Billing
import Testing
import Wire

@testable import Interchange

/// A customer's name at a payment provider, which only some customers have.
@Suite("A provider's name for a customer in an export") struct PayerLineTests {
    private static let line = Samples.customer.dropLast() + ",\"payer\":\"cus_1\"}"

    @Test("there and back")
    func roundTrip() throws {
        var codec = try Samples.codec()
        let read = try codec.read(Array(Self.line.utf8))
        #expect(try codec.text(read) == Self.line)
        guard case .customer(let customer) = read else { return }
        #expect(customer.account.payer == "cus_1")
        var replayed = CustomerState(id: customer.id)
        replayed.apply(customer.facts)
        #expect(replayed.account.payer == "cus_1")
    }

    @Test("a file of version 7 has none")
    func seventh() throws {
        var codec = ExportCodec()
        let header = Samples.header.replacing("\"version\":11", with: "\"version\":7")
        _ = try codec.read(Array(header.utf8))
        _ = try codec.read(Array(Samples.publication.utf8))
        #expect(throws: FormFault.self) { try codec.read(Array(Self.line.utf8)) }
        _ = try codec.read(Array(Samples.customer.utf8))
    }
}
