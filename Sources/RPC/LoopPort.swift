package import NIOCore
import Synchronization

/// Connections of all loops of a server.
final class ConnectionCount: Sendable {
    let value = Atomic(0)
}

/// One event loop of a server: its connections, and the way back in for calls that were held.
// Safety: everything but `eventLoop` is touched on that loop only; each entry checks it. It is
// Sendable so that others can hold it and submit work to the loop.
package final class LoopPort: @unchecked Sendable {
    package let eventLoop: any EventLoop
    let limits: RPCLimits
    let workshop: HTTP2Workshop
    let held: HeldCalls
    /// The server's, for calls that take long.
    package let pool: WorkPool
    var pagesInProgress = 0
    /// Handlers run on events that are being drained.
    var isDraining = false
    /// Told of each call's end. Set before the first connection.
    package internal(set) var interceptors: [any CallInterceptor] = []
    private(set) var dispatcher: (any RPCDispatcher)?
    /// nil: every page takes the long way.
    private(set) var quickPages: (any QuickPages)?
    private(set) var connectionCount = 0
    /// Of the whole server.
    private let allConnections: ConnectionCount
    package internal(set) var metrics = ConnectionMetrics()
    /// Counts the sweeps, one a second: the clock of the time-outs of connections.
    private(set) var tick = 0
    private var connections: [(any ServerConnection)?] = []
    private var generations: [UInt32] = []
    private var vacant: [Int] = []
    private var touched: [any ServerConnection] = []
    private var sweeper: RepeatedTask?
    private(set) var isLeaving = false

    init(
        eventLoop: any EventLoop, limits: RPCLimits, allConnections: ConnectionCount,
        pool: WorkPool
    ) {
        self.pool = pool
        self.allConnections = allConnections
        self.eventLoop = eventLoop
        self.limits = limits
        workshop = HTTP2Workshop()
        held = HeldCalls(eventLoop: eventLoop)
    }

    func begin(
        _ make: (LoopPort) -> any RPCDispatcher,
        _ makeInterceptors: (LoopPort) -> [any CallInterceptor],
        _ makeQuickPages: (LoopPort) -> (any QuickPages)? = { _ in nil }
    ) {
        eventLoop.preconditionInEventLoop()
        dispatcher = make(self)
        interceptors = makeInterceptors(self)
        quickPages = makeQuickPages(self)
        held.onExpiry = { [unowned self] stream in expire(stream) }
        held.onExpiryEnd = { [unowned self] in flushFinished() }
        let second = TimeAmount.seconds(1)
        sweeper = eventLoop.scheduleRepeatedTask(initialDelay: second, delay: second) {
            [unowned self] _ in sweep()
        }
    }

    // MARK: Held calls

    /// Calls held now. A face may refuse work of its own accord before `maxHeldCalls` is reached.
    package var heldCalls: Int { held.count }

    /// Answers a held call. Nothing is sent before `flushFinished`.
    package func finish(_ token: CallToken, message: UnsafeRawBufferPointer) {
        guard let (handler, calls, stream) = find(token), stream.pointee.call == nil else {
            return
        }
        held.remove(stream)
        calls.reply(stream, message)
        touch(handler)
    }

    package func finish(_ token: CallToken, status: RPCStatus) {
        guard let (handler, calls, stream) = find(token), stream.pointee.call == nil else {
            return
        }
        held.remove(stream)
        calls.fail(stream, status)
        touch(handler)
    }

    /// Encrypts and writes once for every connection touched since.
    package func flushFinished() {
        eventLoop.preconditionInEventLoop()
        flushTouched()
    }

    /// Not while events are drained: the connections share the buffers that are filled then.
    func flushTouched() {
        guard !touched.isEmpty, !isDraining else { return }
        let handlers = touched
        touched.removeAll(keepingCapacity: true)
        for handler in handlers {
            handler.isTouched = false
            handler.send()
        }
    }

    private func find(
        _ token: CallToken
    ) -> (any ServerConnection, ServerCalls, StreamReference)? {
        eventLoop.preconditionInEventLoop()
        let slot = Int(token.connection)
        guard slot < connections.count, generations[slot] == token.generation,
            let handler = connections[slot], let calls = handler.serverCalls,
            let stream = calls.session.stream(token.stream),
            stream.pointee.flags.contains(.held)
        else { return nil }
        return (handler, calls, stream)
    }

    /// For a streaming call that isn't over.
    @discardableResult
    func withStream<Result>(
        _ token: CallToken, _ body: (ServerCalls, StreamReference, StreamCall) -> Result
    ) -> Result? {
        guard let (handler, calls, stream) = find(token), let call = stream.pointee.streamCall
        else { return nil }
        touch(handler)
        let wasDraining = isDraining
        isDraining = true
        defer { isDraining = wasDraining }
        return body(calls, stream, call)
    }

    /// From within another call's function, that one ends first.
    func resume(_ token: CallToken) {
        guard isDraining else {
            withStream(token) { calls, stream, call in calls.resume(stream, call) }
            return
        }
        let waits = withStream(token) { _, _, call in
            call.wasResumed = true
            return !call.isDelivering
        }
        guard waits == true else { return }
        eventLoop.execute { [self] in
            withStream(token) { calls, stream, call in calls.resume(stream, call) }
            flushTouched()
        }
    }

    private func expire(_ stream: StreamReference) {
        let slot = Int(stream.pointee.connection)
        guard let handler = connections[slot], let calls = handler.serverCalls else { return }
        let wasDraining = isDraining
        isDraining = true
        defer { isDraining = wasDraining }
        calls.expire(stream)
        touch(handler)
    }

    private func touch(_ handler: any ServerConnection) {
        guard !handler.isTouched else { return }
        handler.isTouched = true
        touched.append(handler)
    }

    // MARK: Pages

    func finishPage(_ token: CallToken, _ response: PageResponse) {
        eventLoop.preconditionInEventLoop()
        pagesInProgress -= 1
        let slot = Int(token.connection)
        guard slot < connections.count, generations[slot] == token.generation,
            let handler = connections[slot], let calls = handler.serverCalls
        else { return }
        calls.pageEnded()
        guard let stream = calls.session.stream(token.stream),
            !stream.pointee.flags.contains(.answered)
        else { return }
        calls.answer(stream, response)
        handler.send()
    }

    // MARK: Connections

    /// What a connection that was just accepted is to be served by; nil: there is no room.
    func admit() -> (any RPCDispatcher)? {
        eventLoop.preconditionInEventLoop()
        guard !isLeaving, connectionCount < limits.maxConnectionsPerLoop,
            allConnections.value.load(ordering: .relaxed) < limits.maxConnections
        else {
            metrics.refused += 1
            return nil
        }
        return dispatcher
    }

    /// The connection's place and its generation.
    func register(_ handler: any ServerConnection) -> (slot: Int, generation: UInt32) {
        eventLoop.preconditionInEventLoop()
        connectionCount += 1
        metrics.opened += 1
        allConnections.value.add(1, ordering: .relaxed)
        if let slot = vacant.popLast() {
            connections[slot] = handler
            return (slot, generations[slot])
        }
        connections.append(handler)
        generations.append(0)
        return (connections.count - 1, 0)
    }

    func unregister(slot: Int) {
        eventLoop.preconditionInEventLoop()
        connectionCount -= 1
        allConnections.value.subtract(1, ordering: .relaxed)
        connections[slot] = nil
        generations[slot] &+= 1
        vacant.append(slot)
    }

    /// This loop's part of the server's figures.
    func addMetrics(to total: inout ServerMetrics) {
        eventLoop.preconditionInEventLoop()
        total.connections.add(metrics)
        total.openConnections += connectionCount
        total.heldCalls += held.count
        for interceptor in interceptors {
            guard let own = (interceptor as? CallMeter)?.metrics else { continue }
            if total.calls == nil { total.calls = own } else { total.calls?.add(own) }
        }
    }

    private func sweep() {
        tick += 1
        for handler in connections { handler?.sweep(tick: tick) }
    }

    // MARK: The end

    /// Streams that are open go on; connections close when their last one ends.
    func leave() {
        eventLoop.preconditionInEventLoop()
        isLeaving = true
        for handler in connections { handler?.leave(.drain) }
    }

    func end() {
        eventLoop.preconditionInEventLoop()
        sweeper?.cancel()
        for handler in connections { handler?.closeNow(.drain) }
        held.cancel()
        dispatcher = nil
        quickPages = nil
    }
}
