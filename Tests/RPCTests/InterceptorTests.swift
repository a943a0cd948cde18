import Logging
import NIOCore
import Synchronization
import Testing

@testable import RPC

private typealias Method = TestDispatcher.Method

/// Keeps the lines.
private struct Lines: LogHandler {
    let lines: LineBox
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.info

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let fields = event.metadata ?? [:]
        lines.all.withLock { $0.append(fields.mapValues { "\($0)" }) }
    }
}

private final class LineBox: Sendable {
    let all = Mutex<[[String: String]]>([])
}

@Suite(.timeLimit(.minutes(1))) struct InterceptorTests {
    private static let methods = Method.allCases.map(\.path)

    private static func ended(
        method: Int32 = 0, status: Int = 0, nanoseconds: Int64 = 0, peer: SocketAddress? = nil,
        _ body: (borrowing EndedCall) -> Void
    ) {
        let stream = StreamReference.allocate(capacity: 1)
        stream.initialize(to: HTTP2Stream())
        stream.pointee.method = method
        stream.pointee.principal = 7
        stream.pointee.status = status
        stream.pointee.bytesIn = 10
        stream.pointee.bytesOut = 20
        let began = NIODeadline.uptimeNanoseconds(1_000_000_000)
        stream.pointee.started = began
        body(EndedCall(stream, now: began + .nanoseconds(nanoseconds), peer: peer))
        stream.deinitialize(count: 1)
        stream.deallocate()
    }

    @Test(arguments: [
        (0, 0), (16_000, 0), (16_001, 1), (32_000, 1), (32_001, 2), (1_000_000, 6),
        (16_777_216_000, 20), (16_777_216_001, 21), (Int64.max, 21),
    ]) func aLatencyFallsIntoItsBucket(nanoseconds: Int64, bucket: Int) {
        var metrics = CallMetrics(methods: Self.methods)
        Self.ended(method: 1, nanoseconds: nanoseconds) { metrics.add($0) }
        let seen = Array(metrics.latencies(method: 1))
        #expect(seen.firstIndex(of: 1) == bucket)
        #expect(seen.reduce(0, +) == 1)
        let seconds = Double(nanoseconds) / 1e9
        #expect(seconds <= CallMetrics.bound(bucket: bucket))
        #expect(bucket == 0 || seconds > CallMetrics.bound(bucket: bucket - 1))
    }

    @Test func countsOfLoopsAddUp() {
        var one = CallMetrics(methods: Self.methods)
        var other = one
        Self.ended(method: 2, status: 0, nanoseconds: 1000) { one.add($0) }
        Self.ended(method: 2, status: 14, nanoseconds: 3000) { other.add($0) }
        Self.ended(method: -1, status: 12) { other.add($0) }
        Self.ended(method: 2, status: -1) { other.add($0) }
        one.add(other)
        #expect(one.count(method: 2, code: .ok) == 1)
        #expect(one.count(method: 2, code: .unavailable) == 1)
        #expect(one.count(method: 2, code: .cancelled) == 1)
        #expect(one.count(method: Self.methods.count, code: .unimplemented) == 1)
        #expect(one.seconds(method: 2) == 4e-6)
        #expect(one.requestBytes == 40)
        #expect(one.responseBytes == 80)
    }

    @Test func theAccessLogIsLimitedByTheSecond() {
        let box = LineBox()
        let logger = Logger(label: "test") { _ in Lines(lines: box) }
        var now = NIODeadline.uptimeNanoseconds(0)
        let log = AccessLog(
            logger, methods: Self.methods, linesPerSecond: 3, now: { now })
        for _ in 0..<1000 { Self.ended(status: 5, nanoseconds: 1_500_000) { log.callEnded($0) } }
        #expect(box.all.withLock { $0.count } == 3)
        now = now + .seconds(1)
        Self.ended { log.callEnded($0) }
        let lines = box.all.withLock { $0 }
        #expect(
            lines[0] == [
                "method": Method.echo.path, "status": "NOT_FOUND", "us": "1500", "in": "10",
                "out": "20", "principal": "7",
            ])
        #expect(lines[3]["left-out"] == "997")
    }

    /// How a table of calls ends is counted as such, over TLS and within the process.
    @Test(arguments: Way.allCases) func callsAreCountedByTheirEnd(way: Way) async throws {
        try await TestServer.with(way: way) { server in
            let client = try server.client()
            for _ in 0..<3 {
                _ = try await client.call(
                    path: Method.echo.path, message: [1, 2], metadata: good())
            }
            for path in [Method.fail.path, "/test.v1.Test/none"] {
                _ = await status { () async throws(RPCStatus) in
                    try await client.call(path: path, message: [], metadata: good())
                }
            }
            let stream = client.stream(path: Method.count.path, metadata: good())
            await stream.send(Array("2".utf8))
            stream.finishSending()
            _ = try await stream.all()
            let dropped = client.stream(path: Method.stall.path, metadata: good())
            await dropped.send([1])
            try await eventually { server.log.received.withLock { $0 } == 1 }
            dropped.cancel()
            try await eventually {
                try await metrics(server).count(
                    method: Method.stall.rawValue, code: .cancelled) == 1
            }
            let calls = try await metrics(server)
            #expect(calls.count(method: Method.echo.rawValue, code: .ok) == 3)
            #expect(calls.count(method: Method.fail.rawValue, code: .aborted) == 1)
            #expect(calls.count(method: Method.count.rawValue, code: .ok) == 1)
            #expect(calls.count(method: Self.methods.count, code: .unimplemented) == 1)
            #expect(calls.requestBytes == 3 * 7 + 2 * 5 + 6 + 6)
            #expect(calls.responseBytes == 3 * 7 + 2 * 10_005)
            #expect(calls.latencies(method: Method.echo.rawValue).reduce(0, +) == 3)
            #expect(calls.seconds(method: Method.echo.rawValue) > 0)
        }
    }

    private func metrics(_ server: TestServer) async throws -> CallMetrics {
        let port = server.ports[0]
        let total = try await port.eventLoop.submit {
            var total = ServerMetrics()
            port.addMetrics(to: &total)
            return total
        }.get()
        return try #require(total.calls)
    }

    @Test func twoLoopsServeAllAtOnceAndTheirFiguresAddUp() async throws {
        try await TestServer.with(loops: 2) { server in
            let clients = try (0..<8).map { _ in try server.client() }
            try await withThrowingTaskGroup { group in
                for index in 0..<800 {
                    let client = clients[index % clients.count]
                    group.addTask {
                        let message = Array("message \(index)".utf8)
                        guard index % 4 == 0 else {
                            let reply = try await client.call(
                                path: Method.echo.path, message: message, metadata: good())
                            #expect(reply == message)
                            return
                        }
                        let stream = client.stream(path: Method.stream.path, metadata: good())
                        for _ in 0..<5 { await stream.send(message) }
                        stream.finishSending()
                        #expect(try await stream.all() == Array(repeating: message, count: 5))
                    }
                }
                try await group.waitForAll()
            }
            try await eventually {
                let calls = await server.server.metrics().calls
                return calls?.count(method: Method.stream.rawValue, code: .ok) == 200
                    && calls?.count(method: Method.echo.rawValue, code: .ok) == 600
            }
            // Both took part.
            for port in server.ports {
                let opened = try await port.eventLoop.submit { port.metrics.opened }.get()
                #expect(opened > 0)
            }
            var page = PrometheusPage()
            page.add(await server.server.metrics())
            let text = page.text
            let line =
                "grpc_server_handled_total{grpc_service=\"test.v1.Test\",grpc_method=\"echo\","
                + "grpc_code=\"OK\"} 600\n"
            #expect(text.contains(line))
            #expect(text.contains("grpc_server_handling_seconds_count{"))
            #expect(text.contains("rpc_connections_opened_total 8\n"))
        }
    }
}
