import Glibc
import Synchronization
import Testing

@testable import Repository

@Suite struct RecoveryTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    @Test func rollsOverManySegments() throws {
        let written = try makeLog(folder, count: 300, batch: 7)
        #expect(try folder.names("segment-").count > 20)
        let (log, records, report) = try reopen(folder)
        #expect(records == written)
        #expect(report.records == 300 && report.tornBytes == 0)
        for record in records { #expect(try log.read(at: record.position) == record.payload) }
        #expect(try log.appendPatiently([1]).sequence == 301)
        try log.close()
        #expect(try reopen(folder).records.count == 301)
    }

    @Test func replayFromEverySequence() throws {
        let written = try makeLog(folder, count: 40, batch: 3)
        for first in 1...UInt64(41) {
            let copy = try folder.copy()
            let log = FlatFileLog(folder: copy.path, identity: identity, settings: .driven())
            #expect(try log.recovered(from: first).0 == written.filter { $0.sequence >= first })
        }
        let log = FlatFileLog(folder: folder.path, identity: identity, settings: .driven())
        #expect(throws: LogFault.self) { try log.recovered(from: 42) }
    }

    /// The law, where a batch is cut at every byte: what was durable before it is there, in
    /// order, and what is recovered beyond it was submitted.
    @Test(arguments: Tear.allCases)
    func tornAtEveryByteOfTheLastFrame(tear: Tear) throws {
        let written = try makeLog(folder, count: 12, segmentSize: 4_096)
        let last = try #require(written.last)
        let size = FrameHeader.frameSize(length: last.payload.count)
        for kept in 0..<size {
            let copy = try folder.copy()
            try tear.apply(to: copy, at: last.position, kept: kept)
            let (log, records, report) = try reopen(copy, settings: .driven(4_096))
            // The padding is zeros anyhow.
            let isWhole = tear == .zeroedAfter && kept >= 48 + last.payload.count
            #expect(records == (isWhole ? written : written.dropLast()), "\(kept)")
            #expect(report.tornBytes == 0 || report.tornCopies.count == 1)
            log.drive()
            let next = try log.appendPatiently([1, 2]).sequence
            #expect(next == UInt64(records.count) + 1)
            log.drive()
            #expect(try reopen(copy, settings: .driven(4_096)).records.count == Int(next))
        }
    }

    /// What a crash did to the last frame, of which `kept` bytes are meant.
    enum Tear: CaseIterable {
        /// The rest never reached the file.
        case zeroedAfter
        /// These bytes never did, but the rest: pages are written in any order.
        case zeroedBefore
        /// The file ends there.
        case truncated

        func apply(to folder: TemporaryFolder, at position: LogPosition, kept: Int) throws {
            let name = SegmentName.file(position.segment)
            let tear = position.offset + kept
            switch self {
            case .zeroedAfter:
                let count = try folder.bytes(name).count - tear
                try folder.write([UInt8](repeating: 0, count: count), to: name, at: tear)
            case .zeroedBefore:
                let zeros = [UInt8](repeating: 0, count: kept + 1)
                try folder.write(zeros, to: name, at: position.offset)
            case .truncated:
                try #require(truncate(folder.path + "/" + name, tear) == 0)
            }
        }
    }

