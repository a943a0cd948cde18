import Testing

@testable import Repository

/// Old segments become new ones: their former frames must never be taken for the log's.
@Suite("Recycled segments")
struct RecyclingTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    /// A log that keeps its last few segments, closed; what it still holds.
    private func recyclingLog(
        count: UInt64, settings: LogSettings = .driven()
    ) throws -> [Replayed] {
        let log = FlatFileLog(folder: folder.path, identity: identity, settings: settings)
        _ = try log.recovered()
        var records: [Replayed] = []
        for number in 1...count {
            let payload = samplePayload(number)
            let appended = try payload.withUnsafeBytes { try log.append($0) }
            records.append(
                Replayed(sequence: number, position: appended.position, payload: payload))
            log.drive()
            let first = LogPosition(
                segment: max(appended.position.segment, 3) - 2, offset: 0)
            _ = try log.removeHistory(before: first)
            records.removeAll { $0.position < first }
        }
        try log.close()
        return records
    }

    private func openings() throws -> [SegmentOpening] {
        let source = SegmentFolder(disk: PosixDisk(), folder: folder.path)
        return try source.segments().compactMap { try source.opening($0) }
    }

    @Test("They are used, at most two wait, and the log reads as any other")
    func reused() throws {
        let records = try recyclingLog(count: 200)
        #expect(try openings().filter(\.isRecycled).count >= 2)
        #expect(try folder.names("recycled-").count <= SegmentPool.limit)
        let reader = LogReader(folder: folder.path)
        #expect(
            try reader.verify() == .whole(records: UInt64(records.count), lastSequence: 200))
        var problems = 0
        try reader.forEachFrame { if $0.problem != nil { problems += 1 } }
        #expect(problems == 0)
        #expect(try LogRepair(folder: folder.path).plan() == nil)
        let log = FlatFileLog(folder: folder.path, identity: identity, settings: .driven())
        let first = try #require(records.first).sequence
        let (recovered, report) = try log.recovered(from: first)
        #expect(recovered == records && report.tornBytes == 0)
        for record in records { #expect(try log.read(at: record.position) == record.payload) }
        var walked: [UInt64] = []
        let place = try #require(records.first)
        let header = try folder.bytes(SegmentName.file(place.position.segment))[
            place.position.offset...
        ].withUnsafeBytes { bytes in
            Result { () throws(FrameProblem) in try FrameHeader.decode(bytes) }
        }.get()
        try log.read(
            after: LogPlace(
                sequence: place.sequence, position: place.position, chain: header.checksum)
        ) { found, _ in
            walked.append(found.sequence)
            return true
        }
        #expect(walked == Array(first + 1...200))
        #expect(throws: LogFault.notFound(LogPosition(segment: 1, offset: 80))) {
            try log.read(at: LogPosition(segment: 1, offset: 80))
        }
    }

    @Test("A scrub takes what they held for no damage")
    func scrubbed() throws {
        _ = try recyclingLog(count: 200)
        var scrub = LogScrub(folder: folder.path, disk: PosixDisk())
        while true {
            switch try scrub.turn() {
            case .read: continue
            case .damage(let fault): Issue.record("\(fault)")
            case .passed(let segments):
                #expect(segments >= 2)
                return
            }
        }
    }

    @Test("Shipped, a copy holds the same records, and opens")
    func shipped() throws {
        let records = try recyclingLog(count: 200)
        let target = try TemporaryFolder()
        let shipper = LogShipper(
            from: folder.path, to: target.path, disk: PosixDisk(), targetDisk: PosixDisk())
        _ = try shipper.turn()
        #expect(shipper.sequence == 200)
        let log = FlatFileLog(folder: target.path, identity: identity, settings: .driven())
        #expect(try log.recovered(from: try #require(records.first).sequence).0 == records)
        #expect(try log.appendPatiently([1]).sequence == 201)
    }

    @Test("Files of another size, and of segments that were cut off, are dropped")
    func unusable() throws {
        let records = try recyclingLog(count: 200)
        let first = try #require(records.first).sequence
        let waiting = try folder.names("recycled-")
        #expect(!waiting.isEmpty)
        // As if a repair had cut the log off before what waits was written.
        let late = "recycled-00ffffff.log"
        try folder.write(try folder.bytes(waiting[0]), to: late)
        let log = FlatFileLog(folder: folder.path, identity: identity, settings: .driven(2_048))
        _ = try log.recovered(from: first)
        #expect(try !folder.names("recycled-").contains(late))
        for number in 1...UInt64(60) {
            _ = try log.appendPatiently(samplePayload(number))
            log.drive()
        }
        #expect(try folder.names("recycled-").isEmpty)
        #expect(try openings().last?.isRecycled == false)
    }

    @Test("Turned off, nothing is kept, and what waits is removed")
    func off() throws {
        let records = try recyclingLog(count: 100)
        var settings = LogSettings.driven()
        settings.recyclesSegments = false
        let log = FlatFileLog(folder: folder.path, identity: identity, settings: settings)
        _ = try log.recovered(from: try #require(records.first).sequence)
        #expect(try folder.names("recycled-").isEmpty)
    }

    /// The same damage as in a segment that was zeros: refused where something is lost that was
    /// durable, else cut off and told.
    @Test("The last record, every byte of it changed: cut off, and told")
    func flippedEnd() throws {
        let records = try recyclingLog(count: 90)
        let last = try #require(records.last)
        let first = try #require(records.first).sequence
        // Without the closing frame, which says that it was durable.
        let end = last.position.offset + FrameHeader.frameSize(length: last.payload.count)
        let name = SegmentName.file(last.position.segment)
        #expect(try openings().last?.isRecycled == true)
        try folder.write([UInt8](repeating: 0, count: 48), to: name, at: end)
        for byte in 0..<48 + last.payload.count {
            let copy = try folder.copy()
            let at = last.position.offset + byte
            try copy.write([try copy.bytes(name)[at] ^ 0x11], to: name, at: at)
            let log = FlatFileLog(folder: copy.path, identity: identity, settings: .driven())
            let (recovered, report) = try log.recovered(from: first)
            #expect(recovered == records.dropLast() && report.tornBytes > 0)
            #expect(try log.appendPatiently([9]).sequence == last.sequence)
            log.drive()
            let again = FlatFileLog(folder: copy.path, identity: identity, settings: .driven())
            #expect(try again.recovered(from: first).0.last?.payload == [9])
        }
    }
}
