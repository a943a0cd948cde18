import Billing
import Testing
import Wire

/// The scan of usage knows field numbers by heart; the decoder has them from the generated code.
@Suite("The scan of usage")
struct UsageScanTests {
    static let labels: [EventLabel?] = [
        nil,
        EventLabel(time: Timestamp(milliseconds: 1_793_000_000_000), properties: []),
        EventLabel(
            time: nil,
            properties: [
                EventProperty("b", .text("")), EventProperty("a", .boolean(false)),
                EventProperty("c", .number(bits: (-2.5).bitPattern)),
                EventProperty("d", .boolean(true)), EventProperty("ü", .text("größer")),
            ]),
    ]

    private func usage(_ raw: Int128, _ label: EventLabel?) -> Fact {
        .usageRecorded(
            feature: FeatureNumber(rawValue: 300), value: Quantity(raw: raw), label: label)
    }

    @Test("finds what the decoder finds", arguments: labels)
    func agrees(label: EventLabel?) throws {
        let customer = try #require(CustomerID("acme"))
        let facts: [Fact] = [
            .customerCreated(name: "Acme", email: "", time: Timestamp(milliseconds: 5)),
            usage(1, label), .deducted(bucket: 4, amount: Quantity(units: 1)),
            usage(-12_345_678_901_234_567_890, nil), usage(0, label),
            usage(10_000_000_000_000_000_000_000_000, label), .bucketClosed(bucket: 1),
        ]
        let record = CustomerRecord(
            customer: customer, time: Timestamp(milliseconds: 1_793_000_000_123),
            catalogSequence: 1, previousPosition: 2, facts: facts, request: nil)
        let arena = Arena()
        let bytes = RecordWriter(arena: arena).record(
            record, reply: UnsafeRawBufferPointer(start: nil, count: 0))
        var found: [Fact] = []
        var scan = UsageScan()
        try scan.run(bytes) { usage in
            #expect(usage.customer.elementsEqual("acme".utf8))
            #expect(usage.commitTime == record.time)
            found.append(
                .usageRecorded(feature: usage.feature, value: usage.value, label: usage.label))
        }
        let decoded = try RecordDecoder(arena: arena).record(bytes)
        #expect(decoded.facts == facts)
        #expect(
            found
                == facts.filter { if case .usageRecorded = $0 { true } else { false } })
        withExtendedLifetime(arena) {}
    }

    @Test("refuses what is no record", arguments: [[0x0A], [0x2A, 0x02, 0x22, 0x05], [0xFF]])
    func refuses(bytes: [UInt8]) {
        bytes.withUnsafeBytes { bytes in
            _ = #expect(throws: RecordFault.self) {
                var scan = UsageScan()
                try scan.run(bytes) { _ in }
            }
        }
    }
}
