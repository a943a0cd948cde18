package import NIOCore
import NIOPosix

/// What a client's connections on one event loop share. Confined to that loop.
// Safety: the workshop is touched on the loop only; each entry checks it.
package final class RPCClientLoop: @unchecked Sendable {
    package let eventLoop: any EventLoop
    let endpoint: RPCEndpoint
    let tls: TLSContext
    let workshop = HTTP2Workshop()

    package init(eventLoop: any EventLoop, endpoint: RPCEndpoint) throws {
        self.eventLoop = eventLoop
        self.endpoint = endpoint
        tls = try TLSContext.client(authorityFile: endpoint.authorityFile)
    }

    /// Succeeds once calls can be made: after the TLS handshake.
    package func connect(timeout: TimeAmount = .seconds(10)) -> EventLoopFuture<RPCConnection> {
        eventLoop.flatSubmit { [self] in
            do {
                let connection = try RPCConnection(self)
                let bound = NIOLoopBound(connection.handler, eventLoop: eventLoop)
                return ClientBootstrap(group: eventLoop)
                    .connectTimeout(timeout)
                    .channelOption(.tcpOption(.tcp_nodelay), value: 1)
                    .channelInitializer { channel in
                        channel.eventLoop.makeCompletedFuture {
                            try channel.pipeline.syncOperations.addHandler(bound.value)
                        }
                    }
                    .connect(host: endpoint.host, port: endpoint.port)
                    .flatMap { _ in connection.ready(within: timeout) }
                    .map { connection }
            } catch {
                return eventLoop.makeFailedFuture(error)
            }
        }
    }
}

/// Hears how calls end. Called on the connection's loop; may start new calls from within.
package protocol RPCCallObserver: AnyObject {
    /// `message` is valid during the call only, and empty unless the status is ok.
    func callEnded(_ end: borrowing RPCCallEnd, message: UnsafeRawBufferPointer)
}

package struct RPCCallEnd: ~Copyable {
    /// As given to `start`.
    package let tag: Int
    package let code: RPCCode
    package let latency: TimeAmount
    let stream: StreamReference
    let reason: String

    /// With message and details, put together when asked for.
    package var status: RPCStatus {
        let text = stream.pointee.headers.first("grpc-message").map { PercentEncoding.decode($0) }
        let details = stream.pointee.headers.first("grpc-status-details-bin")
            .flatMap { Base64.decode($0) }
        return RPCStatus(code, text ?? reason, details: details ?? [])
    }
}

/// One connection to a server, for many calls at a time: starting one costs no task, no
/// future and no closure. Confined to its loop.
// Safety: everything is touched on the loop only; each entry checks it.
package final class RPCConnection: @unchecked Sendable {
    package weak var observer: (any RPCCallObserver)?
    let handler: ClientHandler
    private let loop: RPCClientLoop
    private var prepared: [PreparedFields] = []

    init(_ loop: RPCClientLoop) throws {
        self.loop = loop
        handler = try ClientHandler(loop)
        handler.calls.connection = self
    }

    func ready(within timeout: TimeAmount) -> EventLoopFuture<Void> { handler.ready(timeout) }

    package var isOpen: Bool { handler.isOpen && !handler.calls.isLeaving }
    package var openCalls: Int { handler.calls.openCalls }

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
        return handler.calls.start(self.prepared[prepared], message, tag) != nil
    }

    /// The stream, for `cancel`.
    func start(
        path: String, metadata: [(name: String, value: String)], timeout: TimeAmount?,
        message: UnsafeRawBufferPointer, tag: Int
    ) -> Int32? {
        guard isOpen else { return nil }
        let fields = fields(path, metadata, timeout: timeout, lasting: false)
        return handler.calls.start(fields, message, tag)
    }

    func cancel(_ stream: Int32) { handler.calls.cancel(stream) }

    /// Writes what was started since.
    package func flush() { handler.send() }

    package func close() {
        loop.eventLoop.preconditionInEventLoop()
        handler.closeNow()
    }

    private func fields(
        _ path: String, _ metadata: [(name: String, value: String)], timeout: TimeAmount?,
        lasting: Bool
    ) -> PreparedFields {
        var all = [
            (":method", "POST"), (":scheme", "https"), (":path", path),
            (":authority", loop.endpoint.authority), ("te", "trailers"),
            ("content-type", "application/grpc"), ("user-agent", "tally-rpc/1"),
        ]
        if let timeout {
            all.append(("grpc-timeout", GRPCTimeout.text(nanoseconds: timeout.nanoseconds)))
        }
        all += metadata.map { ($0.name, $0.value) }
        return PreparedFields(all.map { ($0.0, Array($0.1.utf8)) }, lasting: lasting)
    }
}
