import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import RPC

/// Keeps a number of calls going on one connection until enough have ended.
// Safety: touched on the connection's loop only, but for the promise's future.
private final class Pipeline: RPCCallObserver, @unchecked Sendable {
    let connection: RPCConnection
    let done: EventLoopPromise<Void>
    var ended = 0
    var codes: [RPCCode: Int] = [:]
    var mismatches = 0
    private let methods: [Int]
    private let total: Int
    private var started: Int

    init(_ connection: RPCConnection, total: Int, started: Int = 0, on loop: any EventLoop) {
        self.started = started
        self.connection = connection
        self.total = total
        done = loop.makePromise()
        let key = [(name: "authorization", value: TestServer.key)]
        methods = [
            connection.prepare(path: TestDispatcher.Method.echo.path, metadata: key),
            connection.prepare(path: TestDispatcher.Method.open.path),
            connection.prepare(path: TestDispatcher.Method.fail.path, metadata: key),
        ]
        connection.observer = self
    }

    func start() {
        guard started < total else { return }
        let tag = started
        started += 1
        let message = withUnsafeBytes(of: tag) { Array($0) }
        let method = methods[tag % methods.count]
        let taken = message.withUnsafeBytes { connection.start(method, message: $0, tag: tag) }
        if !taken { done.fail(RPCStatus(.unavailable, "not taken")) }
    }

    func callEnded(_ end: borrowing RPCCallEnd, message: UnsafeRawBufferPointer) {
        codes[end.code, default: 0] += 1
        if end.code == .ok, message.loadUnaligned(as: Int.self) != end.tag { mismatches += 1 }
        if end.latency.nanoseconds < 0 { mismatches += 1 }
        ended += 1
        if ended == total { done.succeed() } else { start() }
    }
}

@Suite(.timeLimit(.minutes(1))) struct PipelineTests {
    private func connect(_ server: TestServer) throws -> (any EventLoop, RPCClientLoop) {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let endpoint = RPCEndpoint(
            host: "127.0.0.1", port: server.port, serverName: "localhost",
            authorityFile: TestCertificate.identity.certificateChainFile)
        return (loop, try RPCClientLoop(eventLoop: loop, endpoint: endpoint))
    }

    @Test func manyStreamsOfAFewMethods() async throws {
        try await TestServer.with { server in
            let (loop, clients) = try connect(server)
            let connection = try await clients.connect().get()
            let pipeline = try await loop.submit {
                let pipeline = Pipeline(connection, total: 3000, on: loop)
                // More than the server takes at a time: the rest waits its turn.
                for _ in 0..<300 { pipeline.start() }
                connection.flush()
                return pipeline
            }.get()
            try await pipeline.done.futureResult.get()
            let (codes, mismatches) = try await loop.submit {
                connection.close()
                return (pipeline.codes, pipeline.mismatches)
            }.get()
            #expect(codes == [.ok: 2000, .aborted: 1000])
            #expect(mismatches == 0)
            #expect(server.log.authentications.withLock { $0 } == 1)
        }
    }

    @Test func callsEndWhenTheServerGoes() async throws {
        try await TestServer.with { server in
            let (loop, clients) = try connect(server)
            let connection = try await clients.connect().get()
            let pipeline = try await loop.submit {
                let pipeline = Pipeline(connection, total: 10, started: 10, on: loop)
                let hold = connection.prepare(
                    path: TestDispatcher.Method.hold.path,
                    metadata: [("authorization", TestServer.key)])
                for tag in 0..<10 {
                    let nothing = UnsafeRawBufferPointer(start: nil, count: 0)
                    _ = connection.start(hold, message: nothing, tag: tag)
                }
                connection.flush()
                return pipeline
            }.get()
            await server.server.shutdown(grace: .zero)
            try await pipeline.done.futureResult.get()
            let codes = try await loop.submit { pipeline.codes }.get()
            #expect(codes == [.unavailable: 10])
        }
    }
}
