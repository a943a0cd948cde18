internal import Logging
internal import Synchronization

/// The thread that reads the logs of an environment again, slowly, and tells what is damaged.
final class Scrubber: Sendable {
    /// Bytes a second: little beside what a disk does.
    private static let rate = 32 << 20

    private let folders: [String]
    private let disk: any Disk
    /// Between the beginnings of two passes.
    private let intervalMilliseconds: Int
    private let conditions: Conditions
    private let logger: Logger
    private let wake = Monitor(false)
    private let isStopping = Atomic(false)
    private let thread = Mutex<LogThread?>(nil)
    /// Passes that ended, and damaged places found in all of them.
    let passes = Atomic(0)
    let damages = Atomic(0)

    init(
        folders: [String], disk: any Disk = PosixDisk(), intervalMilliseconds: Int,
        conditions: Conditions, logger: Logger
    ) {
        self.folders = folders
        self.disk = disk
        self.intervalMilliseconds = intervalMilliseconds
        self.conditions = conditions
        self.logger = logger
    }

    func start() throws(LogFault) {
        let started = try LogThread("tally-scrub") { [self] in
            ThreadPriority.lower()
            while !pause(milliseconds: intervalMilliseconds) { pass() }
        }
        thread.withLock { $0 = started }
    }

    func stop() {
        isStopping.store(true, ordering: .releasing)
        wake.wake()
        let running = thread.withLock { thread in
            defer { thread = nil }
            return thread
        }
        running?.join()
    }

    /// Every sealed segment of every log, once.
    func pass() {
        var found: [String] = []
        for folder in folders { found += scrub(folder) }
        guard !isStopping.load(ordering: .acquiring) else { return }
        passes.add(1, ordering: .relaxed)
        conditions.set(.storage, found.isEmpty ? nil : found.joined(separator: " "))
    }

    private func scrub(_ folder: String) -> [String] {
        var scrub = LogScrub(folder: folder, disk: disk)
        var found: [String] = []
        while true {
            do throws(DiskFault) {
                switch try scrub.turn() {
                case .passed: return found
                case .read(let bytes):
                    if pause(milliseconds: bytes * 1_000 / Self.rate) { return found }
                case .damage(let fault):
                    found.append(report("\(folder): \(fault)"))
                }
            } catch {
                return found + [report("\(folder): \(error)")]
            }
        }
    }

    private func report(_ words: String) -> String {
        damages.add(1, ordering: .relaxed)
        logger.error("a scrub found damage", metadata: ["where": "\(words)"])
        return words
    }

    /// True: it is time to stop.
    private func pause(milliseconds: Int) -> Bool {
        if !isStopping.load(ordering: .acquiring) {
            wake.waitForWake(microseconds: milliseconds * 1_000)
        }
        return isStopping.load(ordering: .acquiring)
    }
}
