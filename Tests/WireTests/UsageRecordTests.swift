import Billing
import CProtobufC
import CTallyProto
import Testing

@testable import Wire

/// What is read and written by hand knows field numbers by heart; the generated code has them from
/// the .proto files.
@Suite("Records and rows by hand")
struct UsageRecordTests {
    private static let quantities: [Quantity] = [
        .zero, Quantity(units: 1), Quantity(raw: -1), Quantity(raw: 12_345_678_901_234_567_890),
        Quantity(units: -100_000_000_000_000_000), Quantity(raw: Int128(Int64.max) + 1),
    ]

    private func record(
        _ facts: [Fact], request: RequestMark?
    ) throws -> (CustomerRecord, arena: Arena, UnsafeRawBufferPointer) {
        let record = CustomerRecord(
            customer: try #require(CustomerID("a-customer-with-a-name-of-some-length")),
            time: Timestamp(milliseconds: 1_793_000_000_123), catalogSequence: 300,
            previousPosition: 1 << 40, facts: facts, request: request)
        let arena = Arena()
        let reply: [UInt8] = [10, 1, 2]
        return (
            record, arena,
            reply.withUnsafeBytes {
                RecordWriter(arena: arena).record(record, reply: $0)
            }
        )
    }

    private func buckets() -> BucketSet {
        var buckets = BucketSet()
        for number in UInt32(1)...6 {
            buckets.append(
                Bucket(
                    number: number, feature: FeatureNumber(rawValue: number), subscription: 1,
                    granted: .zero, balance: Quantity(units: 1_000), cycle: Cycle(.month),
                    anchor: .epoch, nextReset: .never, created: .epoch, flags: []))
        }
        return buckets
    }

