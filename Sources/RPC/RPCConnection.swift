package import NIOCore
import NIOPosix

/// What a client's connections on one event loop share. Confined to that loop.
// Safety: the workshop is touched on the loop only; each entry checks it.
package final class RPCClientLoop: @unchecked Sendable {
    private enum Way {
        case network(RPCEndpoint, TLSContext)
        case inProcess(LoopPort, PeerCertificate?)
    }

    package let eventLoop: any EventLoop
    let workshop = HTTP2Workshop()
    let authority: String
    private let way: Way

    package init(eventLoop: any EventLoop, endpoint: RPCEndpoint) throws {
        self.eventLoop = eventLoop
        authority = endpoint.authority
        way = .network(endpoint, try TLSContext.client(authorityFile: endpoint.authorityFile))
    }

    /// To a loop of a server within this process: neither sockets nor TLS. `peer`: whose
    /// certificate the server is to see.
    package init(inProcess port: LoopPort, peer: PeerCertificate? = nil) {
        eventLoop = port.eventLoop
        authority = "localhost"
        way = .inProcess(port, peer)
    }

    /// The server keeps deadlines by the same clock, and tells.
    var isInProcess: Bool {
        if case .inProcess = way { true } else { false }
    }

    /// Succeeds once calls can be made: after the TLS handshake.
    package func connect(timeout: TimeAmount = .seconds(10)) -> EventLoopFuture<RPCConnection> {
        eventLoop.flatSubmit { [self] in
            do {
                switch way {
                case .network(let endpoint, let tls): return try dial(endpoint, tls, timeout)
                case .inProcess(let port, let peer):
                    let ends = try InProcessConnection(port, workshop, peer: peer)
                    return eventLoop.makeSucceededFuture(RPCConnection(self, ends))
                }
            } catch {
                return eventLoop.makeFailedFuture(error)
            }
        }
    }

    private func dial(
        _ endpoint: RPCEndpoint, _ tls: TLSContext, _ timeout: TimeAmount
    ) throws -> EventLoopFuture<RPCConnection> {
        let handler = try ClientHandler(
            eventLoop, workshop,
            TLSMachine(
                client: tls, name: endpoint.serverName, output: workshop.wire),
            silence: endpoint.silence)
        let connection = RPCConnection(self, handler)
        let bound = NIOLoopBound(handler, eventLoop: eventLoop)
        return ClientBootstrap(group: eventLoop)
            .connectTimeout(timeout)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(bound.value)
                }
            }
            .connect(host: endpoint.host, port: endpoint.port)
            .flatMap { _ in bound.value.ready(timeout) }
            .map { connection }
    }
}

/// What carries a client's connection. Confined to its loop.
protocol ClientTransport: AnyObject {
    var calls: ClientCalls { get }
    var isOpen: Bool { get }
    /// Everything there is to send now.
    func send()
    func closeNow()
}

/// Hears how calls end. Called on the connection's loop; may start new calls from within.
package protocol RPCCallObserver: AnyObject {
    /// `message` is valid during the call only, and empty unless the status is ok.
    func callEnded(_ end: borrowing RPCCallEnd, message: UnsafeRawBufferPointer)
}

/// One connection to a server, for many calls at a time: starting one costs no task, no
/// future and no closure. Confined to its loop.
// Safety: everything is touched on the loop only; each entry checks it.
package final class RPCConnection: @unchecked Sendable {
    package weak var observer: (any RPCCallObserver)?
    private let transport: any ClientTransport
    private let calls: ClientCalls
    private let loop: RPCClientLoop
    private var prepared: [PreparedFields] = []

    init(_ loop: RPCClientLoop, _ transport: any ClientTransport) {
        self.loop = loop
        self.transport = transport
        calls = transport.calls
        calls.connection = self
    }

    package var isOpen: Bool { transport.isOpen && !calls.isLeaving }
    package var openCalls: Int { calls.openCalls }

    /// The header of calls that are made often. What comes back is for `start`, and good as long
    /// as the connection.
    package func prepare(path: String, metadata: [(name: String, value: String)] = []) -> Int {
        loop.eventLoop.preconditionInEventLoop()
        prepared.append(fields(path, metadata, timeout: nil, lasting: true))
        return prepared.count - 1
    }

    /// Nothing is sent before `flush` or the end of the burst being read. False: the connection
    /// takes no more calls.
    package func start(_ prepared: Int, message: UnsafeRawBufferPointer, tag: Int) -> Bool {
        loop.eventLoop.preconditionInEventLoop()
        guard isOpen else { return false }
        return calls.start(self.prepared[prepared], message, tag) != nil
    }

    /// The stream, for `cancel`.
    func start(
        path: String, metadata: [(name: String, value: String)], timeout: TimeAmount?,
        message: UnsafeRawBufferPointer, tag: Int
    ) -> Int32? {
        guard isOpen else { return nil }
        let fields = fields(path, metadata, timeout: timeout, lasting: false)
        return calls.start(fields, message, tag)
    }

    func cancel(_ stream: Int32) { calls.cancel(stream) }

    /// A streaming call; nil: the connection takes no more calls.
    func open(
        path: String, metadata: [(name: String, value: String)], timeout: TimeAmount?,
        _ reader: any ClientStreamHandler
    ) -> ClientStream? {
        guard isOpen else { return nil }
        return calls.open(
            fields(path, metadata, timeout: timeout, lasting: false), reader, 0)
    }

    /// Writes what was started since.
    package func flush() { transport.send() }

    package func close() {
        loop.eventLoop.preconditionInEventLoop()
        transport.closeNow()
    }

    private func fields(
        _ path: String, _ metadata: [(name: String, value: String)], timeout: TimeAmount?,
        lasting: Bool
    ) -> PreparedFields {
        var all = [
            (":method", "POST"), (":scheme", "https"), (":path", path),
            (":authority", loop.authority), ("te", "trailers"),
            ("content-type", "application/grpc"), ("user-agent", "tally-rpc/1"),
        ]
        if let timeout {
            all.append(("grpc-timeout", GRPCTimeout.text(nanoseconds: timeout.nanoseconds)))
        }
        all += metadata.map { ($0.name, $0.value) }
        return PreparedFields(all.map { ($0.0, Array($0.1.utf8)) }, lasting: lasting)
    }
}
