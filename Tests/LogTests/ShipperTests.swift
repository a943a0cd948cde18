import Testing

@testable import Repository

@Suite("A log shipped to another folder")
struct ShipperTests {
    private func shipper(_ source: TemporaryFolder, _ target: TemporaryFolder) -> LogShipper {
        LogShipper(
            from: source.path, to: target.path, disk: PosixDisk(), targetDisk: PosixDisk())
    }

    /// A log without threads, so that a test says when something is durable.
    private func log(_ folder: TemporaryFolder, segmentSize: Int = 1_024) throws -> FlatFileLog {
        let log = FlatFileLog(
            folder: folder.path, identity: identity, settings: .driven(segmentSize))
        _ = try log.recovered()
        return log
    }

    /// With a closing frame, which says that the last record is durable.
    private func closedLog(_ folder: TemporaryFolder, count: UInt64) throws -> [Replayed] {
        _ = try makeLog(folder, count: count)
        let (log, records, _) = try reopen(folder)
        try log.close()
        return records
    }

    private func append(_ numbers: ClosedRange<UInt64>, to log: FlatFileLog) throws {
        for number in numbers {
            _ = try samplePayload(number).withUnsafeBytes { try log.append($0) }
            log.drive()
        }
    }

    @Test("Many segments: the copy opens like the log and holds the same")
    func whole() throws {
        let (source, target) = (try TemporaryFolder(), try TemporaryFolder())
        let records = try closedLog(source, count: 200)
        let shipper = shipper(source, target)
        let bytes = try shipper.turn()
        #expect(bytes > 0)
        #expect(shipper.sequence == 200)
        #expect(try shipper.turn() == 0)
        #expect(
            try LogReader(folder: target.path).verify() == .whole(records: 200, lastSequence: 200))
        let (copy, copied, report) = try reopen(target)
        #expect(copied == records)
        #expect(report.tornBytes == 0)
        let next = try copy.appendPatiently([1])
        #expect(next.sequence == 201)
        try copy.close()
    }

    @Test("What no later frame says to be durable stays behind")
    func onlyDurable() throws {
        let (source, target) = (try TemporaryFolder(), try TemporaryFolder())
        let log = try log(source, segmentSize: 64 << 10)
        try append(1...5, to: log)
        let shipper = shipper(source, target)
        _ = try shipper.turn()
        // The fifth is written and synced, but nothing after it says so yet.
        #expect(shipper.sequence == 4)
        log.drive(closesBatch: true)
        _ = try shipper.turn()
        #expect(shipper.sequence == 5)
        try log.close()
    }

    @Test("Shipping goes on where it stopped, by another shipper too, while the log grows")
    func resumes() throws {
        let (source, target) = (try TemporaryFolder(), try TemporaryFolder())
        let log = try log(source)
        var written: UInt64 = 0
        for count in [1, 3, 40, 2, 25, 1] as [UInt64] {
            try append(written + 1...written + count, to: log)
            written += count
            log.drive(closesBatch: true)
            let shipper = shipper(source, target)
            _ = try shipper.turn()
            #expect(shipper.sequence == written)
        }
        try log.close()
        let (copy, copied, _) = try reopen(target)
        #expect(copied.map(\.payload) == (1...written).map(samplePayload))
        try copy.close()
    }

    @Test("A copy that was cut anywhere is completed")
    func torn() throws {
        let source = try TemporaryFolder()
        let records = try closedLog(source, count: 30)
        let whole = try TemporaryFolder()
        _ = try shipper(source, whole).turn()
        let last = try #require(try whole.names("segment-").last)
        let bytes = try whole.bytes(last)
        for length in stride(from: 0, to: bytes.count, by: 40) {
            let cut = try whole.copy()
            try cut.write([UInt8](repeating: 0, count: bytes.count - length), to: last, at: length)
            let shipper = shipper(source, cut)
            _ = try shipper.turn()
            #expect(shipper.sequence == 30)
            let (copy, copied, _) = try reopen(cut)
            #expect(copied == records)
            try copy.close()
        }
    }

    @Test("Another log's copy, and a source that was changed, are refused")
    func foreign() throws {
        let (source, target) = (try TemporaryFolder(), try TemporaryFolder())
        _ = try makeLog(source, count: 10)
        _ = try shipper(source, target).turn()
        let other = try TemporaryFolder()
        let log = FlatFileLog(folder: other.path, identity: 99, settings: .driven())
        _ = try log.recovered()
        try append(1...3, to: log)
        try log.close()
        #expect(throws: LogShipper.Failure.self) { _ = try shipper(other, target).turn() }

        // The source lost its end, and went on otherwise: two histories of one identity.
        let restored = try TemporaryFolder()
        let again = try self.log(restored)
        try append(5...8, to: again)
        again.drive(closesBatch: true)
        try again.close()
        #expect(throws: LogShipper.Failure.self) { _ = try shipper(restored, target).turn() }
    }

    @Test("Damage in a sealed segment ends the copy before it, and is told")
    func damaged() throws {
        let (source, target) = (try TemporaryFolder(), try TemporaryFolder())
        _ = try makeLog(source, count: 100)
        let second = try source.names("segment-")[1]
        var bytes = try source.bytes(second)
        bytes[400] ^= 1
        try source.write(bytes, to: second)
        #expect(throws: LogShipper.Failure.self) { _ = try shipper(source, target).turn() }
        guard case .whole = try LogReader(folder: target.path).verify() else {
            Issue.record("the copy must be whole up to the damage")
            return
        }
    }
}
