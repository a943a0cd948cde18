import Simulator
import Testing

@testable import Repository

/// Sealed segments that are compressed read as they did before.
@Suite("Compressed segments")
struct CompressionTests {
    private let disk = SimulatedDisk()

    private func log(
        _ session: DiskSession? = nil, from first: UInt64 = 1
    ) throws -> (log: FlatFileLog, records: [Replayed]) {
        let log = FlatFileLog(
            folder: "log", identity: identity, disk: session ?? DiskSession(disk, seed: 1),
            settings: .driven())
        return (log, try log.recovered(from: first).0)
    }

    private func names(_ suffix: String = "") -> [String] {
        disk.files.map(\.path).filter { $0.hasSuffix(suffix) }
    }

    private func write(_ numbers: ClosedRange<UInt64>, to log: FlatFileLog) throws -> [Replayed] {
        try numbers.map { number in
            let payload = samplePayload(number)
            let appended = try payload.withUnsafeBytes { try log.append($0) }
            log.drive()
            return Replayed(sequence: number, position: appended.position, payload: payload)
        }
    }

    /// Compresses all before a segment.
    private func compress(_ log: FlatFileLog, before segment: UInt32) throws {
        let bound = LogPosition(segment: segment, offset: 0)
        while try log.compressHistory(before: bound) != nil {}
    }

    private var end: UInt32 {
        get throws {
            let source = SegmentFolder(disk: DiskSession(disk, seed: 1), folder: "log")
            return try source.segments().last { try source.opening($0) != nil } ?? 0
        }
    }

    @Test("Replay, walk, single records, verify, scrub and a copy: the same as before")
    func reads() throws {
        let (log, _) = try log()
        let written = try write(1...150, to: log)
        try compress(log, before: try end - 2)
        #expect(names(".z").count >= 5)
        for record in written { #expect(try log.read(at: record.position) == record.payload) }
        var walked: [[UInt8]] = []
        try log.read(after: .start) { _, payload in
            walked.append(Array(payload))
            return true
        }
        #expect(walked == written.map(\.payload))
        try log.close()
        let session = DiskSession(disk, seed: 1)
        let reader = LogReader(folder: "log", disk: session)
        #expect(try reader.verify() == .whole(records: 150, lastSequence: 150))
        #expect(try LogRepair(folder: "log", disk: session).plan() == nil)
        var scrub = LogScrub(folder: "log", disk: session)
        var step = try scrub.turn()
        while case .read = step { step = try scrub.turn() }
        guard case .passed = step else {
            Issue.record("\(step)")
            return
        }
        let target = SimulatedDisk()
        let shipper = LogShipper(
            from: "log", to: "log", disk: session, targetDisk: DiskSession(target, seed: 1))
        _ = try shipper.turn()
        #expect(shipper.sequence == 150)
        #expect(
            try LogReader(folder: "log", disk: DiskSession(target, seed: 1)).verify()
                == .whole(records: 150, lastSequence: 150))
        for first in [1, 2, 40, 149] as [UInt64] {
            #expect(try self.log(from: first).records == written.filter { $0.sequence >= first })
        }
    }

    @Test("What is compressed goes to be used again; what isn't sealed, or is damaged, stays")
    func bounds() throws {
        let (log, _) = try log()
        let written = try write(1...60, to: log)
        let third = try #require(written.first { $0.position.segment == 3 })
        let path = "log/" + SegmentName.file(3)
        var bytes = try #require(disk.files.first { $0.path == path }).bytes
        bytes[third.position.offset + 9] ^= 4
        disk.put(bytes, at: path)
        try compress(log, before: 0xFFFF)
        #expect(!names(".z").contains(path + ".z"))
        let last = "log/" + SegmentName.file(try end)
        #expect(names().contains(last) && !names().contains(last + ".z"))
        #expect(names().filter { $0.contains("recycled-") }.count <= SegmentPool.limit)
        #expect(!names().contains("log/" + SegmentName.compressing))
        for record in written where record.sequence != third.sequence {
            #expect(try log.read(at: record.position) == record.payload)
        }
    }

