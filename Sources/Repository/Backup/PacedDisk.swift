internal import Glibc
internal import Synchronization

/// How fast bytes may be read. A machine over moments, in microseconds; it reads no clock and
/// sleeps for nobody. What wasn't used isn't saved up.
struct ReadPace {
    let bytesPerSecond: Int
    /// When the next read may begin.
    private var next: Int64 = 0

    init(bytesPerSecond: Int) {
        self.bytesPerSecond = bytesPerSecond
    }

    /// Microseconds to wait before so many bytes are read.
    mutating func wait(toRead count: Int, now: Int64) -> Int64 {
        let start = max(now, next)
        next = start + Int64(count) * 1_000_000 / Int64(bytesPerSecond)
        return start - now
    }
}

/// What several readers share who are not to read faster together. Blocks the one who reads.
package final class BackupPace: Sendable {
    /// A clock and a way to wait for it, both in microseconds.
    struct Clock: Sendable {
        var now: @Sendable () -> Int64 = { SystemClock.monotonic * 1_000 }
        var sleep: @Sendable (Int64) -> Void = { usleep(UInt32(clamping: $0)) }
    }

    private let clock: Clock
    private let pace: Mutex<ReadPace>

    package convenience init(bytesPerSecond: Int) {
        self.init(bytesPerSecond: bytesPerSecond, clock: Clock())
    }

    init(bytesPerSecond: Int, clock: Clock) {
        self.clock = clock
        pace = Mutex(ReadPace(bytesPerSecond: bytesPerSecond))
    }

    func wait(toRead count: Int) {
        let microseconds = pace.withLock { $0.wait(toRead: count, now: clock.now()) }
        if microseconds > 0 { clock.sleep(microseconds) }
    }
}

/// Another disk, read at a pace and in small bites, so that whoever shares it isn't held up.
struct PacedDisk: Disk {
    /// What is read at once.
    static let biteBytes = 256 << 10

    let disk: any Disk
    let pace: BackupPace

    func open(_ path: String, _ purpose: DiskPurpose) throws(DiskFault) -> any DiskFile {
        PacedFile(try disk.open(path, purpose), pace)
    }

    func rename(_ path: String, to target: String) throws(DiskFault) {
        try disk.rename(path, to: target)
    }

    func remove(_ path: String) throws(DiskFault) { try disk.remove(path) }

    func list(_ folder: String) throws(DiskFault) -> [String] { try disk.list(folder) }

    func syncFolder(_ folder: String) throws(DiskFault) { try disk.syncFolder(folder) }
}

private final class PacedFile: DiskFile {
    private let file: any DiskFile
    private let pace: BackupPace

    init(_ file: any DiskFile, _ pace: BackupPace) {
        self.file = file
        self.pace = pace
    }

    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(DiskFault) -> Int {
        var done = 0
        while done < buffer.count {
            let end = min(done + PacedDisk.biteBytes, buffer.count)
            pace.wait(toRead: end - done)
            let bite = UnsafeMutableRawBufferPointer(rebasing: buffer[done..<end])
            let count = try file.read(into: bite, at: offset + done)
            done += count
            if count < bite.count { break }
        }
        return done
    }

    func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(DiskFault) {
        try file.write(bytes, at: offset)
    }

    func sync() throws(DiskFault) { try file.sync() }

    func forget(_ range: Range<Int>) throws(DiskFault) { try file.forget(range) }

    func size() throws(DiskFault) -> Int { try file.size() }

    func lock() throws(DiskFault) -> Bool { try file.lock() }
}
