import Synchronization

/// A log that is only read, where it lies, beside whoever writes it: nothing in its folder changes.
/// It is what was there when `replay` looked.
final class ReadOnlyLog: LogStore {
    private let recovery: LogRecovery
    private let last = Mutex(Appended(sequence: 0, position: LogPosition(rawValue: 0)))

    init(folder: String, identity: UInt64, disk: any Disk = PosixDisk()) {
        recovery = LogRecovery(disk: disk, folder: folder, identity: identity, segmentSize: 0)
    }

    var durableSequence: UInt64 { end.sequence }

    var end: Appended { last.withLock { $0 } }

    var estimatedEnd: LogPosition? { nil }

    func distance(from start: LogPosition, to end: LogPosition) -> UInt64 { 0 }

    func replay(
        from first: UInt64,
        _ body: (UInt64, LogPosition, UnsafeRawBufferPointer) throws -> Void
    ) throws -> RecoveryReport {
        let (report, end) = try recovery.read(from: first, body)
        last.withLock { $0 = Appended(sequence: report.lastSequence, position: end) }
        return report
    }

    func firstSequence() throws(LogFault) -> UInt64 {
        do throws(DiskFault) {
            return try recovery.source.firstSequence() ?? 1
        } catch {
            throw .disk(error)
        }
    }

    func append(_ payload: UnsafeRawBufferPointer) throws(LogFault) -> Appended { throw .closed }

    func waitUntilDurable(_ sequence: UInt64) throws(LogFault) { throw .closed }

    func read(at position: LogPosition) throws(LogFault) -> [UInt8] { throw .notFound(position) }

    func read(
        after place: LogPlace, _ body: (LogPlace, UnsafeRawBufferPointer) throws -> Bool
    ) throws {
        throw LogFault.closed
    }

    func removeHistory(before position: LogPosition) throws(LogFault) -> Int { 0 }

    func compressHistory(before position: LogPosition) throws(LogFault) -> Int? { nil }

    func close() throws(LogFault) {}
}
