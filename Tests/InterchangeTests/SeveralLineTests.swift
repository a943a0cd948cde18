import Billing
import Testing
import Wire

@testable import Interchange

/// Orders of several plans, which only some customers have open.
@Suite("Several plans in an export") struct SeveralLineTests {
    private static let part = Samples.order.replacing("renewal", with: "purchase")
    private static let later =
        part.dropLast() + ",\"starts_later\":true,\"removed\":[],\"parts\":[]}"
    private static let order =
        Samples.order.replacing("renewal", with: "several").dropLast()
        + ",\"starts_later\":false,\"removed\":[{\"number\":7}],\"parts\":[\(part),\(later)]}"
    private static let customer = Samples.customer.replacing(
        "\"https://example.com/pay\",\"order\":\(Samples.order)",
        with: "\"https://example.com/pay\",\"order\":\(order)")

    @Test("there and back")
    func roundTrip() throws {
        var codec = try Samples.codec()
        let read = try codec.read(Array(Self.customer.utf8))
        #expect(try codec.text(read) == Self.customer)
        guard case .customer(let customer) = read else { return }
        let order = try #require(customer.account.checkout).order
        #expect(order.purpose == .several && order.removed == [7] && order.parts.count == 2)
        // Its own line, and one of each part.
        #expect(order.lines.count == 3 && order.ownLines.count == 1)
        #expect(order.parts.map(\.startsLater) == [false, true])
    }

    @Test("a file of before knows none")
    func earlier() throws {
        var codec = ExportCodec()
        let header = Samples.header.replacing("\"version\":11", with: "\"version\":5")
        _ = try codec.read(Array(header.utf8))
        _ = try codec.read(Array(Samples.withoutSixth(Samples.publication).utf8))
        #expect(throws: FormFault.self) { try codec.read(Array(Self.customer.utf8)) }
    }

    private static let planned =
        ",\"schedules\":[{\"owners\":[{\"number\":0}],\"phases\":[{\"start\":"
        + "\"2026-06-01T00:00:00Z\",\"begins\":[{\"number\":1}],\"ends\":[]}]}]}"
    private static let ofPhases = Samples.customer.dropLast() + planned

    @Test("what is planned, there and back")
    func phases() throws {
        var codec = try Samples.codec()
        let read = try codec.read(Array(Self.ofPhases.utf8))
        #expect(try codec.text(read) == Self.ofPhases)
        guard case .customer(let customer) = read else { return }
        #expect(customer.account.schedules.map(\.owners) == [[0]])
        #expect(customer.account.schedules[0].phases.map(\.begins) == [[1]])
        var replayed = CustomerState(id: customer.id)
        replayed.apply(customer.facts)
        #expect(replayed.account.schedules == customer.account.schedules)
    }

    @Test(
        "what is planned concerns what is there",
        arguments: [
            ("\"owners\":[{\"number\":0}]", "\"owners\":[{\"number\":77}]", "schedules[0].owners"),
            (
                "\"begins\":[{\"number\":1}]", "\"begins\":[{\"number\":99}]",
                "schedules[0].phases[0]"
            ),
        ])
    func phaseFaults(part: String, other: String, field: String) throws {
        var codec = try Samples.codec()
        let line = Self.ofPhases.replacing(part, with: other)
        #expect(line != Self.ofPhases)
        do {
            _ = try codec.read(Array(line.utf8))
            Issue.record("\(field) was read")
        } catch {
            #expect(error.field == field)
        }
    }

    @Test("a file of version 6 plans nothing")
    func sixth() throws {
        var codec = ExportCodec()
        let header = Samples.header.replacing("\"version\":11", with: "\"version\":6")
        _ = try codec.read(Array(header.utf8))
        let catalog = Samples.publication.replacing(Samples.priced, with: "")
            .replacing(Samples.reverting, with: "")
        _ = try codec.read(Array(catalog.utf8))
        #expect(throws: FormFault.self) { try codec.read(Array(Self.ofPhases.utf8)) }
    }
}
