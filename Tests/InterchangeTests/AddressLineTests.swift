import Billing
import Testing
import Wire

@testable import Interchange

/// Where a customer is billed, and what its provider has yet to be told, which only some have.
@Suite("A customer's address in an export") struct AddressLineTests {
    private static let address =
        ",\"address\":{\"line1\":\"1 Main St\",\"line2\":\"\",\"city\":\"Springfield\","
        + "\"state\":\"IL\",\"postal_code\":\"62701\",\"country\":\"US\"}"
    private static let owed = ",\"owed_profile\":3"

    private static func line(_ parts: String...) -> String {
        Samples.customer.dropLast() + parts.joined() + "}"
    }

    @Test("there and back")
    func roundTrip() throws {
        var codec = try Samples.codec()
        let line = Self.line(Self.address, Self.owed)
        let read = try codec.read(Array(line.utf8))
        #expect(try codec.text(read) == line)
        guard case .customer(let customer) = read else { return }
        #expect(customer.account.address?.postalCode == "62701")
        var replayed = CustomerState(id: customer.id)
        replayed.apply(customer.facts)
        #expect(replayed.account.address == customer.account.address)
        #expect(replayed.account.owedProfile == 3 && replayed.account.isBusy)
    }

    @Test("a file of version 9 has neither", arguments: [address, owed])
    func ninth(part: String) throws {
        var codec = ExportCodec()
        let header = Samples.header.replacing("\"version\":11", with: "\"version\":9")
        _ = try codec.read(Array(header.utf8))
        _ = try codec.read(Array(Samples.publication.utf8))
        #expect(throws: FormFault.self) { try codec.read(Array(Self.line(part).utf8)) }
        _ = try codec.read(Array(Samples.customer.utf8))
    }
}
