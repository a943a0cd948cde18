import Billing
import Testing
import Wire

@testable import Interchange

/// What came from another system, which only some customers have.
@Suite("What was taken over, in an export") struct TakeoverLineTests {
    private static let line: String =
        String(Samples.customer.dropLast())
        + ",\"takeovers\":[{\"source\":\"cus_1\",\"subscriptions\":[],\"status\":\"done\","
        + "\"until\":\"1970-01-01T00:00:00Z\"},{\"source\":\"sub_1\",\"subscriptions\":"
        + "[{\"number\":1}],\"status\":\"pending\",\"until\":\"2027-02-01T00:00:00Z\"}]}"

    @Test("there and back")
    func roundTrip() throws {
        var codec = try Samples.codec()
        let read = try codec.read(Array(Self.line.utf8))
        #expect(try codec.text(read) == Self.line)
        guard case .customer(let customer) = read else { return }
        #expect(customer.account.takeovers.map(\.status) == [.done, .pending])
        var replayed = CustomerState(id: customer.id)
        replayed.apply(customer.facts)
        #expect(replayed.account.takeovers == customer.account.takeovers)
        #expect(replayed.account.isBusy)
    }

    @Test("a file of version 8 has none")
    func eighth() throws {
        var codec = ExportCodec()
        let header = Samples.header.replacing("\"version\":11", with: "\"version\":8")
        _ = try codec.read(Array(header.utf8))
        _ = try codec.read(Array(Samples.publication.utf8))
        #expect(throws: FormFault.self) { try codec.read(Array(Self.line.utf8)) }
        _ = try codec.read(Array(Samples.customer.utf8))
    }
}
