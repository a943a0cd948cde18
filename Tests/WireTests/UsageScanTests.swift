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

    @Test("finds what was sealed, and nothing of it once the key is gone", arguments: labels)
    func sealed(label: EventLabel?) throws {
        let customer = try #require(CustomerID("acme"))
        let time = Timestamp(milliseconds: 5)
        let facts: [Fact] = [
            .customerCreated(name: "Ada", email: "ada@example.com", time: time), usage(1, label),
            usage(2, nil), .profileChanged(name: "Ada Lovelace", email: ""), usage(3, label),
        ]
        var record = CustomerRecord(
            customer: customer, time: time, catalogSequence: 1, previousPosition: 2, facts: facts,
            request: RequestMark(id: customer, method: 4, fingerprint: 9))
        record.key = 3
        let arena = Arena()
        let seals = MirrorSeals()
        let reply = Array("Ada is here".utf8)
        let bytes = reply.withUnsafeBytes {
            Array(RecordWriter(arena: arena, seals: seals).record(record, reply: $0))
        }
        for word in ["Ada", "Lovelace", "größer"] {
            #expect(!String(decoding: bytes, as: UTF8.self).contains(word))
        }
        try bytes.withUnsafeBytes { bytes in
            let decoded = try RecordDecoder(arena: arena, seals: seals).record(bytes)
            #expect(decoded.facts == facts && decoded.reply == reply && decoded.key == 3)
            #expect(!decoded.isErased && decoded.request == record.request)
            let erased = try RecordDecoder(arena: arena, seals: ClosedSeals()).record(bytes)
            #expect(erased.isErased && erased.reply.isEmpty)
            #expect(erased.facts[0] == .customerCreated(name: "", email: "", time: time))
            #expect(
                erased.facts[1] == usage(1, EventLabel(time: label?.time, properties: [])))
            #expect(throws: RecordFault.self) { try RecordDecoder(arena: arena).record(bytes) }
            #expect(try found(bytes, seals) == [label, nil, label])
            #expect(
                try found(bytes, ClosedSeals()).allSatisfy { $0?.properties.isEmpty ?? true })
            #expect(throws: RecordFault.self) { try found(bytes, nil) }
        }
    }

    private func found(
        _ bytes: UnsafeRawBufferPointer, _ seals: (any CustomerSeals)?
    ) throws -> [EventLabel?] {
        var found: [EventLabel?] = []
        var scan = UsageScan(seals: seals)
        try scan.run(bytes) { found.append($0.label) }
        return found
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

/// Seals that hide without a key: what is sealed reads backwards.
struct MirrorSeals: CustomerSeals {
    func seal(
        _ content: UnsafeRawBufferPointer, with key: UInt32, for use: SealUse,
        of customer: CustomerID
    ) -> [UInt8]? { content.reversed() }

    func open(
        _ sealed: UnsafeRawBufferPointer, with key: UInt32, for use: SealUse,
        of customer: CustomerID
    ) -> Unsealed { .content(sealed.reversed()) }
}
