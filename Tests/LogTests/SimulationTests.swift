import Simulator
import Testing

@testable import Repository

/// A few seeds and places; scripts/simulate runs all of them, optimised.
@Suite struct SimulationTests {
    @Test(arguments: UInt64(1)...6)
    func lawsHold(seed: UInt64) {
        let report = Simulation.run(seed: seed)
        #expect(report.failure == nil, "seed \(seed)")
        #expect(report.records > 0 && report.lives > 2)
    }

    /// What only some customers have goes through logs and crashes, too.
    @Test func everyKindOfFact() {
        let coverage = (UInt64(1)...30).map { Simulation.run(seed: $0).coverage }
        #expect(
            coverage.reduce(Coverage(), +).kinds.isSuperset(of: [
                "bucketChanged", "detailSet", "entityCreated", "entityChanged", "entityDeleted",
                "controlsSet", "poolingSet", "windowCounted", "holdOpened", "holdExtended",
                "holdClosed", "notified", "entityClaimed", "checkoutOpened", "invoiceRaised",
            ]))
    }

    @Test func aSeedIsTheSameEachTime() {
        let runs = (0..<2).map { _ in Simulation.run(seed: 5, isTraced: true) }
        #expect(runs[0].trace == runs[1].trace && runs[0].trace.count > 100)
    }

    /// A disk that says it synced and didn't must be found out.
    @Test(arguments: [DiskCall.sync, .syncFolder])
    func lawsNotice(skipped: DiskCall) {
        #expect((1...60).contains { Simulation.run(seed: $0, skipping: skipped).failure != nil })
    }

    @Test(arguments: [false, true])
    func everyPoint(isRecycled: Bool) throws {
        let log = try EveryPoint(records: 60, isRecycled: isRecycled)
        for place in log.places(stride: 151) {
            try log.cut(at: place)
            try log.flip(at: place)
        }
    }

    @Test(arguments: [5, 28] as [Int32])
    func everyCall(code: Int32) {
        let count = Simulation.countCalls()
        #expect(count > 50)
        for call in stride(from: 1, through: count, by: max(37, count / 10)) {
            #expect(Simulation.run(failing: call, code: code, .power).failure == nil)
        }
    }
}

@Suite struct SimulatedDiskTests {
    private let disk = SimulatedDisk()
    private var dice = Dice(seed: 1)

    private func write(_ text: String, synced: Bool) throws {
        let session = DiskSession(disk, seed: 1)
        let file = try session.open("folder/file", .creating)
        try Array(text.utf8).withUnsafeBytes { try file.write($0, at: 0) }
        if synced {
            try file.sync()
            try session.syncFolder("folder")
        }
    }

    @Test mutating func whatIsSyncedStays() throws {
        try write("tally", synced: true)
        disk.cutPower(&dice)
        #expect(disk.files.map(\.bytes) == [Array("tally".utf8)])
    }

    /// Over many cuts: gone, whole, and in part.
    @Test mutating func whatIsNotMayBeAnything() throws {
        var left: Set<[UInt8]?> = []
        for seed in 1...200 as ClosedRange<UInt64> {
            disk.put(nil, at: "folder/file")
            try write("tally", synced: false)
            dice = Dice(seed: seed)
            disk.cutPower(&dice)
            left.insert(disk.files.first?.bytes)
        }
        #expect(left.contains(nil) && left.contains(Array("tally".utf8)) && left.contains([]))
        #expect(left.count > 5)
    }

    @Test func aFullDiskTakesAPart() throws {
        disk.capacity = 3
        #expect(throws: DiskFault.self) { try write("tally", synced: false) }
        #expect(disk.files.map(\.bytes) == [Array("tal".utf8)])
    }
}

/// What the simulation found, each alone.
@Suite struct FoundBySimulationTests {
    private let disk = SimulatedDisk()

    private func open(
        _ settings: LogSettings = .driven(), fails: DiskCall? = nil, after calls: Int = 0
    ) throws -> (log: FlatFileLog, records: [Replayed], session: DiskSession) {
        let session = DiskSession(disk, seed: UInt64(calls))
        let log = FlatFileLog(
            folder: "log", identity: identity, disk: session, settings: settings)
        let (records, _) = try log.recovered()
        return (log, records, session)
    }

    /// A sync fails, the process ends, and the next one reads bytes that only look written.
    @Test(arguments: 1...30)
    func aSyncThatFailedIsNotBelieved(seed: Int) throws {
        let (log, _, session) = try open(after: seed)
        for _ in 0..<2 { _ = try log.appendPatiently([1, 2, 3]) }
        log.drive()
        for _ in 0..<2 { _ = try log.appendPatiently([4, 5, 6]) }
        session.decide = { call, _ in call == .sync ? .fails(DiskSession.inputOutput) : .works }
        log.drive()
        session.kill()
        var recovered: [Replayed]?
        for _ in 0..<2 where recovered == nil {
            do { recovered = try open().records } catch LogFault.failed {}
        }
        var dice = Dice(seed: UInt64(seed))
        disk.cutPower(&dice)
        #expect(try open().records == recovered)
        #expect((2...4).contains(recovered?.count ?? 0))
    }

    /// Unused segments of another size are dropped, and a crash in between leaves no gap.
    @Test(arguments: 1...8)
    func droppingUnusedSegmentsLeavesNoGap(call: Int) throws {
        var settings = LogSettings.driven()
        settings.readySegments = 4
        let (log, _, _) = try open(settings)
        _ = try log.appendPatiently([1])
        log.drive()
        settings.segmentSize = 2_048
        let session = DiskSession(disk, seed: 1)
        var removals = 0
        session.decide = { kind, _ in
            if kind == .remove || removals > 0 { removals += 1 }
            if removals == call { session.kill() }
            return .works
        }
        let second = FlatFileLog(
            folder: "log", identity: identity, disk: session, settings: settings)
        _ = try? second.recovered()
        #expect(session.isDead)
        for seed in 0..<8 as Range<UInt64> {
            var dice = Dice(seed: seed)
            disk.cutPower(&dice)
        }
        #expect(try open(settings).records.count == 1)
    }

    /// The first batch of a segment, cut at any byte: it never was durable, and what is before it
    /// is whole.
    @Test(arguments: [1, 47, 48, 49, 79, 80, 90])
    func aTornFirstBatchIsNoDamage(kept: Int) throws {
        let (log, _, _) = try open()
        let limit = LogSettings.driven().payloadLimit
        _ = try log.appendPatiently([UInt8](repeating: 1, count: limit))
        log.drive()
        _ = try log.appendPatiently([2])
        log.drive()
        let second = "log/" + SegmentName.file(2)
        let bytes = try #require(disk.files.first { $0.path == second }).bytes
        disk.put(bytes[..<kept] + [UInt8](repeating: 0, count: bytes.count - kept), at: second)
        let (again, records, _) = try open()
        #expect(records.count == 1)
        #expect(try again.appendPatiently([3]).sequence == 2)
    }
}
