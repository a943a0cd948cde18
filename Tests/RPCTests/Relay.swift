import NIOCore
import NIOPosix
import Synchronization

/// Passes on the bytes between clients and a server until the line is cut: the connections stay,
/// and nothing comes any more, as when a machine loses its power.
final class Relay: Sendable {
    let port: Int
    private let listener: any Channel
    private let line = Line()

    final class Line: Sendable {
        let isCut = Atomic<Bool>(false)
        /// Bytes that went towards clients, and towards the server.
        let passed = Atomic<Int>(0)
    }

    init(to server: Int) async throws {
        let line = line
        listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelOption(.autoRead, value: false)
            .childChannelInitializer { client in
                ClientBootstrap(group: client.eventLoop)
                    .channelInitializer { server in
                        server.eventLoop.makeCompletedFuture {
                            try server.pipeline.syncOperations.addHandler(Passing(client, line))
                        }
                    }
                    .connect(host: "127.0.0.1", port: server)
                    .flatMapThrowing { server in
                        try client.pipeline.syncOperations.addHandler(Passing(server, line))
                    }
                    .flatMap { client.setOption(.autoRead, value: true) }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        port = listener.localAddress?.port ?? 0
    }

    func cut() { line.isCut.store(true, ordering: .relaxed) }

    var passedBytes: Int { line.passed.load(ordering: .relaxed) }

    func close() async { try? await listener.close() }

    private final class Passing: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        private let other: any Channel
        private let line: Line

        init(_ other: any Channel, _ line: Line) {
            self.other = other
            self.line = line
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            guard !line.isCut.load(ordering: .relaxed) else { return }
            let bytes = unwrapInboundIn(data)
            line.passed.add(bytes.readableBytes, ordering: .relaxed)
            other.writeAndFlush(bytes, promise: nil)
        }

        func channelInactive(context: ChannelHandlerContext) { other.close(promise: nil) }
    }
}
