import Glibc
import NIOCore
import NIOPosix
import Synchronization

/// Listeners with the event loops they share. Each loop has a port and a dispatcher of its own, and
/// a connection stays on the loop that took it.
package final class RPCServer: Sendable {
    private struct Running {
        var group: MultiThreadedEventLoopGroup
        var listeners: [ServedListener]
        var channels: [any Channel]
        var ports: [LoopPort]
        var pool: WorkPool
    }

    private let configuration: RPCConfiguration
    private let makeDispatcher: @Sendable (LoopPort) -> any RPCDispatcher
    private let makeInterceptors: @Sendable (LoopPort) -> [any CallInterceptor]
    private let makeQuickPages: @Sendable (LoopPort) -> (any QuickPages)?
    private let running = Mutex<Running?>(nil)

    package init(
        configuration: RPCConfiguration,
        makeDispatcher: @escaping @Sendable (LoopPort) -> any RPCDispatcher,
        makeInterceptors: @escaping @Sendable (LoopPort) -> [any CallInterceptor] = { _ in [] },
        makeQuickPages: @escaping @Sendable (LoopPort) -> (any QuickPages)? = { _ in nil }
    ) {
        self.makeQuickPages = makeQuickPages
        self.makeInterceptors = makeInterceptors
        self.configuration = configuration
        self.makeDispatcher = makeDispatcher
    }

    /// The loops' ports, while the server runs.
    package var ports: [LoopPort] { running.withLock { $0?.ports ?? [] } }

    /// Listens, and tells on which port each listener does.
    package func start() async throws -> [Int] {
        // A peer that went away must not end the process.
        signal(SIGPIPE, SIG_IGN)
        let tickets = TLSTickets()
        let listeners = try configuration.listeners.enumerated().map { place, settings in
            try ServedListener(settings, place: place, tickets: tickets)
        }
        let group = MultiThreadedEventLoopGroup(numberOfThreads: configuration.eventLoops)
        let pool = WorkPool(configuration.limits.slowCalls)
        var channels: [any Channel] = []
        do {
            let ports = try await makePorts(group, pool)
            for listener in listeners {
                channels.append(try await listen(listener, group, ports))
            }
            let made = Running(
                group: group, listeners: listeners, channels: channels, ports: ports,
                pool: pool)
            running.withLock { $0 = made }
            return channels.map { $0.localAddress?.port ?? 0 }
        } catch {
            for channel in channels { try? await channel.close().get() }
            try? await group.shutdownGracefully()
            throw error
        }
    }

    private func makePorts(
        _ group: MultiThreadedEventLoopGroup, _ pool: WorkPool
    ) async throws -> [LoopPort] {
        var ports: [LoopPort] = []
        let all = ConnectionCount()
        for loop in group.makeIterator() {
            let port = LoopPort(
                eventLoop: loop, limits: configuration.limits, allConnections: all, pool: pool)
            let (make, interceptors) = (makeDispatcher, makeInterceptors)
            let quick = makeQuickPages
            try await loop.submit { port.begin(make, interceptors, quick) }.get()
            ports.append(port)
        }
        return ports
    }

    private func listen(
        _ listener: ServedListener, _ group: MultiThreadedEventLoopGroup, _ ports: [LoopPort]
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
                    let handler = try ConnectionHandler(
                        port: port, listener: listener, dispatcher: dispatcher)
                    try channel.pipeline.syncOperations.addHandler(handler)
                }
            }
            .bind(host: listener.settings.host, port: listener.settings.port)
            .get()
    }

    /// What a look at a listener's certificate files came to.
    package struct Reload: Sendable {
        /// The listener's place in the configuration.
        package let listener: Int
        /// Why the new files were refused: those in use go on. nil: new connections use them.
        package let fault: TLSFault?
    }

    /// To be called about once a second: looks whether certificates, keys or clients' authorities
    /// changed, and takes those that did and have rested since the last look. When forced: all.
    package func reloadCertificates(force: Bool = false) -> [Reload] {
        let listeners = running.withLock { $0?.listeners ?? [] }
        return listeners.enumerated().compactMap { place, listener in
            switch listener.reload(force: force) {
            case nil: nil
            case .success: Reload(listener: place, fault: nil)
            case .failure(let fault): Reload(listener: place, fault: fault)
            }
        }
    }

    /// Of all loops together; empty when the server doesn't run.
    package func metrics() async -> ServerMetrics {
        var total = ServerMetrics()
        total.slowCalls = running.withLock { $0?.pool.metrics } ?? WorkMetrics()
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
        for channel in running.channels { try? await channel.close().get() }
        for port in running.ports { port.eventLoop.execute { port.leave() } }
        let clock = ContinuousClock()
        let end = clock.now + grace
        while clock.now < end, await connections(running.ports) > 0 {
            try? await clock.sleep(for: .milliseconds(10))
        }
        for port in running.ports { try? await port.eventLoop.submit { port.end() }.get() }
        // Its calls are over by now; what it runs sees that, and comes back to a loop.
        await running.pool.shutdown()
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
