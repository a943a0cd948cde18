import Logging
import Synchronization

/// What the appending threads, the writer and the preparer share.
final class LogCore: Sendable {
    struct Shared {
        var collector: LogCollector
        /// The writer has nothing to do and waits to be woken.
        var isWriterIdle = false
        /// The writer lets a batch gather until it has so many records; nil: it doesn't.
        var wakeAt: Int?
    }

    struct Progress {
        var durable: UInt64 = 0
        /// Nothing more becomes durable.
        var fault: LogFault?
    }

    enum Stop: UInt8, AtomicRepresentable {
        case no
        /// After everything is written.
        case closing
        /// At once, as if the process had been killed.
        case abandoned
    }

    let disk: any Disk
    let folder: String
    let identity: UInt64
    let settings: LogSettings
    let listener: LogListener
    let logger: Logger
    let files: SegmentFiles
    let pool: SegmentPool

    let shared: Mutex<Shared>
    let durableSequence = Atomic<UInt64>(0)
    /// Raw `LogPosition` of the first byte that isn't known to be durable.
    let durableEnd = Atomic<UInt64>(0)
    let progress = Monitor(Progress())
    let writerWake = Monitor(false)
    let preparerWake = Monitor(false)
    let stop = Atomic<Stop>(.no)
    let syncs = SyncMeter()

    init(
        folder: String, identity: UInt64, disk: any Disk, settings: LogSettings,
        listener: LogListener, logger: Logger
    ) {
        settings.check()
        self.disk = disk
        self.folder = folder
        self.identity = identity
        self.settings = settings
        self.listener = listener
        self.logger = logger
        files = SegmentFiles(disk: disk, folder: folder, limit: settings.openSegments)
        pool = SegmentPool(
            disk: disk, folder: folder, files: files,
            limit: settings.recyclesSegments ? SegmentPool.limit : 0)
        let collector = LogCollector(
            identity: identity, payloadLimit: settings.payloadLimit,
            buffer: BatchBuffer(capacity: settings.bufferSize))
        shared = Mutex(Shared(collector: collector))
    }

    /// Everything before `end` is durable.
    func publish(_ sequence: UInt64, end: LogPosition) {
        durableEnd.store(end.rawValue, ordering: .releasing)
        durableSequence.store(sequence, ordering: .releasing)
        progress.update { $0.durable = sequence }
    }

    /// Refuses everything from now on; the first reason stays.
    func refuse(_ fault: LogFault) {
        shared.withLock { shared in
            if case .failed = shared.collector.refusal { return }
            shared.collector.refusal = fault
        }
    }

    /// Tells everyone who waits that nothing more becomes durable.
    func endProgress(_ fault: LogFault) {
        progress.update { $0.fault = $0.fault ?? fault }
    }

    func fail(_ fault: LogFault) {
        logger.critical("\(fault)")
        refuse(fault)
        endProgress(fault)
        preparerWake.wake()
        listener.onFault(fault)
    }
}
