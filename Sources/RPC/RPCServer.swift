import Glibc
import NIOCore
import NIOPosix
import Synchronization

/// A listener with its event loops. Each loop has a port and a dispatcher of its own, and
/// a connection stays on the loop that took it.
package final class RPCServer: Sendable {
    private struct Running {
        var group: MultiThreadedEventLoopGroup
        var listener: any Channel
        var ports: [LoopPort]
    }

    private let configuration: RPCConfiguration
    private let makeDispatcher: @Sendable (LoopPort) -> any RPCDispatcher
    private let makeInterceptors: @Sendable (LoopPort) -> [any CallInterceptor]
    private let pages: any PageHandler
    private let running = Mutex<Running?>(nil)

    package init(
        configuration: RPCConfiguration,
        makeDispatcher: @escaping @Sendable (LoopPort) -> any RPCDispatcher,
        makeInterceptors: @escaping @Sendable (LoopPort) -> [any CallInterceptor] = { _ in [] },
        pages: any PageHandler
    ) {
        self.makeInterceptors = makeInterceptors
        self.configuration = configuration
        self.makeDispatcher = makeDispatcher
        self.pages = pages
    }

    /// The loops' ports, while the server runs.
    package var ports: [LoopPort] { running.withLock { $0?.ports ?? [] } }

    /// Listens, and tells on which port.
    package func start() async throws -> Int {
        // A peer that went away must not end the process.
        signal(SIGPIPE, SIG_IGN)
        let tls = try TLSContext.server(configuration.identity)
        let group = MultiThreadedEventLoopGroup(numberOfThreads: configuration.eventLoops)
        do {
            let ports = try await makePorts(group, tls)
            let listener = try await listen(group, ports)
            running.withLock { $0 = Running(group: group, listener: listener, ports: ports) }
            return listener.localAddress?.port ?? configuration.port
        } catch {
            try? await group.shutdownGracefully()
            throw error
        }
    }

    private func makePorts(
        _ group: MultiThreadedEventLoopGroup, _ tls: TLSContext
    ) async throws -> [LoopPort] {
        var ports: [LoopPort] = []
        let all = ConnectionCount()
        for loop in group.makeIterator() {
            let port = LoopPort(
                eventLoop: loop, limits: configuration.limits, tls: tls, pages: pages,
                allConnections: all)
            let (make, interceptors) = (makeDispatcher, makeInterceptors)
            try await loop.submit { port.begin(make, interceptors) }.get()
            ports.append(port)
        }
        return ports
    }

    private func listen(
        _ group: MultiThreadedEventLoopGroup, _ ports: [LoopPort]
    ) async throws -> any Channel {
        let byLoop = Dictionary(
            uniqueKeysWithValues: ports.map { (ObjectIdentifier($0.eventLoop), $0) })
        return try await ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    guard let port = byLoop[ObjectIdentifier(channel.eventLoop)],
                        let dispatcher = port.admit()
                    else { throw ChannelError.connectPending }
                    try channel.pipeline.syncOperations.addHandler(
                        ConnectionHandler(port: port, dispatcher: dispatcher))
                }
            }
            .bind(host: configuration.host, port: configuration.port)
            .get()
    }

    /// Of all loops together; empty when the server doesn't run.
    package func metrics() async -> ServerMetrics {
        var total = ServerMetrics()
        for port in ports {
            let before = total
            let after = try? await port.eventLoop.submit {
                var sum = before
                port.addMetrics(to: &sum)
                return sum
            }.get()
            total = after ?? before
        }
        return total
    }

    /// No new connections or calls; those in progress may end within `grace`. Returns when all
    /// loops have stopped.
    package func shutdown(grace: Duration) async {
        guard let running = running.withLock({ $0.take() }) else { return }
        try? await running.listener.close().get()
        for port in running.ports { port.eventLoop.execute { port.leave() } }
        let clock = ContinuousClock()
        let end = clock.now + grace
        while clock.now < end, await connections(running.ports) > 0 {
            try? await clock.sleep(for: .milliseconds(10))
        }
        for port in running.ports { try? await port.eventLoop.submit { port.end() }.get() }
        try? await running.group.shutdownGracefully()
    }

    private func connections(_ ports: [LoopPort]) async -> Int {
        var count = 0
        for port in ports {
            count += (try? await port.eventLoop.submit { port.connectionCount }.get()) ?? 0
        }
        return count
    }
}
