import NIOCore
import Synchronization
import Testing

@testable import RPC

private typealias Method = TestDispatcher.Method

/// The client's own pings.
@Suite(.timeLimit(.minutes(1))) struct SilenceTests {
    private static let silence = TimeAmount.seconds(1)

    private func relayed(_ body: (TestServer, Relay, RPCClient) async throws -> Void) async throws {
        // More often than a server lets its clients ask in earnest.
        var limits = RPCLimits()
        limits.frames.maxPingStrikes = .max
        try await TestServer.with(limits: limits) { server in
            let relay = try await Relay(to: server.port)
            let client = try TestServer.client(relay.port, silence: Self.silence)
            try await body(server, relay, client)
            await relay.close()
        }
    }

    private func held(_ client: RPCClient) -> Task<[UInt8], any Error> {
        Task {
            try await client.call(path: Method.hold.path, message: [], metadata: good())
        }
    }

    @Test func aServerThatIsGoneIsNoticedWithoutADeadline() async throws {
        try await relayed { server, relay, client in
            let call = held(client)
            try await eventually { server.log.held.withLock { $0.count } == 1 }
            relay.cut()
            let began = NIODeadline.now()
            let status = await #expect(throws: RPCStatus.self) { try await call.value }
            let took = NIODeadline.now() - began
            #expect(status?.code == .unavailable)
            #expect(status?.message == "the server has fallen silent")
            // Not before it was asked and given the time to answer; and much more for the machine.
            #expect(took >= Self.silence)
            #expect(took <= Self.silence * 3 + .seconds(30), "\(took)")
        }
    }

    @Test func aServerThatTakesLongIsAskedAndWaitedFor() async throws {
        try await relayed { server, relay, client in
            let call = held(client)
            try await eventually { server.log.held.withLock { $0.count } == 1 }
            let before = relay.passedBytes
            try await Task.sleep(for: .nanoseconds(Self.silence.nanoseconds * 5))
            // It was asked, and has answered.
            #expect(relay.passedBytes > before)
            server.finishHeld([1])
            #expect(try await call.value == [1])
            #expect(await server.server.metrics().connections.opened == 1)
        }
    }

    @Test func aConnectionWithoutCallsIsLeftInPeace() async throws {
        try await relayed { server, relay, client in
            _ = try await client.call(path: Method.open.path, message: [])
            // What belongs to the call's end and the connection's beginning may still be on its way.
            var before: Int
            repeat {
                before = relay.passedBytes
                try await Task.sleep(for: .milliseconds(400))
            } while relay.passedBytes != before
            try await Task.sleep(for: .nanoseconds(Self.silence.nanoseconds * 3))
            #expect(relay.passedBytes == before)
        }
    }
}
