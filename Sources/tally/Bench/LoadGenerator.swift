internal import NIOCore
internal import RPC

/// Keeps a number of calls in progress and counts how they end. A call's end starts the next one,
/// so that nothing is allocated or scheduled for a call.
///
/// With a rate, calls fall due at even distances whatever the server does; a call that finds no
/// free place waits, and its latency counts from when it was due.
// Safety: everything is touched on the event loop only; `run` enters it there.
final class LoadGenerator: RPCCallObserver, @unchecked Sendable {
    private let loop: any EventLoop
    private let plan: LoadPlan
    private var source: LoadSource
    private let connections: [RPCConnection]
    private let prepared: [Int]
    private let finished: EventLoopPromise<LoadResult>

    private var result = LoadResult()
    private var started = NIODeadline.now()
    private var cpuBefore = 0.0
    private var toStart: Int
    private var isOver = false
    private var isFinished = false
    /// Calls in progress.
    private var open = 0
    private var pacer: Pacer?
    /// With a rate: the places that are free, and since when the call of each place is due.
    private var free = PlaceQueue(count: 0)
    private var due: [NIODeadline] = []
    /// Connections refer to their observer weakly, so a run holds itself.
    private var running: LoadGenerator?
    private var endedBefore = 0

    static func run(_ plan: LoadPlan, on thread: BenchThread) async throws -> LoadResult {
        var connections: [RPCConnection] = []
        for _ in 0..<plan.connections { connections.append(try await thread.loop.connect().get()) }
        let ready = connections
        let metadata = [(name: "authorization", value: "Bearer " + thread.key)]
        let eventLoop = thread.loop.eventLoop
        let path = plan.source.path
        let prepared = try await eventLoop.submit {
            ready.map { $0.prepare(path: path, metadata: metadata) }
        }.get()
        let finished = eventLoop.makePromise(of: LoadResult.self)
        let generator = LoadGenerator(eventLoop, plan, ready, prepared, finished)
        eventLoop.execute { generator.begin() }
        let result = try await finished.futureResult.get()
        try await eventLoop.submit { for connection in ready { connection.close() } }.get()
        return result
    }

    private init(
        _ loop: any EventLoop, _ plan: LoadPlan, _ connections: [RPCConnection], _ prepared: [Int],
        _ finished: EventLoopPromise<LoadResult>
    ) {
        self.loop = loop
        self.plan = plan
        self.connections = connections
        self.prepared = prepared
        self.finished = finished
        source = plan.source
        toStart = plan.calls ?? .max
    }

    private func begin() {
        running = self
        for connection in connections { connection.observer = self }
        loop.assumeIsolated().scheduleTask(in: plan.patience) { self.giveUpIfStuck() }
        started = .now()
        cpuBefore = ProcessorTime.seconds
        if let seconds = plan.seconds {
            loop.assumeIsolated().scheduleTask(in: .nanoseconds(Int64(seconds * 1e9))) {
                self.isOver = true
                self.finishIfDone()
            }
        }
        if let rate = plan.rate {
            free = PlaceQueue(count: connections.count * plan.streams)
            due = Array(repeating: started, count: connections.count * plan.streams)
            pacer = Pacer(rate: rate, start: started)
            return pace()
        }
        for place in 0..<connections.count * plan.streams { start(place) }
        flush()
        finishIfDone()
    }

    /// A place is a connection and one of its calls in progress.
    @inline(__always)
    private func start(_ place: Int) {
        guard !isOver, toStart > 0 else { return }
        let index = place % connections.count
        let connection = connections[index]
        let header = prepared[index]
        if source.withNext({ connection.start(header, message: $0, tag: place) }) {
            toStart -= 1
            open += 1
        } else {
            result.statuses[RPCCode.unavailable.rawValue] += 1
            isOver = true
        }
    }

    func callEnded(_ end: borrowing RPCCallEnd, message: UnsafeRawBufferPointer) {
        guard !isFinished else { return }
        open -= 1
        result.statuses[end.code.rawValue] += 1
        if end.code == .ok, source.isDenial(message) { result.denied += 1 }
        if pacer == nil {
            result.latencies.add(nanoseconds: end.latency.nanoseconds)
            start(end.tag)
        } else {
            let latency = NIODeadline.now() - due[end.tag]
            result.latencies.add(nanoseconds: latency.nanoseconds)
            free.giveBack(end.tag)
        }
        if open == 0 { finishIfDone() }
    }

    /// Starts what is due, and comes back when the next call is.
    private func pace() {
        guard !isOver, toStart > 0 else { return finishIfDone() }
        let now = NIODeadline.now()
        var isStarted = false
        while let moment = pacer?.due(now), !isOver, toStart > 0, let place = free.next() {
            pacer?.advance()
            due[place] = moment
            start(place)
            isStarted = true
        }
        if isStarted { flush() }
        loop.assumeIsolated().scheduleTask(in: .microseconds(100)) { self.pace() }
    }

    /// A server that answers nothing at all would keep us for ever.
    private func giveUpIfStuck() {
        guard !isFinished else { return }
        if open > 0, result.calls == endedBefore {
            result.statuses[RPCCode.deadlineExceeded.rawValue] += open
            open = 0
            isOver = true
            return finishIfDone()
        }
        endedBefore = result.calls
        loop.assumeIsolated().scheduleTask(in: plan.patience) { self.giveUpIfStuck() }
    }

    private func flush() {
        for connection in connections { connection.flush() }
    }

    private func finishIfDone() {
        guard !isFinished, open == 0, isOver || toStart == 0 else { return }
        isFinished = true
        isOver = true
        result.seconds = Double((NIODeadline.now() - started).nanoseconds) / 1e9
        result.cpuSeconds = ProcessorTime.seconds - cpuBefore
        finished.succeed(result)
        running = nil
    }
}
