internal import NIOCore
internal import RPC

/// What a run of connections does.
struct ConnectionPlan {
    var source: LoadSource
    /// On each connection, one after another.
    var callsEach: Int
    /// How many are being opened or called at a time, at most.
    var atOnce: Int
    var connections: Int
    /// Connections a second; nil: as fast as they can be opened.
    var rate: Double?
    /// Stay open until `close`.
    var keepsOpen: Bool
    /// For a handshake; and without any progress for so long, what is open counts as failed.
    var patience = TimeAmount.seconds(10)
}

/// Opens TLS connections, each with a full handshake, and makes calls on each. A connection is done
/// when its last call is answered: then it is closed, or kept.
///
/// With a rate, connections fall due at even distances whatever the server does, and the time that
/// one takes counts from when it was due.
// Safety: everything is touched on the event loop only; `run` enters it there.
final class ConnectionLoad: @unchecked Sendable {
    private let thread: BenchThread
    private let loop: any EventLoop
    private let plan: ConnectionPlan
    private let finished: EventLoopPromise<ConnectionResult>
    private let metadata: [(name: String, value: String)]
    private var source: LoadSource
    private var result = ConnectionResult()
    private var started = NIODeadline.now()
    private var pacer: Pacer?
    private var toStart: Int
    /// By number.
    private var visits: [Int: ConnectionVisit] = [:]
    private var kept: [RPCConnection] = []
    private var endedBefore = 0
    private var isFinished = false

    init(_ plan: ConnectionPlan, on thread: BenchThread) {
        self.plan = plan
        self.thread = thread
        loop = thread.loop.eventLoop
        finished = loop.makePromise(of: ConnectionResult.self)
        metadata = [(name: "authorization", value: "Bearer " + thread.key)]
        source = plan.source
        toStart = plan.connections
    }

    func run() async throws -> ConnectionResult {
        loop.execute { self.begin() }
        return try await finished.futureResult.get()
    }

    /// Closes what was kept; says how many of them were still open.
    func close() async throws -> Int {
        try await loop.submit {
            let open = self.kept.filter(\.isOpen)
            for connection in open { connection.close() }
            self.kept = []
            return open.count
        }.get()
    }

    private func begin() {
        started = .now()
        result.cpuSeconds = -ProcessorTime.seconds
        pacer = plan.rate.map { Pacer(rate: $0, start: started) }
        giveUpIfStuck(isFirst: true)
        startDue()
    }

    /// Starts what is due and there is room for.
    private func startDue() {
        guard !isFinished else { return }
        let now = NIODeadline.now()
        while toStart > 0, visits.count < plan.atOnce {
            guard let due = pacer == nil ? now : pacer?.due(now) else { break }
            pacer?.advance()
            toStart -= 1
            start(due)
        }
        guard pacer != nil, toStart > 0 else { return }
        loop.assumeIsolated().scheduleTask(in: .microseconds(200)) { self.startDue() }
    }

    private func start(_ due: NIODeadline) {
        let number = toStart
        let visit = ConnectionVisit(self, number: number, due: due, calls: plan.callsEach)
        visits[number] = visit
        thread.loop.connect(timeout: plan.patience).assumeIsolated().whenComplete { opened in
            switch opened {
            case .failure(let error):
                self.end(visit, failure: (error as? RPCStatus)?.message ?? "\(error)")
            case .success(let connection) where self.isFinished:
                connection.close()
            case .success(let connection):
                let header = connection.prepare(path: self.source.path, metadata: self.metadata)
                visit.begin(connection, header: header)
            }
        }
    }

    /// False: the connection takes no call.
    func call(_ connection: RPCConnection, header: Int) -> Bool {
        let isStarted = source.withNext { connection.start(header, message: $0, tag: 0) }
        connection.flush()
        return isStarted
    }

    /// A connection must not be closed while it hands out its events.
    func afterwards(_ body: @escaping @Sendable () -> Void) { loop.execute(body) }

    func isDenial(_ message: UnsafeRawBufferPointer) -> Bool { source.isDenial(message) }

    func end(_ visit: ConnectionVisit, failure: String?) {
        guard !isFinished, visits.removeValue(forKey: visit.number) != nil else { return }
        if let failure {
            result.failures[failure, default: 0] += 1
        } else {
            result.good += 1
            result.latencies.add(nanoseconds: (NIODeadline.now() - visit.due).nanoseconds)
        }
        if failure == nil, plan.keepsOpen, let connection = visit.connection {
            kept.append(connection)
        } else {
            visit.connection?.close()
        }
        if pacer == nil { startDue() }
        if toStart == 0, visits.isEmpty { finish() }
    }

    /// A server that answers nothing at all would keep us for ever.
    private func giveUpIfStuck(isFirst: Bool = false) {
        guard !isFinished else { return }
        if !isFirst, result.connections == endedBefore, !visits.isEmpty {
            result.failures["no answer", default: 0] += visits.count
            for visit in visits.values { visit.connection?.close() }
            return finish()
        }
        endedBefore = result.connections
        loop.assumeIsolated().scheduleTask(in: plan.patience) { self.giveUpIfStuck() }
    }

    private func finish() {
        isFinished = true
        visits = [:]
        result.seconds = Double((NIODeadline.now() - started).nanoseconds) / 1e9
        result.cpuSeconds += ProcessorTime.seconds
        finished.succeed(result)
    }
}
