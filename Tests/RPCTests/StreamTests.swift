import Synchronization
import Testing

@testable import RPC

private typealias Method = TestDispatcher.Method

@Suite(.timeLimit(.minutes(1))) struct StreamTests {
    private static func frame(_ message: [UInt8], flag: UInt8 = 0) -> [UInt8] {
        let length = UInt32(message.count)
        let prefix = (0..<4).map { UInt8(truncatingIfNeeded: length >> (24 - 8 * UInt32($0))) }
        return [flag] + prefix + message
    }

    private static func exchange(
        _ server: TestServer, _ method: Method, _ body: [UInt8],
        _ more: [(String, String)] = []
    ) async throws -> SecurePeer.Answer {
        let port = server.port
        let fields =
            [
                (":method", "POST"), (":scheme", "https"), (":path", method.path),
                (":authority", "localhost"), ("te", "trailers"),
                ("content-type", "application/grpc"), ("authorization", TestServer.key),
            ] + more
        return try await onThread {
            let peer = try SecurePeer(port: port, protocols: [2] + Array("h2".utf8))
            return try peer.exchange(fields, body: body)
        }
    }

    @Test(arguments: [0, 1, 3, 100]) func messagesComeBackInOrder(count: Int) async throws {
        try await TestServer.with { server in
            let body = (0..<count).flatMap { index in
                Self.frame([UInt8](repeating: UInt8(index), count: 2 + 97 * index))
            }
            let answer = try await Self.exchange(
                server, .stream, body, [("x-echo-bin", "AQL/")])
            #expect(answer.status == 0)
            #expect(answer.body == body)
            #expect(answer.metadata["x-echo-bin"] == [[1, 2, 255]])
        }
    }

    @Test func aFullQueueHoldsTheWriterBack() async throws {
        try await TestServer.with { server in
            let body = Self.frame([200]) + Self.frame([9, 9]) + Self.frame([100])
            let answer = try await Self.exchange(server, .stream, body)
            #expect(answer.status == 0)
            #expect(answer.body.count == 300 * 10_005 + 7)
        }
    }

    @Test func brokenRequestsEndInTheirStatus() async throws {
        let table: [([UInt8], [(String, String)], RPCCode)] = [
            ([0, 0, 0, 0, 9, 1], [], .internalError),
            ([2, 0, 0, 0, 0], [], .internalError),
            ([0, 255, 0, 0, 0], [], .resourceExhausted),
            (Self.frame([1], flag: 1), [], .internalError),
            (Self.frame([1], flag: 1), [("grpc-encoding", "identity")], .internalError),
            (Self.frame([1], flag: 1), [("grpc-encoding", "snappy")], .unimplemented),
            (Self.frame([1], flag: 1), [("grpc-encoding", "gzip")], .internalError),
        ]
        try await TestServer.with { server in
            for method in [Method.stream, .echo] {
                for (body, fields, code) in table {
                    let answer = try await Self.exchange(server, method, body, fields)
                    #expect(answer.status == code.rawValue, "\(method) \(body)")
                }
            }
            #expect(server.log.cancelled.withLock { $0.count } == table.count)
        }
    }

    @Test func gzipBothWays() async throws {
        let message = [UInt8](repeating: 65, count: 50_000)
        let gzip = Gzip()
        let packed = try #require(message.withUnsafeBytes { gzip.compress($0).map { Array($0) } })
        let table: [(String, Bool)] = [("identity,gzip", true), ("identity", false)]
        try await TestServer.with { server in
            for (accepted, isCompressed) in table {
                for method in [Method.stream, .echo] {
                    let answer = try await Self.exchange(
                        server, method, Self.frame(packed, flag: 1),
                        [("grpc-encoding", "gzip"), ("grpc-accept-encoding", accepted)])
                    #expect(answer.status == 0)
                    let expected =
                        isCompressed ? Self.frame(packed, flag: 1) : Self.frame(message)
                    #expect(answer.body == expected)
                }
            }
            let bomb = try await Self.exchange(
                server, .small, Self.frame(packed, flag: 1), [("grpc-encoding", "gzip")])
            #expect(bomb.status == RPCCode.resourceExhausted.rawValue)
        }
    }
}
