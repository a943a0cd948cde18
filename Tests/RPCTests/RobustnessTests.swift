import NIOCore
import Synchronization
import Testing

@testable import RPC

private typealias Method = TestDispatcher.Method

@Suite(.timeLimit(.minutes(1))) struct RobustnessTests {
    @Test func junkOnlyClosesItsConnection() async throws {
        try await TestServer.with { server in
            let client = try server.client()
            #expect(try await client.call(path: Method.open.path, message: [1]) == [1])
            let port = server.port
            try await onThread { for _ in 0..<5 { try Self.sendJunk(port) } }
            #expect(try await client.call(path: Method.open.path, message: [2]) == [2])
        }
    }

    /// At each layer of the protocols. Returns once the server has closed all of them.
    private static func sendJunk(_ port: Int) throws {
        let junk = [0xFF] + (0..<4000).map { _ in UInt8.random(in: 0...255) }
        let peer = try RawPeer(port: port)
        peer.send(junk)
        try peer.drain()
        let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)
        let openings: [([UInt8], [UInt8])] = [
            (ALPN.h2, []), (ALPN.h2, preface + [0, 0, 1]), (ALPN.http1, []),
        ]
        for (protocols, opening) in openings {
            let secure = try SecurePeer(port: port, protocols: protocols)
            secure.send(opening + junk)
            while try secure.receive() != nil {}
        }
    }

    @Test func silentConnectionsAreClosed() async throws {
        var limits = RPCLimits()
        limits.handshakeTimeoutSeconds = 1
        limits.idleTimeoutSeconds = 1
        try await TestServer.with(limits: limits) { server in
            let port = server.port
            try await onThread {
                try RawPeer(port: port).drain()
                let idle = try SecurePeer(port: port, protocols: ALPN.h2)
                while try idle.receive() != nil {}
            }
        }
    }

    @Test func connectionsAreLimited() async throws {
        var limits = RPCLimits()
        limits.maxConnections = 1
        try await TestServer.with(limits: limits) { server in
            let client = try server.client()
            #expect(try await client.call(path: Method.open.path, message: [1]) == [1])
            let port = server.port
            try await onThread { try RawPeer(port: port).drain() }
            #expect(try await client.call(path: Method.open.path, message: [1]) == [1])
        }
    }

    @Test func shutdownLetsCallsEnd() async throws {
        try await TestServer.with { server in
            let client = try server.client()
            let call = Task {
                try await client.call(path: Method.hold.path, message: [], metadata: good())
            }
            while server.log.held.withLock({ $0.isEmpty }) {
                try await Task.sleep(for: .milliseconds(2))
            }
            let ports = server.server.ports
            async let end: Void = server.server.shutdown(grace: .seconds(10))
            try await Task.sleep(for: .milliseconds(50))
            let tokens = server.log.held.withLock { $0 }
            ports[0].eventLoop.execute {
                for token in tokens {
                    [UInt8(9)].withUnsafeBytes { ports[0].finish(token, message: $0) }
                }
                ports[0].flushFinished()
            }
            #expect(try await call.value == [9])
            await end
        }
    }
}
