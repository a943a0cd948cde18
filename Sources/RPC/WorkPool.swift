import NIOCore
import NIOPosix
import Synchronization

/// Where slow calls run: a fixed number of threads behind a queue of bounded length, so that
/// neither the event loops nor each other's callers wait for them without end.
package final class WorkPool: Sendable {
    package struct Limits: Sendable {
        package var threads = 2
        /// Calls that wait for a thread.
        package var waiting = 256
        /// Calls of one principal, waiting and running together.
        package var perPrincipal = 16

        package init() {}
    }

    private struct Load {
        var waiting = 0
        var byPrincipal: [Int: Int] = [:]
    }

    private let limits: Limits
    private let threads: NIOThreadPool
    private let load = Mutex(Load())

    package init(_ limits: Limits = Limits()) {
        self.limits = limits
        threads = NIOThreadPool(numberOfThreads: limits.threads)
        threads.start()
    }

    deinit { threads.shutdownGracefully { _ in } }

    /// Serves a call by `work` on one of the threads: `.held`, or refused when there is no room.
    /// Work that waits isn't begun when its call is over by then: its deadline has passed, its
    /// caller has gone. `call.message` must have been read by now.
    package func serve(
        _ call: borrowing UnaryCall, on port: LoopPort,
        by work: @escaping @Sendable (WorkTicket) -> Result<[UInt8], RPCStatus>
    ) -> CallOutcome {
        let principal = call.principal
        if let refusal = admit(principal) { return .failed(refusal) }
        let ticket = WorkTicket(deadline: call.deadline ?? .distantFuture)
        call.stream.pointee.ticket = .passRetained(ticket)
        let token = call.token
        threads.submit { [self] state in
            load.withLock { $0.waiting -= 1 }
            // Nobody waits for a call that is over: the transport has answered it.
            let result =
                state == .active && !ticket.isOver
                ? work(ticket) : .failure(RPCStatus(.unavailable, "the server is stopping"))
            release(principal)
            port.eventLoop.execute { port.finish(token, result) }
        }
        return .held
    }

    func admit(_ principal: Int) -> RPCStatus? {
        load.withLock { load in
            let own = load.byPrincipal[principal, default: 0]
            guard own < limits.perPrincipal else {
                return RPCStatus(.resourceExhausted, "too many slow calls with this key")
            }
            guard load.waiting < limits.waiting else {
                return RPCStatus(.resourceExhausted, "too many slow calls are waiting")
            }
            load.waiting += 1
            load.byPrincipal[principal] = own + 1
            return nil
        }
    }

    private func release(_ principal: Int) {
        load.withLock { load in
            let left = load.byPrincipal[principal, default: 1] - 1
            load.byPrincipal[principal] = left == 0 ? nil : left
        }
    }

    /// Work that waits ends with UNAVAILABLE; what runs is waited for.
    package func shutdown() async { try? await threads.shutdownGracefully() }
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
