import NIOCore
import Testing

@testable import RPC

/// Frames by hand, for what a well-behaved client would never send.
enum RawFrames {
    static let opening = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8) + frame(4, 0, 0)

    static func frame(
        _ kind: UInt8, _ flags: UInt8, _ stream: UInt8, _ payload: [UInt8] = []
    ) -> [UInt8] {
        let count = payload.count
        let length = [UInt8(count >> 16 & 255), UInt8(count >> 8 & 255), UInt8(count & 255)]
        return length + [kind, flags, 0, 0, 0, stream] + payload
    }

    /// The fields of a call without its end.
    static func headers(_ stream: UInt8, flags: UInt8 = 4, path: String) -> [UInt8] {
        let fields = [
            (":method", "POST"), (":scheme", "https"), (":path", path), (":authority", "x"),
            ("content-type", "application/grpc"), ("te", "trailers"),
        ]
        var block: [UInt8] = []
        for (name, value) in fields {
            block += [0, UInt8(name.utf8.count)] + Array(name.utf8)
            block += [UInt8(value.utf8.count)] + Array(value.utf8)
        }
        return frame(1, flags, stream, block)
    }

    /// The stream that each GOAWAY names.
    static func lastStreams(_ bytes: [UInt8]) -> [UInt32] {
        var found: [UInt32] = []
        for frame in parse(bytes) where frame.kind == 7 {
            found.append(frame.payload[..<4].reduce(0) { $0 << 8 | UInt32($1) })
        }
        return found
    }

    /// How many header blocks end a stream.
    static func trailers(_ bytes: [UInt8]) -> Int {
        var count = 0
        for frame in parse(bytes) where frame.kind == 1 && frame.flags & 1 == 1 { count += 1 }
        return count
    }

    /// Kind, flags and payload of each whole frame.
    static func parse(_ bytes: [UInt8]) -> [(kind: UInt8, flags: UInt8, payload: [UInt8])] {
        var found: [(kind: UInt8, flags: UInt8, payload: [UInt8])] = []
        var at = 0
        while at + 9 <= bytes.count {
            let length = Int(bytes[at]) << 16 | Int(bytes[at + 1]) << 8 | Int(bytes[at + 2])
            let end = at + 9 + length
            guard end <= bytes.count else { break }
            found.append((bytes[at + 3], bytes[at + 4], Array(bytes[(at + 9)..<end])))
            at = end
        }
        return found
    }
}

private typealias Method = TestDispatcher.Method

