import Synchronization
import Testing

@testable import RPC

private typealias Method = TestDispatcher.Method

/// One thread, four places to wait, three calls of a principal: see `WorkPool.Limits.test`.
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
        try await TestServer.with(way: way) { server in
            let client = try server.client()
            let slow = call(client)
            try await eventually { begun(server) == 1 }
            #expect(try await client.call(path: Method.open.path, message: [1]) == [1])
            server.log.gate.open()
            #expect(try await slow.value == Array("done".utf8))
        }
    }

    @Test func aKeyHasOnlySoManyAndThenRoomAgain() async throws {
        try await TestServer.with(way: .inProcess) { server in
            let client = try server.client()
            let calls = (0..<3).map { _ in call(client) }
            try await eventually { try await server.heldCalls() == 3 }
            let refused = await status { () async throws(RPCStatus) in
                try await client.call(path: Method.slow.path, message: [], metadata: good())
            }
            #expect(refused?.code == .resourceExhausted)
            server.log.gate.open()
            for call in calls { #expect(try await call.value == Array("done".utf8)) }
            #expect(try await call(client).value == Array("done".utf8))
        }
    }

    @Test func theQueueIsBounded() throws {
        var limits = WorkPool.Limits()
        limits.threads = 1
        limits.waiting = 2
        limits.perPrincipal = 100
        let pool = WorkPool(limits)
        // Nothing takes them off: only places are counted.
        let verdicts = (0..<3).map { pool.admit($0)?.code }
        #expect(verdicts == [nil, nil, .resourceExhausted])
    }

    @Test(arguments: Way.allCases) func whoIsGoneBeforeItsTurnIsNotServed(way: Way) async throws {
        try await TestServer.with(way: way) { server in
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
        try await TestServer.with { server in
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