    @Test("History is removed whether it is compressed or not, without a gap")
    func removed() throws {
        let (log, _) = try log()
        let written = try write(1...80, to: log)
        try compress(log, before: 5)
        let kept = try #require(written.first { $0.position.segment == 7 })
        #expect(
            try log.removeHistory(before: LogPosition(segment: 7, offset: 0)) == 6)
        #expect(names(".z").isEmpty)
        #expect(throws: LogFault.notFound(written[0].position)) {
            try log.read(at: written[0].position)
        }
        #expect(
            try self.log(from: kept.sequence).records
                == written.filter { $0.sequence >= kept.sequence })
    }

    /// Every byte of a compressed segment.
    @Test("Damage in it is named, by its segment, and never read as something else")
    func flipped() throws {
        let (log, _) = try log()
        let written = try write(1...60, to: log)
        try compress(log, before: try end)
        let path = "log/" + SegmentName.file(2) + ".z"
        let bytes = try #require(disk.files.first { $0.path == path }).bytes
        for at in bytes.indices {
            var changed = bytes
            changed[at] ^= 1 << UInt8(at % 8)
            disk.put(changed, at: path)
            let session = DiskSession(disk, seed: 1)
            guard
                case .damaged(.corrupt(let segment, _, _)) =
                    try LogReader(folder: "log", disk: session).verify()
            else {
                Issue.record("byte \(at)")
                continue
            }
            #expect(segment == 2 || segment == 1)
            var scrub = LogScrub(folder: "log", disk: session)
            var damage: [LogFault] = []
            var step = try scrub.turn()
            while true {
                if case .passed = step { break }
                if case .damage(let fault) = step { damage.append(fault) }
                step = try scrub.turn()
            }
            #expect(damage.count == 1, "byte \(at): \(damage)")
        }
        disk.put(bytes, at: path)
        #expect(try self.log().records == written)
    }

    @Test("A repair cuts a compressed segment, too")
    func repaired() throws {
        let (log, _) = try log()
        let written = try write(1...60, to: log)
        try compress(log, before: try end)
        let path = "log/" + SegmentName.file(4) + ".z"
        var bytes = try #require(disk.files.first { $0.path == path }).bytes
        bytes[40] ^= 1
        disk.put(bytes, at: path)
        let repair = LogRepair(folder: "log", disk: DiskSession(disk, seed: 1))
        let plan = try #require(try repair.plan())
        #expect(plan.position.segment == 4 && plan.lostRecords > 0)
        #expect(try !repair.run(plan).isEmpty)
        let (again, records) = try self.log()
        #expect(records == written.filter { $0.sequence <= plan.kept } && !records.isEmpty)
        again.drive()
        #expect(try again.appendPatiently([1]).sequence == plan.kept + 1)
    }

    /// The process dies, or the power fails, at each disk call of compressing; the call may also
    /// simply fail.
    @Test("Stopped at every step: one of both is there, and what is read stays the same")
    func everyStep() throws {
        let (log, _) = try log()
        let written = try write(1...40, to: log)
        try log.close()
        let before = disk.copy()
        let count = try run(on: before.copy(), stop: 0, .no).calls
        #expect(count > 30)
        for stop in 1...count {
            for way in Way.allCases where way != .no {
                let disk = before.copy()
                _ = try? run(on: disk, stop: stop, way)
                if way == .power {
                    var dice = Dice(seed: UInt64(stop))
                    disk.cutPower(&dice)
                }
                let again = FlatFileLog(
                    folder: "log", identity: identity, disk: DiskSession(disk, seed: 2),
                    settings: .driven())
                #expect(try again.recovered().0 == written, "call \(stop), \(way)")
                let files = disk.files.map(\.path)
                for segment in 1...3 as ClosedRange<UInt32> {
                    let name = "log/" + SegmentName.file(segment)
                    #expect(files.contains(name) != files.contains(name + ".z"))
                }
                #expect(!files.contains("log/" + SegmentName.compressing))
            }
        }
    }

    private enum Way: CaseIterable {
        case no, kill, power, fault
    }

    private func run(on disk: SimulatedDisk, stop: Int, _ way: Way) throws -> DiskSession {
        let session = DiskSession(disk, seed: 1)
        let (log, _) = try log(session)
        let start = session.calls
        session.decide = { _, _ in
            guard session.calls - start == stop else { return .works }
            if way == .fault { return .fails(DiskSession.inputOutput) }
            session.kill()
            return .works
        }
        try compress(log, before: 4)
        return session
    }

    @Test("Many blocks: each record is found in its own, across their edges")
    func blocks() throws {
        var settings = LogSettings.driven(1 << 20)
        settings.bufferSize = 1 << 20
        let session = DiskSession(disk, seed: 1)
        let log = FlatFileLog(
            folder: "log", identity: identity, disk: session, settings: settings)
        _ = try log.recovered()
        var dice = Dice(seed: 9)
        var written: [Replayed] = []
        for number in 1...UInt64(18) {
            log.drive()
            // Half of it can't be compressed.
            var payload = [UInt8](repeating: UInt8(number), count: 30_000)
            for _ in 0..<3_750 { withUnsafeBytes(of: dice.next()) { payload += $0 } }
            let appended = try payload.withUnsafeBytes { try log.append($0) }
            written.append(
                Replayed(sequence: number, position: appended.position, payload: payload))
        }
        log.drive()
        try compress(log, before: 2)
        let packed = try #require(disk.files.first { $0.path.hasSuffix(".z") }).bytes.count
        #expect(packed < 700_000 && packed > SegmentCompressor.blockSize)
        for record in written.reversed() {
            #expect(try log.read(at: record.position) == record.payload)
        }
    }

    @Test("The trailer says what it is, and nothing else passes for one")
    func trailer() {
        var index = CompressedIndex()
        index.blocks = [CompressedIndex.Block(offset: 0, length: 9, checksum: 7)]
        let trailer = CompressedTrailer(
            segment: 3, length: 100, blockSize: 256, index: index, at: 9)
        let bytes = trailer.encoded
        #expect(bytes.count == CompressedTrailer.size && CompressedTrailer(bytes) == trailer)
        #expect(CompressedIndex(index.encoded) == index)
        for at in bytes.indices {
            var changed = bytes
            changed[at] ^= 1
            #expect(CompressedTrailer(changed) == nil)
        }
    }
}
