import Billing
import Testing

@testable import Wire

@Suite("Entities, controls and holds on disk")
struct ExtrasTests {
    private let nothing = UnsafeRawBufferPointer(start: nil, count: 0)

    private func record(_ facts: [Fact], key: UInt32 = 0) throws -> CustomerRecord {
        var record = CustomerRecord(
            customer: try #require(CustomerID("acme")), time: ExtraSamples.time,
            catalogSequence: 1, previousPosition: 9, facts: facts, request: nil)
        record.key = key
        return record
    }

    private func bytes(
        of record: CustomerRecord, _ seals: (any CustomerSeals)? = nil
    ) -> [UInt8] {
        let arena = Arena()
        return withExtendedLifetime(arena) {
            Array(RecordWriter(arena: arena, seals: seals).record(record, reply: nothing))
        }
    }

    private func read(
        _ bytes: [UInt8], _ seals: (any CustomerSeals)? = nil
    ) throws -> CustomerRecord {
        try bytes.withUnsafeBytes {
            try RecordDecoder(arena: Arena(), seals: seals).record($0)
        }
    }

    @Test("A fact there and back, sealed and not", arguments: ExtraSamples.facts)
    func fact(fact: Fact) throws {
        #expect(try read(bytes(of: try record([fact]))).facts == [fact])
        let seals = MirrorSeals()
        let sealed = bytes(of: try record([fact], key: 7), seals)
        #expect(try read(sealed, seals).facts == [fact])
        #expect(!says(ExtraSamples.person, sealed))
        let erased = try read(sealed, ClosedSeals())
        #expect(erased.isErased && erased.facts == [withoutPersons(fact)])
        #expect(fact.isPersonal == (withoutPersons(fact) != fact))
    }

