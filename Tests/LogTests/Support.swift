import Glibc
import Synchronization
import Testing

@testable import Repository

/// A folder of its own for one test, removed at the end.
final class TemporaryFolder: Sendable {
    let path: String

    init() throws {
        var template = Array("/tmp/tally-log-XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else { throw DiskFault("mkdtemp", "/tmp") }
        path = String(cString: made)
    }

    deinit {
        for name in (try? PosixDisk().list(path)) ?? [] { unlink(path + "/" + name) }
        rmdir(path)
    }

    /// What a crash would leave now: a copy of the files.
    func copy() throws -> TemporaryFolder {
        let copy = try TemporaryFolder()
        for name in try PosixDisk().list(path) where name != SegmentName.preparing {
            try copy.write(try bytes(name), to: name)
        }
        return copy
    }

    func names(_ prefix: String) throws -> [String] {
        try PosixDisk().list(path).filter { $0.hasPrefix(prefix) }.sorted()
    }

    func bytes(_ name: String) throws -> [UInt8] {
        let file = try PosixDisk().open(path + "/" + name, .reading)
        return try file.bytes(try file.size(), at: 0)
    }

    func write(_ bytes: [UInt8], to name: String, at offset: Int = 0) throws {
        let isThere = try PosixDisk().list(path).contains(name)
        let file = try PosixDisk().open(path + "/" + name, isThere ? .writing : .creating)
        try file.write(bytes, count: bytes.count, at: offset)
    }
}

let identity: UInt64 = 0x7A11_0000_0000_0001

extension LogSettings {
    /// Segments of a few records, and no closing frame unless a test wants one.
    static func tiny(_ segmentSize: Int = 1_024) -> LogSettings {
        var settings = LogSettings()
        settings.segmentSize = segmentSize
        settings.bufferSize = 64 << 10
        settings.idleMilliseconds = 60_000
        settings.retryMilliseconds = 5
        return settings
    }

    static func driven(_ segmentSize: Int = 1_024) -> LogSettings {
        var settings = tiny(segmentSize)
        settings.isDriven = true
        return settings
    }
}

/// A record as `replay` gives it.
struct Replayed: Equatable {
    var sequence: UInt64
    var position: LogPosition
    var payload: [UInt8]
}

extension LogStore {
    /// Appends, waiting where the next segment isn't ready yet.
    func appendPatiently(_ payload: [UInt8]) throws -> Appended {
        for _ in 0..<5_000 {
            do {
                return try payload.withUnsafeBytes { try append($0) }
            } catch LogFault.unavailable {
                usleep(1_000)
            }
        }
        throw LogFault.unavailable("the test's patience is over")
    }

    /// Everything from `first` on, which makes the log ready.
    func recovered(from first: UInt64 = 1) throws -> ([Replayed], RecoveryReport) {
        var records: [Replayed] = []
        let report = try replay(from: first) { sequence, position, payload in
            records.append(
                Replayed(sequence: sequence, position: position, payload: Array(payload)))
        }
        return (records, report)
    }
}

/// The payload of the record `number`: lengths from 0 to 96, no two alike beside each other.
func samplePayload(_ number: UInt64) -> [UInt8] {
    (0..<(number * 7 % 97)).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ number) }
}

/// Opens the log in a folder and reads all of it.
func reopen(
    _ folder: TemporaryFolder, settings: LogSettings = .tiny(), disk: any Disk = PosixDisk(),
    listener: LogListener = LogListener(), identity: UInt64 = identity
) throws -> (log: FlatFileLog, records: [Replayed], report: RecoveryReport) {
    let log = FlatFileLog(
        folder: folder.path, identity: identity, disk: disk, settings: settings,
        listener: listener)
    let (records, report) = try log.recovered()
    return (log, records, report)
}

/// A log with `count` sample records, all durable, each group of `batch` a batch of its own.
func makeLog(
    _ folder: TemporaryFolder, count: UInt64, batch: UInt64 = 1, segmentSize: Int = 1_024
) throws -> [Replayed] {
    let log = FlatFileLog(
        folder: folder.path, identity: identity, settings: .driven(segmentSize))
    _ = try log.recovered()
    var records: [Replayed] = []
    for number in 1...count {
        let payload = samplePayload(number)
        let appended = try payload.withUnsafeBytes { try log.append($0) }
        records.append(
            Replayed(sequence: number, position: appended.position, payload: payload))
        if number % batch == 0 { log.drive() }
    }
    log.drive()
    return records
}

/// Counts what a log tells.
final class Heard: Sendable {
    let durable = Mutex<[UInt64]>([])
    let faults = Mutex<[LogFault]>([])

    var listener: LogListener {
        LogListener(
            onDurable: { sequence in self.durable.withLock { $0.append(sequence) } },
            onFault: { fault in self.faults.withLock { $0.append(fault) } })
    }
}

/// The real disk, with faults put in.
final class FaultyDisk: Disk {
    struct Faults {
        var creating: Int32 = 0
        var writing: Int32 = 0
        var syncing: Int32 = 0
        var syncs = 0
        var delayMilliseconds: UInt32 = 0
    }

    let faults = Mutex(Faults())

    func open(_ path: String, _ purpose: DiskPurpose) throws(DiskFault) -> any DiskFile {
        let file = try PosixDisk().open(path, purpose)
        return FaultyFile(file, self, path, isNew: purpose == .creating)
    }

    func rename(_ path: String, to target: String) throws(DiskFault) {
        try PosixDisk().rename(path, to: target)
    }

    func remove(_ path: String) throws(DiskFault) { try PosixDisk().remove(path) }

    func list(_ folder: String) throws(DiskFault) -> [String] { try PosixDisk().list(folder) }

    func syncFolder(_ folder: String) throws(DiskFault) { try PosixDisk().syncFolder(folder) }
}

final class FaultyFile: DiskFile {
    private let file: any DiskFile
    private let disk: FaultyDisk
    private let path: String
    private let isNew: Bool

    init(_ file: any DiskFile, _ disk: FaultyDisk, _ path: String, isNew: Bool) {
        self.file = file
        self.disk = disk
        self.path = path
        self.isNew = isNew
    }

    func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(DiskFault) {
        let code = disk.faults.withLock { [isNew] in isNew ? $0.creating : $0.writing }
        guard code == 0 else {
            throw DiskFault(operation: "pwrite", path: path, code: code)
        }
        try file.write(bytes, at: offset)
    }

    func sync() throws(DiskFault) {
        let (code, delay) = disk.faults.withLock { [isNew] faults in
            if !isNew { faults.syncs += 1 }
            return isNew ? (0, 0) : (faults.syncing, faults.delayMilliseconds)
        }
        usleep(delay * 1_000)
        guard code == 0 else {
            throw DiskFault(operation: "fdatasync", path: path, code: code)
        }
        try file.sync()
    }

    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(DiskFault) -> Int {
        try file.read(into: buffer, at: offset)
    }

    func forget(_ range: Range<Int>) throws(DiskFault) { try file.forget(range) }

    func size() throws(DiskFault) -> Int { try file.size() }

    func lock() throws(DiskFault) -> Bool { try file.lock() }
}