@Suite(.timeLimit(.minutes(1))) struct FloodTests {
    private static let ping = RawFrames.frame(6, 0, 0, [1, 2, 3, 4, 5, 6, 7, 8])
    private static let stream = RawFrames.headers(1, path: TestDispatcher.Method.open.path)

    private static func flood(_ name: String) -> [UInt8] {
        func times(_ count: Int, _ frame: [UInt8]) -> [UInt8] {
            Array(repeatElement(frame, count: count).joined())
        }
        switch name {
        case "settings": return times(60, RawFrames.frame(4, 0, 0))
        case "ping": return times(20, ping)
        case "empty data": return stream + times(300, RawFrames.frame(0, 0, 1))
        case "window": return times(6_000, RawFrames.frame(8, 0, 0, [0, 0, 0, 1]))
        case "priority": return times(600, RawFrames.frame(2, 0, 3, [0, 0, 0, 5, 1]))
        case "continuation":
            return RawFrames.headers(1, flags: 0, path: "/x") + times(20, RawFrames.frame(9, 0, 1))
        default: return []
        }
    }

    @Test(arguments: ["settings", "ping", "empty data", "window", "priority", "continuation"])
    func offenderIsCutOffAndOthersAreNot(name: String) async throws {
        try await TestServer.with { server in
            let client = try server.client()
            #expect(try await client.call(path: Method.open.path, message: [1]) == [1])
            let port = server.port
            let heard = try await onThread {
                let peer = try SecurePeer(port: port, protocols: ALPN.h2)
                peer.send(RawFrames.opening + Self.flood(name))
                var heard: [UInt8] = []
                while let bytes = try peer.receive() { heard += bytes }
                return heard
            }
            let goodbye = RawFrames.parse(heard).last { $0.kind == 7 }
            #expect(goodbye?.payload[4..<8] == [0, 0, 0, 11], "\(name): ENHANCE_YOUR_CALM")
            if name == "ping" {
                #expect(goodbye?.payload[8...].elementsEqual("too_many_pings".utf8) == true)
            }
            #expect(try await client.call(path: Method.open.path, message: [2]) == [2])
            #expect(
                try await server.metrics().closed(.flood) + server.metrics().closed(.fault) == 1)
        }
    }

    /// A half-sent request and then silence; the first words of HTTP/2 that never come.
    @Test func slowPeersAreClosedOrAnswered() async throws {
        // Long enough for a handshake on a machine that is busy.
        var limits = RPCLimits()
        limits.requestTimeoutSeconds = 4
        limits.handshakeTimeoutSeconds = 4
        try await TestServer.with(limits: limits) { server in
            let port = server.port
            try await onThread {
                let silent = try SecurePeer(port: port, protocols: ALPN.h2)
                let headers = try SecurePeer(port: port, protocols: ALPN.h2)
                headers.send(
                    RawFrames.opening + RawFrames.headers(1, flags: 0, path: Method.open.path))
                let body = try SecurePeer(port: port, protocols: ALPN.h2)
                body.send(RawFrames.opening + Self.stream + RawFrames.frame(0, 0, 1, [0]))
                while try silent.receive() != nil {}
                while try headers.receive() != nil {}
                // DEADLINE_EXCEEDED, and a reset without an error; the connection stays.
                var heard: [UInt8] = []
                while !RawFrames.parse(heard).contains(where: { $0.kind == 3 }) {
                    guard let bytes = try body.receive() else { break }
                    heard += bytes
                }
                #expect(RawFrames.parse(heard).contains { $0.kind == 1 && $0.flags & 1 == 1 })
                #expect(!RawFrames.parse(heard).contains { $0.kind == 7 })
            }
            let metrics = try await server.metrics()
            #expect(metrics.closed(.handshakeTimeout) == 1)
            #expect(metrics.closed(.requestTimeout) == 1)
        }
    }

    private static let mark: [UInt8] = [7, 7, 7, 7, 7, 7, 7, 7]

    @Test func goodbyeComesTwice() async throws {
        try await TestServer.with { server in
            let port = server.port
            let peer = try await onThread {
                let peer = try SecurePeer(port: port, protocols: ALPN.h2)
                peer.send(RawFrames.opening + Self.stream + RawFrames.frame(6, 0, 0, Self.mark))
                // The ping's answer: the server has read all that came before it.
                var heard: [UInt8] = []
                while !RawFrames.parse(heard).contains(where: { $0.payload == Self.mark }) {
                    heard += try #require(try peer.receive())
                }
                return NIOUncheckedPeer(peer)
            }
            async let end: Void = server.server.shutdown(grace: .seconds(10))
            try await onThread {
                var heard: [UInt8] = []
                while !RawFrames.parse(heard).contains(where: { $0.kind == 6 }) {
                    heard += try #require(try peer.value.receive())
                }
                let frames = RawFrames.parse(heard)
                let ping = try #require(frames.first { $0.kind == 6 })
                let first = try #require(frames.first { $0.kind == 7 })
                #expect(first.payload[..<4] == [127, 255, 255, 255])
                // On its way already when the server said goodbye: still served.
                let late = RawFrames.headers(3, path: Method.open.path)
                let message = RawFrames.frame(0, 1, 3, [0, 0, 0, 0, 1, 7])
                peer.value.send(late + message + RawFrames.frame(6, 1, 0, ping.payload))
                peer.value.send(RawFrames.frame(0, 1, 1, [0, 0, 0, 0, 1, 7]))
                while let bytes = try peer.value.receive() { heard += bytes }
                let goodbyes = RawFrames.lastStreams(heard)
                #expect(goodbyes == [.max >> 1, 3])
                #expect(RawFrames.trailers(heard) == 2)
            }
            await end
        }
    }
}

/// A peer that goes from one thread to the next.
// Safety: one thread at a time uses it.
private struct NIOUncheckedPeer: @unchecked Sendable {
    let value: SecurePeer

    init(_ value: SecurePeer) { self.value = value }
}

extension TestServer {
    /// Of the first loop.
    func metrics() async throws -> ConnectionMetrics {
        let port = server.ports[0]
        return try await port.eventLoop.submit { port.metrics }.get()
    }
}
