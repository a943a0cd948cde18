import NIOCore
package import NIOPosix

/// A server that is reached from within the process only, by `RPCClient(inProcess:)`: one loop,
/// with dispatcher, limits and calls as behind a listener, and without pages.
package final class InProcessServer: Sendable {
    package let port: LoopPort

    package init(
        limits: RPCLimits = RPCLimits(), group: MultiThreadedEventLoopGroup = .singleton,
        makeDispatcher: @escaping @Sendable (LoopPort) -> any RPCDispatcher,
        makeInterceptors: @escaping @Sendable (LoopPort) -> [any CallInterceptor] = { _ in [] }
    ) async throws {
        let port = LoopPort(
            eventLoop: group.next(), limits: limits, allConnections: ConnectionCount(),
            pool: WorkPool(limits.slowCalls))
        self.port = port
        try await port.eventLoop.submit { port.begin(makeDispatcher, makeInterceptors) }.get()
    }

    /// Connections end, and calls with them.
    package func shutdown() async {
        let port = port
        try? await port.eventLoop.submit { port.end() }.get()
        await port.pool.shutdown()
    }
}