    @Test func keepsACopyOfWhatItCuts() throws {
        let written = try makeLog(folder, count: 5, segmentSize: 4_096)
        let last = try #require(written.last)
        let name = SegmentName.file(1)
        try folder.write([0xFF], to: name, at: last.position.offset + 10)
        let torn = Array(
            try folder.bytes(name)[last.position.offset...].prefix(48 + last.payload.count))
        #expect(
            try LogReader(folder: folder.path).verify()
                == .torn(last.position, bytes: torn.count))
        let (_, records, report) = try reopen(folder, settings: .driven(4_096))
        #expect(records == written.dropLast())
        #expect(report.tornBytes == torn.count)
        #expect(try folder.bytes(try #require(report.tornCopies.first)) == torn)
        #expect(try folder.bytes(name)[last.position.offset...].allSatisfy { $0 == 0 })
    }

    /// A batch that began a segment: its opening frame may be torn, too.
    @Test func tornOpeningOfTheLastSegment() throws {
        let written = try makeLog(folder, count: 30)
        let last = try #require(written.last?.position.segment)
        let kept = written.filter { $0.position.segment < last }
        let after = try #require(written.first { $0.position.segment == last })
        let size = FrameHeader.frameSize(length: after.payload.count)
        let name = SegmentName.file(last)
        // Only the segment's first record is left, as if one sector had been written.
        let record = try folder.bytes(name)[80..<80 + size]
        try folder.write([UInt8](repeating: 0, count: 1_024), to: name)
        try folder.write(Array(record), to: name, at: 80)
        let (log, records, report) = try reopen(folder, settings: .driven())
        #expect(records == kept)
        #expect(report.tornCopies.count == 1)
        #expect(try log.appendPatiently([1]).sequence == UInt64(kept.count) + 1)
    }

    /// One byte of a durable record, whichever: refused, by name and place, and left as it was.
    @Test func damageBelowWhatWasDurable() throws {
        let written = try makeLog(folder, count: 30)
        for record in [written[0], written[9], written[28]] {
            for byte in 0..<48 + record.payload.count {
                let copy = try folder.copy()
                let name = SegmentName.file(record.position.segment)
                let offset = record.position.offset + byte
                try copy.write([try copy.bytes(name)[offset] ^ 0x40], to: name, at: offset)
                let before = try copy.bytes(name)
                try expectDamage(copy, at: record.position)
                #expect(try copy.bytes(name) == before)
                #expect(try copy.names("torn-").isEmpty)
            }
        }
    }

    /// Damage to frames that hold no record.
    @Test(arguments: [0, 20, 60])
    func damagedOpening(byte: Int) throws {
        let written = try makeLog(folder, count: 30)
        let segment = written[15].position.segment
        let name = SegmentName.file(segment)
        try folder.write([try folder.bytes(name)[byte] ^ 1], to: name, at: byte)
        let fault = #expect(throws: LogFault.self) { try reopen(folder) }
        guard case .corrupt = fault else {
            Issue.record("\(String(describing: fault))")
            return
        }
    }

    @Test func missingSegment() throws {
        let written = try makeLog(folder, count: 30)
        let segment = written[15].position.segment
        unlink(folder.path + "/" + SegmentName.file(segment))
        try expectDamage(folder, at: LogPosition(segment: segment, offset: 0))
    }

    /// Old segments may be dropped; then the log begins later.
    @Test func droppedHistory() throws {
        let written = try makeLog(folder, count: 60)
        let first = try #require(written.first { $0.position.segment == 4 }).sequence
        for segment in 1...3 as ClosedRange<UInt32> {
            unlink(folder.path + "/" + SegmentName.file(segment))
        }
        for from in [first - 1, first, first + 1] {
            let log = FlatFileLog(folder: folder.path, identity: identity, settings: .driven())
            if from < first {
                #expect(throws: LogFault.self) { try log.recovered(from: from) }
            } else {
                #expect(try log.recovered(from: from).0 == written.filter { $0.sequence >= from })
            }
        }
    }

    @Test func anotherLogsFolderIsLeftAlone() throws {
        _ = try makeLog(folder, count: 3)
        let before = try folder.bytes(SegmentName.file(1))
        #expect(throws: LogFault.self) { try reopen(folder, identity: 99) }
        #expect(try folder.bytes(SegmentName.file(1)) == before)
    }

    /// After a pause, damage to the very last record is told from a torn tail.
    @Test func closingFrameCoversTheLastRecord() throws {
        let heard = Heard()
        var settings = LogSettings.tiny(4_096)
        settings.idleMilliseconds = 1
        let log = FlatFileLog(
            folder: folder.path, identity: identity, settings: settings, listener: heard.listener)
        _ = try log.recovered()
        let last = try log.appendPatiently([1, 2, 3])
        let end = last.position.offset + FrameHeader.frameSize(length: 3)
        for _ in 0..<2_000 where try folder.bytes(SegmentName.file(1))[end] == 0 { usleep(1_000) }
        var closing: LogReader.Frame?
        try LogReader(folder: folder.path).forEachFrame { closing = $0 }
        #expect(closing?.offset == end && closing?.problem == nil)
        #expect(closing?.header?.kind == .closing)
        #expect(closing?.header?.durableThrough == last.sequence)
        try log.close()
        #expect(heard.durable.withLock { $0 } == [1])
        try folder.write([0xFF], to: SegmentName.file(1), at: last.position.offset + 48)
        try expectDamage(folder, at: last.position)
    }

    @Test func damagedClosingFrame() throws {
        let log = try reopen(folder, settings: .driven(4_096)).log
        let first = try log.appendPatiently([1])
        log.drive(closesBatch: true)
        let second = try log.appendPatiently([2])
        log.drive()
        let closing = LogPosition(
            segment: 1, offset: first.position.offset + FrameHeader.frameSize(length: 1))
        #expect(second.position.offset == closing.offset + 48)
        try folder.write([0], to: SegmentName.file(1), at: closing.offset)
        try expectDamage(folder, at: closing)
    }

    /// The same as a segment's last frame, with nothing after it but the next segment's first
    /// batch, which knows of no record more.
    @Test func damagedClosingFrameAtTheEndOfASegment() throws {
        let log = try reopen(folder, settings: .driven()).log
        let limit = LogSettings.driven().payloadLimit
        let first = try log.appendPatiently([UInt8](repeating: 1, count: limit))
        log.drive(closesBatch: true)
        let second = try log.appendPatiently([2])
        log.drive()
        let closing = LogPosition(
            segment: 1, offset: first.position.offset + FrameHeader.frameSize(length: limit))
        #expect(second.position == LogPosition(segment: 2, offset: 80))
        try folder.write([1], to: SegmentName.file(1), at: closing.offset)
        try expectDamage(folder, at: closing)
    }

    /// A whole frame with the right sequence, but of another past.
    @Test func splicedRecord() throws {
        let other = try TemporaryFolder()
        let logs = try [folder, other].enumerated().map { number, folder in
            let log = try reopen(folder, settings: .driven(4_096)).log
            let taken = try (0..<5).map { index in
                defer { log.drive() }
                return try log.appendPatiently([UInt8(number), UInt8(index)])
            }
            return taken.map(\.position)
        }
        #expect(logs[0] == logs[1])
        let place = logs[0][2]
        let frame = try other.bytes(SegmentName.file(1))[place.offset..<place.offset + 56]
        try folder.write(Array(frame), to: SegmentName.file(1), at: place.offset)
        try expectDamage(folder, at: place)
    }

    @Test func closeWritesOneClosingFrame() throws {
        for round in 1...3 as ClosedRange<UInt64> {
            let log = try reopen(folder).log
            #expect(try log.appendPatiently([7]).sequence == round)
            try log.close()
            _ = try reopen(folder).log.close()
        }
        var kinds: [FrameKind?] = []
        try LogReader(folder: folder.path).forEachFrame { kinds.append($0.header?.kind) }
        #expect(
            kinds == [.opening, .record, .closing, .record, .closing, .record, .closing])
    }

    @Test func dropIsLikeAKill() throws {
        var log: FlatFileLog? = try reopen(folder).log
        var durable: UInt64 = 0
        for number in 1...UInt64(50) {
            durable = try #require(try log?.appendPatiently(samplePayload(number)).sequence)
        }
        try log?.waitUntilDurable(durable)
        log = nil
        let (_, records, report) = try reopen(folder)
        #expect(records.count == 50 && report.tornBytes == 0)
    }

    @Test func readerNamesEveryBadPlace() throws {
        let written = try makeLog(folder, count: 10, segmentSize: 4_096)
        for index in [2, 6] {
            let offset = written[index].position.offset
            try folder.write([0xFF], to: SegmentName.file(1), at: offset + 9)
        }
        var frames: [LogReader.Frame] = []
        try LogReader(folder: folder.path).forEachFrame { frames.append($0) }
        let bad = frames.filter { $0.problem != nil }
        #expect(bad.map(\.offset) == [written[2].position.offset, written[6].position.offset])
        #expect(bad.allSatisfy { $0.problem == .headerChecksum })
        #expect(frames.compactMap(\.header?.sequence) == [1, 1, 2, 4, 5, 6, 8, 9, 10])
        guard
            case .damaged(.corrupt(1, written[2].position.offset, _)) =
                try LogReader(folder: folder.path).verify()
        else {
            Issue.record("not damaged")
            return
        }
    }

    private func expectDamage(_ folder: TemporaryFolder, at position: LogPosition) throws {
        let fault = #expect(throws: LogFault.self) { try reopen(folder, settings: .driven()) }
        guard case .corrupt(let segment, let offset, _) = fault else {
            Issue.record("\(String(describing: fault))")
            return
        }
        #expect(LogPosition(segment: segment, offset: offset) == position)
        let message = try #require(fault).description
        #expect(message.contains(SegmentName.file(segment)) && message.contains("\(offset)"))
    }
}
