import Billing
import Testing

@testable import Wire

/// An address in a customer's row of a snapshot: personal, like the name.
@Suite("Addresses in snapshots") struct AddressRowTests {
    private static func state(key: UInt32) throws -> CustomerState {
        var customer = CustomerState(id: try #require(CustomerID("acme")))
        customer.apply([
            .customerCreated(name: "", email: "", time: ExtraSamples.time),
            .payerSet(reference: "cus_1"), .addressSet(AddressSamples.address),
            .profileOwed(turn: 4),
        ])
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
        #expect(found.marks.contains(.isBusy))
        let text = String(bytes.map { Character(Unicode.Scalar($0)) })
        return (text, try found.opened(Arena(), seals: later))
    }

    @Test("with what tax is due there", arguments: TaxSamples.found)
    func taxes(found: TaxFinding) throws {
        var state = try Self.state(key: 0)
        state.apply([.taxesFound(found)])
        let (_, again) = try Self.reread(state, nil, later: nil)
        #expect(again.account.taxes == found)
    }

    @Test("in the clear, where nothing is sealed")
    func open() throws {
        let (row, found) = try Self.reread(try Self.state(key: 0), nil, later: nil)
        #expect(row.contains("1 Main St"))
        #expect(found.account.address == AddressSamples.address && found.account.owedProfile == 4)
    }

    @Test("sealed, though nothing else is personal; gone with its key")
    func sealed() throws {
        let (row, found) = try Self.reread(
            try Self.state(key: 7), MirrorSeals(), later: MirrorSeals())
        #expect(!row.contains("Main St") && !row.contains("Springfield"))
        #expect(found.account.address == AddressSamples.address && found.account.owedProfile == 4)
        let (_, erased) = try Self.reread(
            try Self.state(key: 7), MirrorSeals(), later: ClosedSeals())
        #expect(erased.account.address == nil && erased.account.payer == "cus_1")
    }
}
