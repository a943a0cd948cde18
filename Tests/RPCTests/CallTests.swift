import Synchronization
import Testing

@testable import RPC

private typealias Method = TestDispatcher.Method

@Suite(.timeLimit(.minutes(1))) struct CallTests {
    @Test(arguments: [0, 1, 1000, 20_000, 1_000_000], Way.allCases)
    func echoes(count: Int, way: Way) async throws {
        try await TestServer.with(way: way) { server in
            let client = try server.client()
            let message = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
            for _ in 0..<3 {
                let reply = try await client.call(
                    path: Method.echo.path, message: message, metadata: good())
                #expect(reply == message)
            }
            await client.close()
        }
    }

    @Test func manyAtATimeOverTwoLoops() async throws {
        try await TestServer.with(loops: 2) { server in
            let clients = try (0..<4).map { _ in try server.client() }
            try await withThrowingTaskGroup { group in
                for index in 0..<400 {
                    group.addTask {
                        let message = Array("message \(index)".utf8)
                        let reply = try await clients[index % 4].call(
                            path: Method.echo.path, message: message, metadata: good())
                        #expect(reply == message)
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    @Test(arguments: Way.allCases) func twoMegabytesComeWhole(way: Way) async throws {
        try await TestServer.with(way: way) { server in
            let reply = try await server.client().call(
                path: Method.big.path, message: [], metadata: good())
            #expect(reply.count == 2 * 1024 * 1024)
            #expect(
                reply.indices.allSatisfy { reply[$0] == UInt8(truncatingIfNeeded: $0 / 1000) })
        }
    }

    @Test(arguments: Way.allCases) func refusals(way: Way) async throws {
        try await TestServer.with(way: way) { server in
            let client = try server.client()
            let table: [(String, Int, [(name: String, value: String)], RPCCode)] = [
                ("/test.v1.Test/none", 0, good(), .unimplemented),
                (Method.echo.path, 0, [], .unauthenticated),
                (Method.echo.path, 0, [("authorization", "Bearer bad")], .unauthenticated),
                (Method.small.path, 101, good(), .resourceExhausted),
                (Method.echo.path, 4 * 1024 * 1024 + 1, good(), .resourceExhausted),
                (Method.echo.path, 0, good([("grpc-timeout", "1x")]), .internalError),
                (Method.echo.path, 0, good([("grpc-timeout", "0m")]), .deadlineExceeded),
                (
                    Method.echo.path, 0,
                    good([("long", String(repeating: "x", count: 20_000))]), .resourceExhausted
                ),
            ]
            for (path, count, metadata, code) in table {
                let message = [UInt8](repeating: 1, count: count)
                let got = await status { () async throws(RPCStatus) in
                    try await client.call(path: path, message: message, metadata: metadata)
                }
                #expect(got?.code == code, "\(path) \(count)")
            }
            // The connection has survived all of it.
            let reply = try await client.call(path: Method.open.path, message: [5])
            #expect(reply == [5])
        }
    }

    @Test(arguments: Way.allCases) func aFailureCarriesItsDetails(way: Way) async throws {
        try await TestServer.with(way: way) { server in
            let client = try server.client()
            let got = await status { () async throws(RPCStatus) in
                try await client.call(path: Method.fail.path, message: [], metadata: good())
            }
            #expect(got == RPCStatus(.aborted, "50% später", details: [1, 2, 3, 255]))
        }
    }

    @Test(arguments: Way.allCases)
    func aKeyIsVerifiedOnceUntilTheEpochChanges(way: Way)
        async throws
    {
        try await TestServer.with(way: way) { server in
            let client = try server.client()
            func call() async -> RPCStatus? {
                await status { () async throws(RPCStatus) in
                    try await client.call(path: Method.echo.path, message: [], metadata: good())
                }
            }
            for _ in 0..<5 { #expect(await call() == nil) }
            #expect(server.log.authentications.withLock { $0 } == 1)
            server.log.epoch.withLock { $0 = 2 }
            for _ in 0..<5 { #expect(await call() == nil) }
            #expect(server.log.authentications.withLock { $0 } == 2)
            server.log.epoch.withLock { $0 = 100 }
            #expect(await call()?.code == .unauthenticated)
        }
    }

    @Test func theCertificateMustBeForTheName() async throws {
        try await TestServer.with { server in
            let client = try server.client(serverName: "other.example.com")
            let got = await status { () async throws(RPCStatus) in
                try await client.call(path: Method.open.path, message: [])
            }
            #expect(got?.code == .unavailable)
            #expect(
                try await server.client(serverName: "127.0.0.1").call(
                    path: Method.open.path, message: [1]) == [1])
        }
    }
}
