import Glibc
import NIOCore
import NIOPosix
import Synchronization

/// Where slow calls run: a fixed number of threads of low priority behind a queue of bounded
/// length, so that neither the event loops nor each other's callers wait for them without end.
package final class WorkPool: Sendable {
    package struct Limits: Sendable {
        package var threads = 2
        /// Calls that wait for a thread.
        package var waiting = 256
        /// Calls of one principal, waiting and running together.
        package var perPrincipal = 16

        package init() {}

        /// One thread is always another's, if there is more than one.
        var runningPerPrincipal: Int { max(1, threads - 1) }
    }

    package typealias Work = @Sendable (WorkTicket) -> Result<[UInt8], RPCStatus>

    private struct Job {
        let ticket: WorkTicket
        let work: Work
        let finish: @Sendable (Result<[UInt8], RPCStatus>) -> Void
    }

    private let threads: NIOThreadPool
    private let queue: Mutex<WorkQueue<Job>>

    package init(_ limits: Limits = Limits()) {
        queue = Mutex(WorkQueue(limits) { $0.ticket.isOver })
        threads = NIOThreadPool(numberOfThreads: limits.threads)
        threads.start()
    }

    deinit { threads.shutdownGracefully { _ in } }

    package var metrics: WorkMetrics { queue.withLock { $0.metrics } }

    /// Serves a call by `work` on one of the threads; `.held`. Work that waits isn't begun when its
    /// call is over by then: its deadline has passed, its caller has gone. `call.message` must have
    /// been read by now.
    package func serve(
        _ call: borrowing UnaryCall, on port: LoopPort, by work: @escaping Work
    ) throws(WorkRefusal) -> CallOutcome {
        let ticket = WorkTicket(deadline: call.deadline ?? .distantFuture)
        let (principal, token) = (call.principal, call.token)
        let job = Job(ticket: ticket, work: work) { result in
            port.eventLoop.execute { port.finish(token, result) }
        }
        try queue.withLock { (queue) throws(WorkRefusal) in try queue.add(job, of: principal) }
        call.stream.pointee.ticket = .passRetained(ticket)
        start()
        return .held
    }

    /// Gives threads what waits for them.
    private func start() {
        while let (principal, job) = queue.withLock({ $0.next() }) {
            threads.submit { [self] state in
                run(job, isStopping: state == .cancelled)
                queue.withLock { $0.end(of: principal) }
                start()
            }
        }
    }

    private func run(_ job: Job, isStopping: Bool) {
        guard !isStopping else { return job.finish(.failure(.stopping)) }
        // Of this thread alone, as Linux has it: whoever serves quick calls comes first.
        setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 10)
        job.finish(job.work(job.ticket))
    }

    /// Work that waits ends with UNAVAILABLE; what runs is waited for.
    package func shutdown() async {
        for job in queue.withLock({ $0.close() }) { job.finish(.failure(.stopping)) }
        try? await threads.shutdownGracefully()
    }
}

extension RPCStatus {
    fileprivate static let stopping = RPCStatus(.unavailable, "the server is stopping")
}

/// One slow call, as its work knows it.
package final class WorkTicket: Sendable {
    private let hasEnded = Atomic<Bool>(false)
    private let deadline: NIODeadline

    init(deadline: NIODeadline) {
        self.deadline = deadline
    }

    /// Nobody waits for the answer any more: long work may ask now and then.
    package var isOver: Bool {
        hasEnded.load(ordering: .relaxed) || deadline <= .now()
    }

    func end() { hasEnded.store(true, ordering: .relaxed) }
}

extension HTTP2Stream {
    mutating func endTicket() {
        guard let ticket else { return }
        ticket.takeUnretainedValue().end()
        ticket.release()
        self.ticket = nil
    }
}

extension LoopPort {
    fileprivate func finish(_ token: CallToken, _ result: Result<[UInt8], RPCStatus>) {
        switch result {
        case .success(let message): message.withUnsafeBytes { finish(token, message: $0) }
        case .failure(let status): finish(token, status: status)
        }
        flushFinished()
    }
}
