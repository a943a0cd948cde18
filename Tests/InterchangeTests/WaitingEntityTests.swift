import Billing
import Testing

@testable import Interchange

@Suite("Entities without an id in an export")
struct WaitingEntityTests {
    private static func waiting(_ number: Int) -> String {
        """
        {"number":\(number),"id":null,"feature":"seats","name":"","created":"2026-02-01T00:00:00Z",\
        "grants":[],"controls":\(Samples.noControls)},
        """
    }

    private func read(_ more: String) throws -> (line: String, ExportLine, ExportCodec) {
        var codec = try Samples.codec()
        let list = "\"entities\":["
        #expect(Samples.customer.contains(list))
        let line = Samples.customer.replacing(list, with: list + more)
        return (line, try codec.read(Array(line.utf8)), codec)
    }

    @Test("It is written as it was read, and its facts make it again")
    func roundTrip() throws {
        let (line, found, codec) = try read(Self.waiting(5))
        #expect(try codec.text(found) == line)
        guard case .customer(let customer) = found else {
            Issue.record("no customer")
            return
        }
        var state = CustomerState(id: customer.id)
        state.apply(customer.facts)
        let table = state.buckets.extras.entities
        let seats = try #require(codec.pricing.feature(id: "seats"))
        #expect(table.count == 3 && table.unnamed(of: seats)?.number == 5)
    }

    @Test("Two of one feature can't be")
    func twice() throws {
        let fault = #expect(throws: FormFault.self) {
            try read(Self.waiting(5) + Self.waiting(1))
        }
        #expect(fault?.field == "entities[1].id")
    }
}
