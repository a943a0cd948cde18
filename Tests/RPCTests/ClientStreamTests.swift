import Synchronization
import Testing

@testable import RPC

private typealias Method = TestDispatcher.Method

/// Waits until it holds; the suites' time limit is the patience.
func eventually(_ holds: () async throws -> Bool) async throws {
    while !(try await holds()) { try await Task.sleep(for: .milliseconds(2)) }
}

extension RPCStream {
    func all() async throws -> [[UInt8]] {
        var messages: [[UInt8]] = []
        while let message = try await next() { messages.append(message) }
        return messages
    }

    func failure() async -> RPCStatus? {
        do {
            while try await next() != nil {}
            return nil
        } catch {
            return error
        }
    }
}

@Suite(.timeLimit(.minutes(1))) struct ClientStreamTests {
    @Test(arguments: Way.allCases) func bothWaysInOrderWithMetadata(way: Way) async throws {
        try await TestServer.with(way: way) { server in
            let client = try server.client()
            let stream = client.stream(
                path: Method.stream.path,
                metadata: good([("x-echo-bin", "AQL/"), ("x-echo-initial", "hello")]))
            let messages = (0..<500).map { [UInt8](repeating: UInt8($0 % 251), count: 2 + 7 * $0) }
            let sender = Task {
                for message in messages { await stream.send(message) }
                stream.finishSending()
            }
            #expect(try await stream.all() == messages)
            await sender.value
            #expect(stream.initialMetadata["x-echo-initial"] == [Array("hello".utf8)])
            #expect(stream.trailingMetadata["x-echo-bin"] == [[1, 2, 255]])
        }
    }

    @Test(arguments: Way.allCases) func aDialogue(way: Way) async throws {
        try await TestServer.with(way: way) { server in
            let client = try server.client()
            let stream = client.stream(path: Method.stream.path, metadata: good())
            for round in 0..<50 {
                let message = Array("round \(round)".utf8)
                #expect(await stream.send(message))
                #expect(try await stream.next() == message)
            }
            stream.finishSending()
            #expect(try await stream.next() == nil)
            #expect(await stream.send([1]) == false)
        }
    }

    @Test(arguments: Way.allCases) func oneWayEach(way: Way) async throws {
        try await TestServer.with(way: way) { server in
            let client = try server.client()
            let up = client.stream(path: Method.collect.path, metadata: good())
            for _ in 0..<300 { await up.send([UInt8](repeating: 1, count: 10_000)) }
            up.finishSending()
            #expect(try await up.all() == [Array("3000000".utf8)])
            let down = client.stream(path: Method.count.path, metadata: good())
            await down.send(Array("300".utf8))
            down.finishSending()
            #expect(try await down.all().count == 300)
        }
    }

    @Test(arguments: Way.allCases) func aSlowReaderHoldsTheServerBack(way: Way) async throws {
        try await TestServer.with(way: way) { server in
            let client = try server.client()
            let stream = client.stream(path: Method.count.path, metadata: good())
            await stream.send(Array("2000".utf8))
            stream.finishSending()
            #expect(try await stream.next() != nil)
            // Two windows' worth at most: the stream's, and the queues at both ends.
            try await eventually { server.log.sent.withLock { $0 } > 50 }
            try await Task.sleep(for: .milliseconds(200))
            let sent = server.log.sent.withLock { $0 } * CountHandler.messageBytes
            #expect(sent < 1_500_000)
            // Another call on the same connection isn't held back.
            #expect(try await client.call(path: Method.open.path, message: [1]) == [1])
            #expect(try await stream.all().count == 1999)
        }
    }

    @Test(arguments: Way.allCases) func aSlowServerHoldsTheWriterBack(way: Way) async throws {
        try await TestServer.with(way: way) { server in
            let client = try server.client()
            let stream = client.stream(path: Method.stall.path, metadata: good())
            let taken = Mutex(0)
            let sender = Task {
                let message = [UInt8](repeating: 1, count: 10_000)
                while await stream.send(message) { taken.withLock { $0 += 1 } }
            }
            try await eventually { taken.withLock { $0 } > 20 }
            try await Task.sleep(for: .milliseconds(200))
            // The server's window for the stream, and the queues at both ends.
            #expect(taken.withLock { $0 } * 10_000 < 700_000)
            #expect(server.log.received.withLock { $0 } == 1)
            stream.cancel()
            await sender.value
            try await eventually { server.log.cancelled.withLock { $0 } == [.cancelled] }
        }
    }

    @Test(arguments: Way.allCases) func theServerEndsAHandlerAtItsDeadline(way: Way) async throws {
        try await TestServer.with(way: way) { server in
            let client = try server.client()
            // Told to the server only: this side has no timer.
            let stream = client.stream(
                path: Method.stream.path, metadata: good([("grpc-timeout", "50m")]))
            await stream.send([1, 2])
            #expect(try await stream.next() == [1, 2])
            #expect(await stream.failure()?.code == .deadlineExceeded)
            #expect(server.log.cancelled.withLock { $0 } == [.deadlineExceeded])
            #expect(try await server.heldCalls() == 0)
        }
    }

    @Test(arguments: Way.allCases) func theClientKeepsItsDeadlineItself(way: Way) async throws {
        try await TestServer.with(way: way) { server in
            let client = try server.client()
            // Connected, so that the deadline is the call's alone.
            #expect(try await client.call(path: Method.open.path, message: [1]) == [1])
            let stream = client.stream(
                path: Method.stall.path, metadata: good(), deadline: .milliseconds(300))
            #expect(await stream.failure()?.code == .deadlineExceeded)
            try await eventually { server.log.cancelled.withLock { $0.count } == 1 }
        }
    }

    @Test(arguments: Way.allCases) func cancelsReachTheHandler(way: Way) async throws {
        try await TestServer.with(way: way) { server in
            let client = try server.client()
            func open() async throws -> RPCStream {
                let stream = client.stream(path: Method.stream.path, metadata: good())
                await stream.send([1, 2])
                #expect(try await stream.next() == [1, 2])
                return stream
            }
            let cancelled = try await open()
            cancelled.cancel()
            #expect(await cancelled.failure()?.code == .cancelled)
            let task = Task { [stream = try await open()] in await stream.failure() }
            task.cancel()
            #expect(await task.value?.code == .cancelled)
            _ = try await open()  // and dropped
            try await eventually { server.log.cancelled.withLock { $0.count } == 3 }
            #expect(server.log.cancelled.withLock { $0 } == [.cancelled, .cancelled, .cancelled])
            try await eventually { try await server.heldCalls() == 0 }
        }
    }

    @Test(arguments: Way.allCases) func refusalsEndTheStream(way: Way) async throws {
        try await TestServer.with(way: way) { server in
            let client = try server.client()
            let table: [(String, [(name: String, value: String)], RPCCode)] = [
                ("/test.v1.Test/none", good(), .unimplemented),
                (Method.stream.path, [], .unauthenticated),
                (Method.fail.path, good(), .aborted),
            ]
            for (path, metadata, code) in table {
                let stream = client.stream(path: path, metadata: metadata)
                await stream.send([])
                stream.finishSending()
                #expect(await stream.failure()?.code == code, "\(path)")
            }
        }
    }

    @Test(arguments: Way.allCases) func aLostConnectionEndsTheStreams(way: Way) async throws {
        try await TestServer.with(way: way) { server in
            let client = try server.client()
            let stream = client.stream(path: Method.stream.path, metadata: good())
            await stream.send([1, 2])
            #expect(try await stream.next() == [1, 2])
            await client.close()
            #expect(await stream.failure()?.code == .unavailable)
            try await eventually { server.log.cancelled.withLock { $0.count } == 1 }
        }
    }
}
