internal import Billing
internal import Glibc
internal import Interchange
internal import Wire

/// A new log that is filled.
struct ImportedLog {
    private let folder: String
    private let log: FlatFileLog
    private let keys: CustomerKeys?
    private let arena = Arena()

    /// - Parameter keys: that what is personal is sealed with.
    init(folder: String, identity: UInt64, segmentSize: Int, keys: CustomerKeys?) throws {
        try SmallFile.makeFolder(folder)
        var settings = LogSettings()
        settings.segmentSize = segmentSize
        self.folder = folder
        self.keys = keys
        log = FlatFileLog(
            folder: folder, identity: identity, settings: settings,
            listener: LogListener(beforeBatch: { () throws(DiskFault) in try keys?.flush() }))
        _ = try log.replay(from: 1) { _, _, _ in }
    }

    func append(_ publication: Publication) throws {
        arena.reset()
        let record = DirectoryRecord(
            time: publication.time, published: publication.draft,
            requestID: publication.requestID)
        _ = try append(RecordWriter(arena: arena).directory(record))
    }

    /// The environment's test clock, as it was.
    func append(clockAhead ahead: Int64, at time: Timestamp) throws {
        arena.reset()
        let move = EnvironmentClockMove(
            offset: ahead, time: time.adding(milliseconds: ahead), fingerprint: 0)
        let record = DirectoryRecord(time: time, change: .clockMoved(move), requestID: "")
        _ = try append(RecordWriter(arena: arena).directory(record))
    }

    /// How often a code was redeemed where the export comes from.
    func append(_ count: CodeCount, at time: Timestamp) throws {
        arena.reset()
        let record = DirectoryRecord(
            time: time,
            change: .codeCounted(code: count.code, redemptions: Int(count.redemptions)),
            requestID: "")
        _ = try append(RecordWriter(arena: arena).directory(record))
    }

    /// What a customer refers others with.
    func append(_ code: ReferralCode, of customer: CustomerID, at time: Timestamp) throws {
        try append(
            .referralCodeMade(
                code: code.code, programme: code.programmeID, customer: customer.text), at: time)
    }

    /// - Parameter key: in hexadecimal digits.
    func append(fingerprintKey key: String, at time: Timestamp) throws {
        try append(.fingerprintKeyed(key: [UInt8](hexadecimal: key) ?? []), at: time)
    }

    private func append(_ change: DirectoryRecord.Change, at time: Timestamp) throws {
        arena.reset()
        let record = DirectoryRecord(time: time, change: change, requestID: "")
        _ = try append(RecordWriter(arena: arena).directory(record))
    }

    /// Gives the record's position.
    ///
    /// - Parameter record: its key is the customer's, if it has one; after it, the one that was
    ///   used.
    func append(_ record: inout CustomerRecord) throws -> UInt64 {
        arena.reset()
        if !record.facts.contains(where: { $0.isPersonal }) {
            record.key = 0
        } else if record.key == 0, let keys {
            record.key = try retried { () throws(LogFault) in try keys.allocate() }
        }
        let nothing = UnsafeRawBufferPointer(start: nil, count: 0)
        let writer = RecordWriter(arena: arena, seals: keys)
        return try append(writer.record(record, reply: nothing)).position.rawValue
    }

    private func append(_ payload: UnsafeRawBufferPointer) throws -> Appended {
        try retried { () throws(LogFault) in try log.append(payload) }
    }

    /// Waits where the disk is behind, or the next segment or more room for keys isn't ready.
    private func retried<Value>(_ body: () throws(LogFault) -> Value) throws -> Value {
        while true {
            do throws(LogFault) {
                return try body()
            } catch {
                guard case .unavailable = error else { throw error }
                try log.waitUntilDurable(log.end.sequence)
                usleep(1_000)
            }
        }
    }

    /// Durable, and read once more.
    func end(records: UInt64) throws {
        try log.close()
        let verdict = try LogReader(folder: folder).verify()
        guard verdict == .whole(records: records, lastSequence: records) else {
            throw EnvironmentImport.Failure(
                description: "\(folder) isn't what was written to it: \(verdict); check the disk")
        }
    }
}