    @Test("There is a fact of every kind")
    func kinds() throws {
        let bytes = bytes(of: try record(ExtraSamples.facts))
        let kinds = bytes.withUnsafeBytes { bytes in
            var kinds: Set<UInt32> = []
            var scan = FieldScan(bytes)
            while let field = scan.next() {
                guard field.number == 5, case .bytes(let fact) = field.value else { continue }
                var parts = FieldScan(fact)
                if let kind = parts.next() { kinds.insert(kind.number) }
            }
            return kinds
        }
        let extra: [UInt32] = Array(30...41) + [55, 56, 57, 60, 70, 90, 91] + Array(100...102)
        #expect(
            kinds
                == Set(
                    [3, 4, 5, 6, 7, 9, 11] + extra + Array(73...77) + Array(120...124)
                        + [13, 130, 131, 140, 141, 150, 151, 156, 157] + Array(170...177)
                        + [183, 190])
        )
    }

    @Test(
        "A reply that may name somebody is sealed, whatever it changed",
        arguments: [(Method.createBalance, true), (.createEntity, true), (.track, false)])
    func reply(method: Method, isSealed: Bool) throws {
        var record = try record([.poolingSet(isDisabled: true)], key: 7)
        let id = try #require(RequestID("r-1"))
        record.request = RequestMark(id: id, method: method.rawValue, fingerprint: 1)
        let reply = Array(ExtraSamples.person.utf8)
        let arena = Arena()
        let bytes = reply.withUnsafeBytes { reply in
            Array(RecordWriter(arena: arena, seals: MirrorSeals()).record(record, reply: reply))
        }
        #expect(says(ExtraSamples.person, bytes) != isSealed)
        #expect(try read(bytes, MirrorSeals()).reply == reply)
        let erased = try read(bytes, ClosedSeals())
        #expect(erased.hidesReply == isSealed && erased.reply == (isSealed ? [] : reply))
    }

    /// Written down once more, for the test's sake.
    private func withoutPersons(_ fact: Fact) -> Fact {
        switch fact {
        case .entityCreated(var entity):
            entity.name = ""
            return .entityCreated(entity)
        case .entityChanged(let number, _): return .entityChanged(number: number, name: "")
        case .holdOpened(let hold): return .holdOpened(ExtraSamples.hold(hold.id, []))
        case .usageRecorded: return ExtraSamples.usage([ExtraSamples.ofEntity])
        case .addressSet: return .addressSet(nil)
        case .externalInvoiceSet(var invoice):
            invoice.url = ""
            return .externalInvoiceSet(invoice)
        default: return fact
        }
    }

    private func says(_ text: String, _ bytes: [UInt8]) -> Bool {
        bytes.firstRange(of: Array(text.utf8)) != nil
    }

    private func state(_ extras: Extras, key: UInt32 = 0) throws -> CustomerState {
        var state = CustomerState(id: try #require(CustomerID("acme")))
        state.buckets.append(ExtraSamples.bucket(1))
        state.buckets.extras = extras
        state.lastBucket = 6
        state.key = key
        return state
    }

    private func bytes(of state: CustomerState) -> [UInt8] {
        let arena = Arena()
        return withExtendedLifetime(arena) { Array(RecordWriter(arena: arena).state(state)) }
    }

    /// The row of a snapshot, as another process finds it.
    private func reread(
        _ state: CustomerState, _ seals: (any CustomerSeals)?, later: (any CustomerSeals)?
    ) throws -> (row: [UInt8], found: CustomerState) {
        let arena = Arena()
        let row = CustomerRow(state, arena: arena, seals: seals)
        let bytes = withExtendedLifetime(arena) {
            Array(RecordWriter(arena: arena, seals: seals).row(row))
        }
        let found = try bytes.withUnsafeBytes {
            try RecordDecoder(arena: Arena(), seals: later).row($0)
        }
        #expect(found.marks == row.marks)
        return (bytes, try found.opened(Arena(), seals: later))
    }

    @Test("A snapshot's row there and back, in the clear")
    func row() throws {
        let state = try state(ExtraSamples.extras)
        let (row, found) = try reread(state, nil, later: nil)
        let marks = CustomerRow(state, arena: Arena(), seals: nil).marks
        #expect(marks.isSuperset(of: [.topsUp, .hasMovedClock]))
        #expect(says(ExtraSamples.person, row))
        #expect(found.buckets.extras == ExtraSamples.extras)
        #expect(bytes(of: found) == bytes(of: state))
    }

    @Test("And sealed; once the key is destroyed, all but names and properties is there")
    func sealedRow() throws {
        let state = try state(ExtraSamples.extras, key: 7)
        let (row, found) = try reread(state, MirrorSeals(), later: MirrorSeals())
        #expect(!says(ExtraSamples.person, row))
        #expect(found.buckets.extras == ExtraSamples.extras)
        #expect(bytes(of: found) == bytes(of: state))
        let (_, erased) = try reread(state, MirrorSeals(), later: ClosedSeals())
        var expected = ExtraSamples.extras
        expected.erase()
        #expect(!expected.isPersonal && erased.buckets.extras == expected)
        #expect(Array(expected.entities.all)[2].controls == ExtraSamples.controls)
        // A snapshot that is taken after it doesn't seal it anew.
        let (later, again) = try reread(state, ClosedSeals(), later: MirrorSeals())
        #expect(!says(ExtraSamples.person, later) && again.buckets.extras == expected)
    }

    private static let changes: [@Sendable (inout Extras) -> Void] = [
        { _ in },
        { $0 = .none },
        { $0.lastEntity = 9 },
        { $0.isPoolingDisabled = false },
        { $0.clock = .unmoved },
        { $0.entities.remove(3) },
        { $0.entities.change(3) { $0.name = "" } },
        { $0.entities.change(2) { $0.buckets[1].balance = .zero } },
        { $0.entities.change(2) { $0.buckets.swapAt(0, 1) } },
        { $0.entities.change(2) { $0.controls = .none } },
        { $0.entities.name(7, ExtraSamples.named) },
        { $0.controls[2].controls.spendLimits[0].feature = ExtraSamples.feature },
        { $0.controls[2].controls.spendLimits[1].bound = .units(.zero) },
        { $0.controls[2].controls.usageAlerts[0].feature = ExtraSamples.feature },
        { $0.controls.swapAt(0, 1) },
        { $0.controls[3].controls.autoTopUps[0].isEnabled = true },
        { $0.controls[3].controls.autoTopUps[0].limit = nil },
        { $0.controls[3].controls.autoTopUps[0].limit?.cycle.count = 1 },
        { $0.controls[3].controls.autoTopUps[1].threshold = .zero },
        { $0.controls[3].controls.autoTopUps[1].quantity = Quantity(units: 2) },
        { $0.topUps[0].attempts = [ExtraSamples.time] },
        { $0.topUps[0].failures = 3 },
        { $0.topUps[0].failed = .epoch },
        { $0.topUps[0].windowStart = .epoch },
        { $0.topUps[1].purchases = 1 },
        { $0.controls[0].controls.usageLimits[0].filter = [] },
        { $0.controls[0].controls.spendLimits[0].bound = .percentage(Quantity(units: 5)) },
        { $0.windows[0].used = .zero },
        { $0.windows[0].key.entity = 0 },
        { $0.holds[1].id = "job-3" },
        { $0.holds[0].shares[0].cost = nil },
        { $0.holds[0].counted = [] },
        { $0.holds[0].properties = [] },
        { $0.details[0].prepaid = .zero },
        { $0.details[0].rollover = nil },
    ]

    @Test("Different extras make different states")
    func differences() throws {
        let states = try Self.changes.map { change in
            var extras = ExtraSamples.extras
            change(&extras)
            return bytes(of: try state(extras))
        }
        #expect(Set(states).count == Self.changes.count)
    }

    @Test("A draw of an entity's balance isn't replayed as one of the customer's")
    func entityDraw() throws {
        let own = bytes(of: try record([.deducted(bucket: 5, amount: .zero)]))
        let entity = bytes(of: try record([.deducted(bucket: 5, amount: .zero, entity: 2)]))
        own.withUnsafeBytes { #expect(UsageRecord($0) != nil) }
        entity.withUnsafeBytes { #expect(UsageRecord($0) == nil) }
        for fact in ExtraSamples.facts {
            guard case .usageRecorded = fact else {
                let bytes = bytes(of: try record([fact]))
                bytes.withUnsafeBytes { #expect(UsageRecord($0) == nil, "\(fact)") }
                continue
            }
        }
    }
}
