import NIOCore
import NIOEmbedded

@testable import RPC

/// One event loop of a server without sockets. It serves one connection after the other, and
/// after each must be as it was before.
final class ServerBench {
    let dispatcher: FuzzDispatcher
    let port: LoopPort
    private let listener: ServedListener
    private let loop = EmbeddedEventLoop()
    private let clients: [TLSContext]
    private let wire = UnsafeMutablePointer<ByteBuffer>.allocate(capacity: 1)

    init() throws {
        wire.initialize(to: ByteBuffer())
        let identity = try FuzzIdentity.make()
        defer { FuzzIdentity.remove(identity) }
        clients = try [ALPN.h2, ALPN.http1].map {
            try TLSContext.client(authorityFile: identity.certificateChainFile, protocols: $0)
        }
        loop.advanceTime(to: .now())
        listener = try ServedListener(
            RPCListener(port: 0, identity: identity, pages: FuzzPages()), place: 0,
            tickets: TLSTickets())
        port = LoopPort(
            eventLoop: loop, limits: Self.limits, allConnections: ConnectionCount(),
            pool: WorkPool())
        let dispatcher = FuzzDispatcher(port)
        self.dispatcher = dispatcher
        port.begin({ _ in dispatcher }, { _ in [] })
    }

    /// So low that short inputs reach them.
    private static var limits: RPCLimits {
        var limits = RPCLimits()
        limits.maxHeaderListBytes = 4096
        limits.maxMessageBytes = 8192
        limits.maxPageBodyBytes = 2048
        limits.maxCollectedBytesPerConnection = 16_384
        limits.maxConcurrentStreams = 16
        limits.maxHeldCalls = 8
        limits.maxPagesInProgress = 4
        limits.keepaliveSeconds = 3
        limits.requestTimeoutSeconds = 4
        limits.responseTimeoutSeconds = 4
        return limits
    }

    /// A connection for the length of `body`; then checks that nothing of it is left.
    func connect(
        protocols: Int? = nil, _ body: (Connection) throws -> Void
    ) throws {
        weak var left: ConnectionHandler?
        do {
            let connection = try Connection(self, protocols.map { clients[$0] })
            left = connection.handler
            try body(connection)
            connection.end()
        }
        loop.run()
        expect(left == nil, "a connection's handler outlived it")
        expect(port.connectionCount == 0, "the loop counts a connection that is gone")
        expect(port.heldCalls == 0, "\(port.heldCalls) calls are held for nobody")
        expect(port.pagesInProgress == 0, "a page is in progress for nobody")
        expect(port.workshop.wire.pointee.readableBytes == 0, "bytes wait for the next connection")
        dispatcher.checkIsIdle()
    }

    /// Both ends: NIO's channel with the server's handler, and the peer's TLS.
    final class Connection {
        let handler: ConnectionHandler
        private let bench: ServerBench
        private let channel: EmbeddedChannel
        private let peer: TLSMachine?
        private var tick = 0

        init(_ bench: ServerBench, _ context: TLSContext?) throws {
            self.bench = bench
            channel = EmbeddedChannel(loop: bench.loop)
            try channel.connect(to: SocketAddress(unixDomainSocketPath: "/fuzz")).wait()
            handler = try ConnectionHandler(
                port: bench.port, listener: bench.listener, dispatcher: bench.dispatcher)
            try channel.pipeline.syncOperations.addHandler(handler)
            peer = try context.map {
                try TLSMachine(client: $0, name: "localhost", output: bench.wire)
            }
            try shakeHands()
        }

        private func shakeHands() throws {
            guard let peer else { return }
            _ = peer.handshake()
            deliverWire()
            while let bytes = try channel.readOutbound(as: ByteBuffer.self) {
                bytes.withUnsafeReadableBytes {
                    peer.offer($0)
                    _ = peer.handshake()
                    peer.withdraw()
                }
            }
            deliverWire()
            expect(handler.stage == .http2 || handler.stage == .http1, "no handshake")
        }

        private func deliverWire() {
            let bytes = bench.wire.pointee
            bench.wire.pointee.clear()
            deliver(bytes)
        }

        /// As it comes from the socket.
        func deliver(_ bytes: ByteBuffer) {
            guard channel.isActive else { return }
            _ = try? channel.writeInbound(bytes)
            bench.loop.run()
        }

        /// As the peer says it, encrypted.
        func say(_ clear: UnsafeRawBufferPointer) {
            guard let peer, channel.isActive, clear.count > 0 else { return }
            expect(peer.write(clear), "the peer cannot write")
            deliverWire()
        }

        func happen(_ what: UInt8) {
            switch what {
            case 1: bench.dispatcher.finishHeld()
            case 2: PendingTasks.run()
            case 3:
                tick += 1
                handler.sweep(tick: tick)
            case 4:
                channel.isWritable.toggle()
                channel.pipeline.fireChannelWritabilityChanged()
            case 5: bench.dispatcher.resumeHandlers()
            case 6: bench.loop.advanceTime(to: max(bench.loop.now, .now()))
            case 7 where tick == 0: bench.dispatcher.authenticationEpoch += 1
            case 7: handler.leave(.drain)
            default: break
            }
            bench.loop.run()
            while (try? channel.readOutbound(as: ByteBuffer.self)) != nil {}
        }

        func end() {
            channel.isWritable = true
            channel.pipeline.fireChannelWritabilityChanged()
            for what in [2, 5, 1, 2, 5] as [UInt8] { happen(what) }
            _ = try? channel.finish(acceptAlreadyClosed: true)
            bench.loop.run()
            PendingTasks.run()
            bench.loop.run()
        }
    }
}
