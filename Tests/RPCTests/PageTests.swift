import Testing

@testable import RPC

private typealias Method = TestDispatcher.Method

@Suite(.timeLimit(.minutes(1))) struct PageTests {
    private static let post = "POST /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n"

    private func fields(_ method: String, _ target: String, _ more: [(String, String)] = [])
        -> [(String, String)]
    {
        [
            (":method", method), (":scheme", "https"), (":path", target),
            (":authority", "localhost"),
        ] + more
    }

    @Test func overHTTP2() async throws {
        var limits = RPCLimits()
        limits.maxPageBodyBytes = 1000
        try await TestServer.with(limits: limits) { server in
            let port = server.port
            let json = [("content-type", "application/json"), ("authorization", TestServer.key)]
            let echo = Method.echo.path
            let table: [([(String, String)], Int, Int, String?)] = [
                (fields("GET", "/a?b=c"), 0, 200, "GET /a?b=c - 0"),
                (fields("HEAD", "/a?b=c"), 0, 200, ""),
                (fields("GET", "/missing"), 0, 404, nil),
                (fields("POST", echo, json), 1000, 200, "POST \(echo) \(TestServer.key) 1000"),
                (fields("POST", echo, json), 1001, 413, nil),
            ]
            for (fields, body, status, text) in table {
                let answer = try await onThread {
                    try SecurePeer(port: port, protocols: ALPN.h2 + ALPN.http1)
                        .request(fields, body: [UInt8](repeating: 1, count: body))
                }
                #expect(answer.0 == status)
                if let text { #expect(answer.1 == text) }
            }
        }
    }

    @Test(arguments: [ALPN.http1, []])
    func overHTTP1(protocols: [UInt8]) async throws {
        try await TestServer.with { server in
            let port = server.port
            let text = try await onThread {
                let peer = try SecurePeer(port: port, protocols: protocols)
                for _ in 0..<2 {
                    peer.send(Array((Self.post + "\r\nabc").utf8))
                    while try peer.receive()?.last != UInt8(ascii: "3") {}
                }
                peer.send(Array((Self.post + "Connection: close\r\n\r\nabc").utf8))
                var text: [UInt8] = []
                while let more = try peer.receive() { text += more }
                return String(decoding: text, as: UTF8.self)
            }
            #expect(text.hasPrefix("HTTP/1.1 200 OK\r\n"))
            #expect(text.contains("content-length: 11\r\n"))
            #expect(text.hasSuffix("\r\n\r\nPOST /x - 3"))
        }
    }
}
