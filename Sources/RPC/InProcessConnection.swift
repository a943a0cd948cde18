import NIOCore

/// Both ends of a connection within one process and on one loop: what one session says is read
/// by the other. No socket and no TLS, and all the rest as over them. Confined to the loop.
final class InProcessConnection: ServerConnection, ClientTransport {
    /// Bytes that one side says before the other one's turn, and turns before the loop's other
    /// work has its own.
    private static let sliceBytes = 64 * 1024
    private static let mostTurns = 16

    let calls: ClientCalls
    private(set) var serverCalls: ServerCalls?
    var isTouched = false
    private let port: LoopPort
    private let dispatcher: any RPCDispatcher
    private let pipe: UnsafeMutablePointer<RawBytes>
    private var slot = 0
    private var isScheduled = false
    private var hasCarried = false

    init(_ port: LoopPort, _ workshop: HTTP2Workshop, peer: PeerCertificate?) throws {
        guard let dispatcher = port.admit() else {
            throw RPCStatus(.unavailable, "the server takes no more connections")
        }
        self.port = port
        self.dispatcher = dispatcher
        calls = ClientCalls(workshop)
        pipe = .allocate(capacity: 1)
        pipe.initialize(to: RawBytes())
        let place = port.register(self)
        slot = place.slot
        serverCalls = ServerCalls(
            port: port, faces: ServedFaces(servesCalls: true, pages: NoPages()), peer: peer,
            address: nil, dispatcher: dispatcher, slot: slot, generation: place.generation)
        send()
    }

    deinit {
        pipe.deinitialize(count: 1)
        pipe.deallocate()
    }

    var isOpen: Bool { serverCalls != nil }

    /// Later, so that nobody is called from within a call of its own.
    func send() {
        guard !isScheduled, isOpen else { return }
        isScheduled = true
        port.eventLoop.assumeIsolated().execute { [self] in
            isScheduled = false
            pump()
        }
    }

    private func pump() {
        for _ in 0..<Self.mostTurns {
            guard let server = serverCalls else { return }
            hasCarried = false
            let isFine = carryToServer(server) && carryToClient(server)
            port.flushTouched()
            guard isFine, !server.session.isOver, !calls.session.isOver else {
                return end(.peer, "the connection was closed")
            }
            guard hasCarried else { return }
        }
        send()
    }

    private func carryToServer(_ server: ServerCalls) -> Bool {
        pipe.pointee.clear()
        guard calls.fill(pipe, limit: Self.sliceBytes) else { return false }
        guard pipe.pointee.count > 0 else { return true }
        hasCarried = true
        let isFine = server.receive(pipe.pointee.bytes)
        dispatcher.burstEnded()
        return isFine
    }

    /// Copied: the loop's output is everybody's, and the client may make others write.
    private func carryToClient(_ server: ServerCalls) -> Bool {
        let output = port.workshop.output
        output.pointee.clear()
        guard server.fill(limit: Self.sliceBytes) else { return false }
        pipe.pointee.clear()
        pipe.pointee.append(output.pointee.bytes)
        guard pipe.pointee.count > 0 else { return true }
        hasCarried = true
        return calls.receive(pipe.pointee.bytes)
    }

    // MARK: The end

    func closeNow() { end(.peer, "the connection was closed") }

    func closeNow(_ reason: ConnectionMetrics.Closing) {
        end(reason, "the connection was closed")
    }

    func leave(_ reason: ConnectionMetrics.Closing) {
        serverCalls?.beginLeaving()
        send()
    }

    func sweep(tick: Int) {
        guard let server = serverCalls else { return }
        server.sweep(tick: tick)
        port.metrics.calls += server.takeRequestCount()
        if server.session.wantsWrite { send() }
    }

    private func end(_ reason: ConnectionMetrics.Closing, _ words: String) {
        guard let ending = serverCalls else { return }
        serverCalls = nil
        port.metrics.calls += ending.takeRequestCount()
        port.metrics.close(reason)
        ending.abandon()
        port.unregister(slot: slot)
        calls.abandon(words)
        calls.connection = nil
    }
}

private struct NoPages: PageHandler {
    func respond(to request: PageRequest) async -> PageResponse { .text(404, "there are no pages") }
}
