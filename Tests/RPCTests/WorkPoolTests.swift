import Synchronization
import Testing

@testable import RPC

private typealias Method = TestDispatcher.Method

/// Where nothing else is said: one thread, four places to wait, three calls of a principal.
@Suite(.timeLimit(.minutes(1))) struct WorkPoolTests {
    private func call(_ client: RPCClient, _ deadline: Duration? = nil) -> Task<[UInt8], any Error>
    {
        Task {
            try await client.call(
                path: Method.slow.path, message: [], metadata: good(), deadline: deadline)
        }
    }

    private func begun(_ server: TestServer) -> Int { server.log.gate.begun.withLock { $0 } }

    @Test(arguments: Way.allCases) func slowCallsLeaveTheLoop(way: Way) async throws {
        try await TestServer.with(limits: .slow(), way: way) { server in
            let client = try server.client()
            let slow = call(client)
            try await eventually { begun(server) == 1 }
            #expect(try await client.call(path: Method.open.path, message: [1]) == [1])
            server.log.gate.open()
            #expect(try await slow.value == Array("done".utf8))
        }
    }

    @Test func aKeyHasOnlySoManyAndThenRoomAgain() async throws {
        try await TestServer.with(limits: .slow(), way: .inProcess) { server in
            let client = try server.client()
            let calls = (0..<3).map { _ in call(client) }
            try await eventually { try await server.heldCalls() == 3 }
            let refused = await status { () async throws(RPCStatus) in
                try await client.call(path: Method.slow.path, message: [], metadata: good())
            }
            #expect(refused?.message == "principal")
            server.log.gate.open()
            for call in calls { #expect(try await call.value == Array("done".utf8)) }
            #expect(try await call(client).value == Array("done".utf8))
        }
    }

    @Test(arguments: Way.allCases) func aFullPoolRefusesAndNobodyElseNotices(
        way: Way
    ) async throws {
        let limits = RPCLimits.slow(waiting: 2, perPrincipal: 100)
        try await TestServer.with(limits: limits, way: way) { server in
            let client = try server.client()
            let first = call(client)
            try await eventually { begun(server) == 1 }
            let waiting = (0..<2).map { _ in call(client) }
            try await eventually { server.ports[0].pool.metrics.waiting == 2 }
            for _ in 0..<50 {
                let refused = await status { () async throws(RPCStatus) in
                    try await client.call(path: Method.slow.path, message: [], metadata: good())
                }
                #expect(refused?.message == "queue")
                let reply = try await client.call(
                    path: Method.echo.path, message: [1], metadata: good(),
                    deadline: .seconds(10))
                #expect(reply == [1])
            }
            let metrics = server.ports[0].pool.metrics
            #expect(metrics.refused(.queue) == 50 && metrics.running == 1)
            server.log.gate.open()
            for call in waiting + [first] { #expect(try await call.value == Array("done".utf8)) }
            try await eventually { server.ports[0].pool.metrics.running == 0 }
        }
    }

    @Test func whoIsGoneLeavesRoom() async throws {
        try await TestServer.with(limits: .slow(waiting: 1), way: .inProcess) { server in
            let client = try server.client()
            let first = call(client)
            try await eventually { begun(server) == 1 }
            let cancelled = call(client)
            try await eventually { server.ports[0].pool.metrics.waiting == 1 }
            cancelled.cancel()
            await #expect(throws: RPCStatus.self) { try await cancelled.value }
            let next = call(client)
            try await eventually { server.ports[0].pool.metrics.dropped == 1 }
            server.log.gate.open()
            #expect(try await first.value == Array("done".utf8))
            #expect(try await next.value == Array("done".utf8))
        }
    }

    @Test func aServerThatStopsWaitsForWhatRunsAndBeginsNothing() async throws {
        let log = TestLog()
        try await TestServer.with(limits: .slow(), way: .inProcess, log: log) { server in
            let client = try server.client()
            let calls = (0..<2).map { _ in call(client) }
            try await eventually { server.ports[0].pool.metrics.waiting == 1 }
            let stopping = Task { await server.ports[0].pool.shutdown() }
            for call in calls.suffix(1) {
                let status = await #expect(throws: RPCStatus.self) { try await call.value }
                #expect(status?.code == .unavailable)
            }
            let refused = await status { () async throws(RPCStatus) in
                try await client.call(path: Method.slow.path, message: [], metadata: good())
            }
            #expect(refused?.message == "stopping")
            log.gate.open()
            #expect(try await calls[0].value == Array("done".utf8))
            await stopping.value
            #expect(begun(server) == 1)
        }
    }

    @Test(arguments: Way.allCases) func whoIsGoneBeforeItsTurnIsNotServed(way: Way) async throws {
        try await TestServer.with(limits: .slow(), way: way) { server in
            let client = try server.client()
            let first = call(client)
            try await eventually { begun(server) == 1 }
            let cancelled = call(client)
            try await eventually { try await server.heldCalls() == 2 }
            cancelled.cancel()
            await #expect(throws: RPCStatus.self) { try await cancelled.value }
            let late = call(client, .milliseconds(500))
            await #expect(throws: RPCStatus.self) { try await late.value }
            try await eventually { try await server.heldCalls() == 1 }
            server.log.gate.open()
            #expect(try await first.value == Array("done".utf8))
            #expect(try await call(client).value == Array("done".utf8))
            #expect(begun(server) == 2)
        }
    }

    @Test func theConnectionsEndIsEverybodysEnd() async throws {
        try await TestServer.with(limits: .slow()) { server in
            let (stays, goes) = (try server.client(), try server.client())
            let first = call(stays)
            try await eventually { begun(server) == 1 }
            let cut = call(goes)
            try await eventually { try await server.heldCalls() == 2 }
            await goes.close()
            await #expect(throws: RPCStatus.self) { try await cut.value }
            try await eventually { try await server.heldCalls() == 1 }
            server.log.gate.open()
            #expect(try await first.value == Array("done".utf8))
            #expect(try await call(stays).value == Array("done".utf8))
            #expect(begun(server) == 2)
        }
    }
}
