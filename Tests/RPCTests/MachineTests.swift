import NIOCore
import Testing

@testable import RPC

private func with<Result>(_ text: String, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    Array(text.utf8).withUnsafeBytes(body)
}

@Suite struct TimeoutTests {
    @Test(
        arguments: [
            ("1n", 1), ("20u", 20_000), ("300m", 300_000_000), ("4S", 4_000_000_000),
            ("5M", 300_000_000_000), ("1H", 3_600_000_000_000), ("0S", 0),
            ("99999999S", 99_999_999_000_000_000), ("99999999H", GRPCTimeout.longest),
        ] as [(String, Int64)])
    func parses(text: String, nanoseconds: Int64) {
        #expect(with(text) { GRPCTimeout.nanoseconds($0) } == nanoseconds)
    }

    @Test(arguments: ["", "S", "1", "1s", "-1S", "1.5S", " 1S", "123456789S", "1SS"])
    func refuses(text: String) {
        #expect(with(text) { GRPCTimeout.nanoseconds($0) } == nil)
    }

    @Test(
        arguments: [
            (0, "1n"), (1, "1n"), (99_999_999, "99999999n"), (100_000_000, "100000u"),
            (100_000_000_001, "100001m"), (7_200_000_000_000, "7200000m"),
        ] as [(Int64, String)])
    func writes(nanoseconds: Int64, text: String) {
        #expect(GRPCTimeout.text(nanoseconds: nanoseconds) == text)
        let back = with(text) { GRPCTimeout.nanoseconds($0) } ?? 0
        #expect(back >= nanoseconds)
    }
}

@Suite struct FramingTests {
    @Test func takesOneMessage() {
        let bytes: [UInt8] = [0, 0, 0, 0, 3, 1, 2, 3]
        #expect(bytes.withUnsafeBytes { GRPCFraming.unary($0, limit: 3) } == .message(5..<8))
        let empty: [UInt8] = [0, 0, 0, 0, 0]
        #expect(empty.withUnsafeBytes { GRPCFraming.unary($0, limit: 3) } == .message(5..<5))
    }

    @Test(
        arguments: [
            ([], .internalError),
            ([0, 0, 0, 0], .internalError),
            ([0, 0, 0, 0, 2, 9], .internalError),
            ([0, 0, 0, 0, 1, 9, 9], .internalError),
            ([0, 0, 0, 0, 0, 0, 0, 0, 0, 0], .internalError),
            ([2, 0, 0, 0, 0], .internalError),
            ([0, 0, 0, 0, 4, 1, 2, 3, 4], .resourceExhausted),
            ([0, 255, 255, 255, 255], .resourceExhausted),
        ] as [([UInt8], RPCCode)])
    func refuses(bytes: [UInt8], code: RPCCode) {
        guard case .failed(let status) = bytes.withUnsafeBytes({ GRPCFraming.unary($0, limit: 3) })
        else {
            Issue.record("taken: \(bytes)")
            return
        }
        #expect(status.code == code)
    }

    @Test func saysEarlyWhatCannotEndWell() {
        let declared: [UInt8] = [0, 0, 0, 1, 0]
        #expect(declared.withUnsafeBytes { GRPCFraming.early($0, limit: 255) } != nil)
        #expect(declared.withUnsafeBytes { GRPCFraming.early($0, limit: 256) } == nil)
        let short: [UInt8] = [1, 0, 0, 1]
        #expect(short.withUnsafeBytes { GRPCFraming.early($0, limit: 0) } == nil)
    }
}

@Suite struct EncodingTests {
    @Test(arguments: [
        ("", ""), ("plain text ~", "plain text ~"), ("50%", "50%25"), ("a\nb", "a%0Ab"),
        ("ü", "%C3%BC"), ("\u{7F}", "%7F"),
    ])
    func percent(text: String, encoded: String) {
        #expect(PercentEncoding.encode(text) == Array(encoded.utf8))
        #expect(PercentEncoding.decode(Array(encoded.utf8)) == text)
    }

    @Test(arguments: [("%", "%"), ("%2", "%2"), ("%zz", "%zz"), ("%c3%bc", "ü")])
    func percentLeniently(encoded: String, text: String) {
        #expect(PercentEncoding.decode(Array(encoded.utf8)) == text)
    }