    @Test("A usage's record: the same draws, request and head as the decoder's", arguments: 0...4)
    func usage(draws: Int) throws {
        let amounts = Self.quantities.prefix(draws + 1).dropFirst()
        let request = RequestMark(
            id: try #require(RequestID("request-1")), method: 7, fingerprint: .max - 5)
        let facts: [Fact] =
            [
                .usageRecorded(
                    feature: FeatureNumber(rawValue: 3), value: Quantity(units: 2),
                    label: draws % 2 == 0 ? nil : EventLabel(time: .epoch, properties: []))
            ]
            + amounts.enumerated().map { .deducted(bucket: UInt32($0 + 2), amount: $1) }
        let (record, arena, bytes) = try record(facts, request: draws == 0 ? nil : request)
        try withExtendedLifetime(arena) {
            let usage = try #require(UsageRecord(bytes))
            let head = try #require(RecordHead(bytes))
            #expect(usage.customer == record.customer && head.customer == record.customer)
            #expect(head.time == record.time)
            #expect(usage.catalogSequence == 300)
            #expect(usage.request == (draws == 0 ? nil : request))
            var (byHand, byFacts) = (buckets(), buckets())
            usage.draw(from: &byHand)
            for fact in try RecordDecoder(arena: arena).record(bytes).facts {
                let isApplied = byFacts.apply(fact)
                #expect(isApplied)
            }
            for index in 0..<byHand.count { #expect(byHand[index] == byFacts[index]) }
            let initial = arena.make(tally__disk__v1__customer_record__init)
            let message = try #require(
                arena.unpack(
                    Tally__Disk__V1__CustomerRecord.self, arena.descriptor(of: initial), bytes))
            #expect(arena.pack(message).elementsEqual(bytes))
            for cut in 1..<bytes.count {
                // Never read past the end; most cuts are noticed, those between fields aren't.
                _ = UsageRecord(UnsafeRawBufferPointer(rebasing: bytes[..<cut]))
            }
        }
    }

    @Test("Another record isn't taken for a usage's")
    func others() throws {
        let five = (0..<5).map { Fact.deducted(bucket: UInt32($0), amount: Quantity(units: 1)) }
        for facts in [five, [.bucketClosed(bucket: 1)]] {
            let (_, arena, bytes) = try record(facts, request: nil)
            withExtendedLifetime(arena) { #expect(UsageRecord(bytes) == nil) }
        }
    }

    @Test("What is sealed goes the general way, which learns the customer's key")
    func sealed() throws {
        let arena = Arena()
        let label = EventLabel(time: nil, properties: [EventProperty("by", .text("Ada"))])
        var record = CustomerRecord(
            customer: try #require(CustomerID("acme")), time: .epoch, catalogSequence: 1,
            previousPosition: 0,
            facts: [
                .usageRecorded(
                    feature: FeatureNumber(rawValue: 3), value: Quantity(units: 2), label: label)
            ], request: nil)
        let empty = UnsafeRawBufferPointer(start: nil, count: 0)
        let writer = RecordWriter(arena: arena, seals: MirrorSeals())
        withExtendedLifetime(arena) {
            #expect(UsageRecord(writer.record(record, reply: empty)) != nil)
            record.key = 7
            #expect(UsageRecord(writer.record(record, reply: empty)) == nil)
        }
    }

    private func row(_ count: Int, busy: Bool) throws -> CustomerRow {
        var customer = CustomerState(id: try #require(CustomerID("acme")))
        customer.sequence = 1 << 40
        customer.position = 77
        customer.catalogSequence = 2
        customer.account.name = "Acme"
        for (index, quantity) in Self.quantities.prefix(count).enumerated() {
            customer.buckets.append(
                Bucket(
                    number: UInt32(index + 1), feature: FeatureNumber(rawValue: 3),
                    subscription: 4, plan: index.isMultiple(of: 2) ? nil : PlanNumber(rawValue: 9),
                    granted: quantity, balance: Quantity(units: -5), maxOverage: quantity,
                    cycle: Cycle(.month, count: 3), anchor: Timestamp(milliseconds: 1_000),
                    nextReset: Timestamp(milliseconds: 1_793_000_000_000),
                    created: Timestamp(milliseconds: 5_000), flags: [.priced, .limited]))
        }
        if busy {
            customer.account.checkout = Checkout(
                session: "s", url: "https://example.com",
                order: Order(
                    purpose: .purchase,
                    plan: PlanReference(plan: PlanNumber(rawValue: 1), revision: 1),
                    subscriptions: [], lines: [],
                    total: Money(minorUnits: 0, currency: try #require(Currency(code: "usd"))),
                    time: .epoch))
        }
        customer.refreshNextDue()
        customer.key = 7
        return CustomerRow(customer, arena: Arena(), seals: nil)
    }

    private func expectEqual(_ a: CustomerRow, _ b: CustomerRow) {
        #expect(a.id == b.id && a.sequence == b.sequence && a.position == b.position)
        #expect(a.catalogSequence == b.catalogSequence && a.nextDue == b.nextDue)
        #expect(a.key == b.key && a.marks == b.marks)
        #expect(a.withRest { Array($0) } == b.withRest { Array($0) })
        #expect(a.buckets.count == b.buckets.count)
        for index in 0..<a.buckets.count { #expect(a.buckets[index] == b.buckets[index]) }
    }

    @Test("A row there and back; and without its marks, as older snapshots have it")
    func rows() throws {
        for count in 0...Self.quantities.count {
            let arena = Arena()
            let row = try row(count, busy: count == 2)
            let bytes = RecordWriter(arena: arena).row(row)
            try withExtendedLifetime(arena) {
                expectEqual(try RecordDecoder(arena: arena).row(bytes), row)
                let message = try #require(
                    arena.unpack(
                        Tally__Disk__V1__SnapshotRow.self,
                        arena.descriptor(
                            of: arena.make(tally__disk__v1__snapshot_row__init)), bytes))
                #expect(message.pointee.marks == (count == 2 ? 51 : 49))
                #expect(message.pointee.n_buckets == count)
                // The generated code writes the same bytes.
                #expect(arena.pack(message).elementsEqual(bytes))
                message.pointee.marks = 0
                message.pointee.next_due = 0
                let older = arena.pack(message)
                expectEqual(try RecordDecoder(arena: arena).row(older), row)
            }
        }
    }

    @Test("A deleted customer's row of an older snapshot is always due, as every such row is")
    func deletedRow() throws {
        let arena = Arena()
        var customer = CustomerState(id: try #require(CustomerID("gone")))
        customer.isDeleted = true
        let row = CustomerRow(customer, arena: arena, seals: nil)
        var bytes = Array(RecordWriter(arena: arena).row(row))
        // Field 8, with the marks of before anything was told ahead.
        let place = try #require(
            bytes.indices.dropLast().first { bytes[$0] == 8 << 3 && bytes[$0 + 1] == 53 })
        bytes[place + 1] = 21
        let read = try bytes.withUnsafeBytes { try RecordDecoder(arena: arena).row($0) }
        #expect(read.marks.contains(.isDeleted))
        #expect(read.nextDue == row.nextDue && read.nextDue < .epoch)
    }

    @Test(
        "A damaged row is refused", arguments: [[0x0A], [0x2A, 0x02, 0x58, 0x63], [0x10, 0x01]])
    func damaged(bytes: [UInt8]) {
        bytes.withUnsafeBytes { bytes in
            _ = #expect(throws: RecordFault.self) {
                try RecordDecoder(arena: Arena()).row(bytes)
            }
        }
    }
}
