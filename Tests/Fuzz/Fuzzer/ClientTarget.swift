import NIOCore
import NIOEmbedded

@testable import RPC

/// Clear text of a hostile server, to a client with a few calls in progress. Every call ends,
/// once.
final class ClientTarget: FuzzTarget {
    private let server: TLSContext
    private let authorities: TLSContext
    private let clients: RPCClientLoop
    private let loop = EmbeddedEventLoop()
    private let wire = UnsafeMutablePointer<ByteBuffer>.allocate(capacity: 1)

    init() throws {
        wire.initialize(to: ByteBuffer())
        let identity = try FuzzIdentity.make()
        defer { FuzzIdentity.remove(identity) }
        server = try .server(identity, clients: .none, place: 0, tickets: TLSTickets())
        authorities = try .client(authorityFile: identity.certificateChainFile)
        loop.advanceTime(to: .now())
        clients = try RPCClientLoop(
            eventLoop: loop,
            endpoint: RPCEndpoint(
                host: "localhost", port: 1, authorityFile: identity.certificateChainFile))
    }

    func run(_ input: FuzzInput) throws {
        weak var left: ClientHandler?
        do {
            let handler = try ClientHandler(
                loop, clients.workshop,
                TLSMachine(
                    client: authorities, name: "localhost", output: clients.workshop.wire),
                silence: .seconds(30))
            left = handler
            try serve(input, handler, RPCConnection(clients, handler))
        }
        loop.run()
        expect(left == nil, "a connection's handler outlived it")
    }

    private func serve(
        _ input: FuzzInput, _ handler: ClientHandler, _ connection: RPCConnection
    ) throws {
        var input = input
        let plan = PiecePlan(&input)
        let channel = EmbeddedChannel(loop: loop)
        try channel.connect(to: SocketAddress(unixDomainSocketPath: "/fuzz")).wait()
        try channel.pipeline.syncOperations.addHandler(handler)
        let peer = try TLSMachine(server: server, maxSteps: 1_000, output: wire)
        try shakeHands(channel, peer)
        expect(connection.isOpen, "no handshake")
        let calls = Calls()
        connection.observer = calls
        calls.start(on: connection)
        plan.cut(input.rest) { piece, happening in
            guard channel.isActive else { return }
            if piece.count > 0 {
                expect(peer.write(piece), "the peer cannot write")
                deliverWire(channel)
            }
            switch happening {
            case 1: channel.isWritable.toggle()
            case 2: connection.cancel(1)
            case 3: calls.start(on: connection)
            default: break
            }
            connection.flush()
            loop.run()
            while (try? channel.readOutbound(as: ByteBuffer.self)) != nil {}
        }
        _ = try? channel.finish(acceptAlreadyClosed: true)
        loop.run()
        calls.check()
    }

    private func shakeHands(_ channel: EmbeddedChannel, _ peer: TLSMachine) throws {
        for _ in 0..<2 {
            while let bytes = try channel.readOutbound(as: ByteBuffer.self) {
                bytes.withUnsafeReadableBytes {
                    peer.offer($0)
                    _ = peer.handshake()
                    peer.withdraw()
                }
            }
            deliverWire(channel)
        }
    }

    private func deliverWire(_ channel: EmbeddedChannel) {
        let bytes = wire.pointee
        wire.pointee.clear()
        _ = try? channel.writeInbound(bytes)
        loop.run()
    }

    /// Who waits for answers.
    private final class Calls: RPCCallObserver {
        private var started = 0
        private var ended: Set<Int> = []

        func start(on connection: RPCConnection) {
            let method = connection.prepare(path: "/f.F/echo")
            for _ in 0..<3 {
                let taken = [UInt8](repeating: 1, count: 100).withUnsafeBytes {
                    connection.start(method, message: $0, tag: started)
                }
                if taken { started += 1 }
            }
            connection.flush()
        }

        func callEnded(_ end: borrowing RPCCallEnd, message: UnsafeRawBufferPointer) {
            expect(end.tag < started, "a call ended that nobody made")
            expect(ended.insert(end.tag).inserted, "a call ended twice")
            expect(end.code == .ok || message.isEmpty, "a failed call has a message")
            _ = end.status
        }

        func check() { expect(ended.count == started, "a call never ended") }
    }

    func seeds() -> [[UInt8]] {
        let ok = [(":status", "200"), ("content-type", "application/grpc")]
        let trailers = [("grpc-status", "0"), ("grpc-message", "a%20b")]
        let details = [("grpc-status", "5"), ("grpc-status-details-bin", "CAUSAWE")]
        func headers(_ stream: UInt8, _ flags: UInt8, _ fields: [(String, String)]) -> [UInt8] {
            Frames.frame(1, flags, stream, Frames.block(fields))
        }
        func answer(_ stream: UInt8) -> [UInt8] {
            headers(stream, 4, ok) + Frames.data(stream, Frames.message("hello"), isLast: false)
                + headers(stream, 5, trailers)
        }
        let bodies: [[UInt8]] = [
            answer(1) + answer(3) + answer(5), headers(1, 5, ok + details),
            headers(1, 4, [(":status", "100")]) + headers(1, 5, [(":status", "503")]),
            headers(1, 4, ok) + Frames.data(1, Frames.message("x", isCompressed: true)),
            Frames.frame(3, 0, 1, [0, 0, 0, 7]) + Frames.frame(7, 0, 0, [0, 0, 0, 1, 0, 0, 0, 0]),
            Frames.frame(4, 0, 0, [0, 3, 0, 0, 0, 1]) + Frames.frame(5, 4, 1, [0, 0, 0, 2]),
            Frames.frame(6, 0, 0, [1, 2, 3, 4, 5, 6, 7, 8]) + Frames.frame(8, 0, 0, [0, 0, 1, 0]),
        ]
        let plans: [[UInt8]] = [PiecePlan.plain, [0x4B, 0x32, 0x59, 0x21, 0x3B, 0, 0, 0]]
        return plans.flatMap { plan in bodies.map { plan + Frames.settings + $0 } }
    }
}