    @Test(arguments: [
        ("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foob", "Zm9vYg"),
        ("fooba", "Zm9vYmE"), ("foobar", "Zm9vYmFy"),
    ])
    func base64(text: String, encoded: String) {
        #expect(Base64.encode(Array(text.utf8)) == Array(encoded.utf8))
        #expect(Base64.decode(Array(encoded.utf8)) == Array(text.utf8))
        let padding = String(repeating: "=", count: (4 - encoded.utf8.count % 4) % 4)
        #expect(Base64.decode(Array((encoded + padding).utf8)) == Array(text.utf8))
    }

    @Test(arguments: ["Z", "Zg=a", "Z g", "\u{0}"])
    func base64Refuses(encoded: String) {
        #expect(Base64.decode(Array(encoded.utf8)) == nil)
    }

    @Test(arguments: [
        ("application/grpc", true), ("application/grpc+proto", true),
        ("application/grpc;x=y", true), ("application/grpc-web", false),
        ("application/json", false), ("application/grp", false), ("", false),
    ])
    func contentType(text: String, isGRPC: Bool) {
        #expect(with(text) { RequestHeaders.isGRPC(contentType: $0) } == isGRPC)
    }
}

@Suite struct MemoryTests {
    @Test func headerBlockFindsWhatItHolds() {
        var block = HeaderBlock()
        for (name, value) in [("a", "1"), ("user-agent", ""), ("b", "two"), ("a", "3")] {
            with(name) { name in
                with(value) { value in
                    block.append(
                        name.baseAddress.unsafelyUnwrapped, name.count,
                        value.baseAddress ?? name.baseAddress.unsafelyUnwrapped, value.count)
                }
            }
        }
        #expect(block.first("a").map { String(decoding: $0, as: UTF8.self) } == "1")
        #expect(block.first("user-agent")?.count == 0)
        #expect(block.first("b").map { String(decoding: $0, as: UTF8.self) } == "two")
        #expect(block.first("c") == nil)
    }

    @Test func blocksComeBackAndKeepTheirBytes() {
        let memory = SessionMemory()
        let lists = memory.lists
        let first = lists.pointee.take(100)
        first.map { lists.pointee.give($0) }
        let second = lists.pointee.take(90)
        #expect(first == second)
        let large = lists.pointee.take(1 << 20)
        large?.storeBytes(of: 42, toByteOffset: (1 << 20) - 8, as: Int.self)
        large.map { lists.pointee.give($0) }
        second.map { lists.pointee.give($0) }
    }

    @Test func tlsTalksToItselfInMemory() throws {
        let wires = (HTTP2Workshop(), HTTP2Workshop())
        let identity = TestCertificate.identity
        let server = try TLSMachine(
            server: .server(identity, clients: .none, place: 0, tickets: TLSTickets()), maxSteps: 9,
            output: wires.0.wire)
        let client = try TLSMachine(
            client: .client(authorityFile: identity.certificateChainFile), name: "localhost",
            output: wires.1.wire)
        func carry(_ from: HTTP2Workshop, _ to: TLSMachine, _ use: () -> Void) {
            from.wire.pointee.withUnsafeReadableBytes {
                to.offer($0)
                use()
                to.withdraw()
            }
            from.wire.pointee.clear()
        }
        var steps = (TLSMachine.Handshake.needsMore, TLSMachine.Handshake.needsMore)
        for _ in 0..<4 where steps != (.done, .done) {
            carry(wires.0, client) { steps.1 = client.handshake() }
            carry(wires.1, server) { steps.0 = server.handshake() }
        }
        #expect(steps == (.done, .done))
        #expect(server.application == .http2)
        carry(wires.0, client) { _ = client.read(into: wires.1.input) }
        let text = [UInt8](repeating: 9, count: 40_000)
        #expect(text.withUnsafeBytes { client.write($0) })
        var count = 0
        carry(wires.1, server) {
            while case .bytes(let more) = server.read(into: wires.0.input) { count += more }
        }
        #expect(count == text.count)
        #expect(server.isDrained)
    }
}
