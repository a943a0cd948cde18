import Foundation
import NIOCore
import Synchronization
import Testing

@testable import RPC

private typealias Method = TestDispatcher.Method

@Suite(.timeLimit(.minutes(1))) struct ListenerTests {
    @Test func ticketKeysAreReplacedAndTheLastOneStillOpens() {
        let life = TLSTickets.lifetimeSeconds
        var keys = TicketKeys(second: 100)
        func opens(_ key: TicketKey) -> Bool? {
            keys.find(key.name.assumingMemoryBound(to: UInt8.self))?.isCurrent
        }
        let first = keys.current
        keys.advance(to: 100 + life - 1)
        #expect(keys.current === first)
        keys.advance(to: 100 + life)
        let second = keys.current
        #expect(second !== first && opens(first) == false && opens(second) == true)
        keys.advance(to: 100 + 2 * life)
        #expect(opens(first) == nil && opens(second) == false)
        // After a night without a client both are too old.
        let third = keys.current
        keys.advance(to: 100 + 9 * life)
        #expect(opens(second) == nil && opens(third) == nil)
    }

    @Test func filesAreReadOnceTheyRest() throws {
        let path = NSTemporaryDirectory() + UUID().uuidString
        var versions: [FileVersion?] = []
        for text in ["a", "bb", "ccc"] {
            try text.write(toFile: path, atomically: true, encoding: .utf8)
            versions.append(FileVersion(path))
        }
        try FileManager.default.removeItem(atPath: path)
        #expect(versions.allSatisfy { $0 != nil } && FileVersion(path) == nil)
        var watch = FileWatch(loaded: [versions[0], versions[1]])
        func look(_ first: Int, _ second: Int?, force: Bool = false) -> Bool {
            watch.look([versions[first], second.flatMap { versions[$0] }], force: force)
        }
        #expect(!look(0, 1))
        // One, then the other, then both have rested; and never again.
        #expect(!look(2, 1))
        #expect(!look(2, 2))
        #expect(look(2, 2))
        #expect(!look(2, 2))
        // Gone and back.
        #expect(!look(2, nil))
        #expect(look(2, nil))
        #expect(!look(2, 2))
        #expect(look(2, 2))
        #expect(look(2, 2, force: true))
    }

    @Test func whoSendsNoKeyIsRememberedApart() {
        var memo = AuthorizationMemo()
        let key = Array("Bearer x".utf8)
        #expect(memo.principal(of: nil, epoch: 1) == nil)
        memo.keyless = (5, 1)
        #expect(memo.principal(of: nil, epoch: 1) == 5)
        #expect(memo.principal(of: nil, epoch: 2) == nil)
        key.withUnsafeBytes { key in
            #expect(memo.principal(of: key, epoch: 1) == nil)
            memo.bytes.append(key)
            (memo.isValid, memo.principal, memo.epoch) = (true, 7, 1)
            #expect(memo.principal(of: key, epoch: 1) == 7)
            #expect(memo.principal(of: nil, epoch: 1) == 5)
        }
    }

    @Test func splintersAreCountedBySecondAndForgivenForWork() {
        var limits = FrameLimits()
        limits.splinters = 3
        var meter = SplinterMeter()
        func notes(_ count: Int, work: Int) -> [Bool] {
            (0..<count).map { _ in meter.note(limits, work) }
        }
        #expect(notes(4, work: 10) == [false, false, false, false])
        meter.sweep(10)
        #expect(notes(4, work: 10) == [false, false, false, true])
        meter.sweep(10)
        #expect(notes(8, work: 11) == [false, false, false, false, false, false, false, true])
    }
}

/// Limits and time-outs, as a peer sees them.
@Suite(.timeLimit(.minutes(1))) struct LimitTests {
    @Test func connectionsOfALoopAreLimited() async throws {
        var limits = RPCLimits()
        limits.maxConnectionsPerLoop = 1
        try await TestServer.with(limits: limits, loops: 2) { server in
            let port = server.port
            try await onThread {
                // Loops take turns: the third and fourth come to loops that have their one.
                let kept = try (0..<2).map { _ in try SecurePeer(port: port, protocols: ALPN.h2) }
                for _ in 0..<2 { try RawPeer(port: port).drain() }
                for peer in kept {
                    peer.send(RawFrames.opening)
                    #expect(try peer.receive() != nil)
                }
            }
            var refused: [Int] = []
            for port in server.server.ports {
                refused.append(try await port.eventLoop.submit { port.metrics.refused }.get())
            }
            #expect(refused == [1, 1])
        }
    }

    @Test func headersAreLimited() async throws {
        var limits = RPCLimits()
        limits.maxHeaderListBytes = 2_000
        try await TestServer.with(limits: limits) { server in
            let client = try server.client()
            func call(_ bytes: Int) async -> RPCCode? {
                let more = [(name: "x-long", value: String(repeating: "x", count: bytes))]
                return await status { () async throws(RPCStatus) in
                    try await client.call(path: Method.echo.path, message: [], metadata: good(more))
                }?.code
            }
            #expect(await call(1_000) == nil)
            #expect(await call(2_000) == .resourceExhausted)
            #expect(await call(1_000) == nil)
            let port = server.port
            let answer = try await onThread {
                try SecurePeer(port: port, protocols: ALPN.h2).request([
                    (":method", "GET"), (":scheme", "https"), (":path", "/x"),
                    (":authority", "x"), ("x-long", String(repeating: "x", count: 2_000)),
                ])
            }
            #expect(answer.0 == 431)
        }
    }

    @Test func silenceIsPingedAndThenCutOff() async throws {
        var limits = RPCLimits()
        limits.keepaliveSeconds = 1
        limits.keepaliveTimeoutSeconds = 1
        try await TestServer.with(limits: limits) { server in
            let port = server.port
            let heard = try await onThread {
                let peer = try SecurePeer(port: port, protocols: ALPN.h2)
                peer.send(RawFrames.opening)
                var heard: [UInt8] = []
                func pings() -> [[UInt8]] {
                    RawFrames.parse(heard).filter { $0.kind == 6 }.map(\.payload)
                }
                while pings().isEmpty { heard += try peer.receive() ?? [] }
                // Answered: it stays, and is asked again.
                peer.send(RawFrames.frame(6, 1, 0, pings()[0]))
                while let bytes = try peer.receive() { heard += bytes }
                #expect(pings().count == 2)
                return heard
            }
            #expect(RawFrames.parse(heard).contains { $0.kind == 7 })
            #expect(try await server.metrics().closed(.unresponsive) == 1)
        }
    }

    @Test func oldConnectionsAreToldToGoAndGivenGrace() async throws {
        var limits = RPCLimits()
        limits.maxConnectionAgeSeconds = 1
        limits.ageGraceSeconds = 2
        try await TestServer.with(limits: limits) { server in
            let port = server.port
            let heard = try await onThread {
                let peer = try SecurePeer(port: port, protocols: ALPN.h2)
                // A call that is never sent whole.
                peer.send(RawFrames.opening + RawFrames.headers(1, path: Method.open.path))
                var heard: [UInt8] = []
                while let bytes = try peer.receive() { heard += bytes }
                return heard
            }
            #expect(RawFrames.lastStreams(heard).prefix(2) == [.max >> 1, 1])
            #expect(try await server.metrics().closed(.age) == 1)
        }
    }
}
