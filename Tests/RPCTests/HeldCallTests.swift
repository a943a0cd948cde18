import NIOCore
import Synchronization
import Testing

@testable import RPC

private typealias Method = TestDispatcher.Method

@Suite(.timeLimit(.minutes(1))) struct HeldCallTests {
    private func waitForHeld(_ server: TestServer, _ count: Int) async throws {
        while server.log.held.withLock({ $0.count }) < count {
            try await Task.sleep(for: .milliseconds(2))
        }
    }

    @Test(arguments: Way.allCases) func areFinishedLater(way: Way) async throws {
        try await TestServer.with(way: way) { server in
            let client = try server.client()
            async let replies = withThrowingTaskGroup(of: [UInt8].self) { group in
                for _ in 0..<20 {
                    group.addTask {
                        try await client.call(
                            path: Method.hold.path, message: [], metadata: good(),
                            deadline: .seconds(30))
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            try await waitForHeld(server, 20)
            server.finishHeld([4, 2])
            #expect(try await replies == Array(repeating: [4, 2], count: 20))
        }
    }

    @Test(arguments: Way.allCases)
    func endAtTheirDeadlineAndLateAnswersAreDropped(way: Way)
        async throws
    {
        try await TestServer.with(way: way) { server in
            let client = try server.client()
            let got = await status { () async throws(RPCStatus) in
                try await client.call(
                    path: Method.hold.path, message: [],
                    metadata: good([("grpc-timeout", "50m")]))
            }
            #expect(got?.code == .deadlineExceeded)
            server.finishHeld([1])
            #expect(
                try await client.call(path: Method.open.path, message: [1]) == [1])
            #expect(try await server.heldCalls() == 0)
        }
    }

    @Test(arguments: Way.allCases) func theLongestTimeoutIsNoTrap(way: Way) async throws {
        try await TestServer.with(way: way) { server in
            let client = try server.client()
            let call = Task {
                try await client.call(
                    path: Method.hold.path, message: [],
                    metadata: good([("grpc-timeout", "99999999H")]))
            }
            try await waitForHeld(server, 1)
            server.finishHeld([1])
            #expect(try await call.value == [1])
        }
    }

    @Test(arguments: Way.allCases) func areForgottenWhenCancelledOrCut(way: Way) async throws {
        try await TestServer.with(way: way) { server in
            let client = try server.client()
            let task = Task {
                try await client.call(path: Method.hold.path, message: [], metadata: good())
            }
            try await waitForHeld(server, 1)
            task.cancel()
            let result = await task.result
            #expect(throws: RPCStatus.self) { _ = try result.get() }
            let other = try server.client()
            let cut = Task {
                try await other.call(path: Method.hold.path, message: [], metadata: good())
            }
            try await waitForHeld(server, 2)
            await other.close()
            _ = await cut.result
            while try await server.heldCalls() > 0 { try await Task.sleep(for: .milliseconds(2)) }
            server.finishHeld([1])
            #expect(try await client.call(path: Method.open.path, message: [1]) == [1])
        }
    }

    @Test(arguments: Way.allCases) func areLimited(way: Way) async throws {
        var limits = RPCLimits()
        limits.maxHeldCalls = 2
        try await TestServer.with(limits: limits, way: way) { server in
            let client = try server.client()
            let calls = (0..<2).map { _ in
                Task {
                    try await client.call(path: Method.hold.path, message: [], metadata: good())
                }
            }
            try await waitForHeld(server, 2)
            let got = await status { () async throws(RPCStatus) in
                try await client.call(path: Method.hold.path, message: [], metadata: good())
            }
            #expect(got?.code == .resourceExhausted)
            server.finishHeld([1])
            for call in calls { #expect(try await call.value == [1]) }
        }
    }
}
