import NIOCore
import Synchronization
import Testing

@testable import RPC

private typealias Method = TestDispatcher.Method

@Suite(.timeLimit(.minutes(1))) struct RetryTests {
    private static func failed(
        _ code: RPCCode = .unavailable, _ reach: RPCCallEnd.Reach = .unanswered,
        _ pushback: RetryPushback = RetryPushback()
    ) -> FailedAttempt {
        FailedAttempt(status: RPCStatus(code), reach: reach, pushback: pushback)
    }

    private static let quick = {
        var policy = RetryPolicy()
        policy.initialBackoff = .milliseconds(2)
        policy.maxBackoff = .milliseconds(20)
        return policy
    }()

    // MARK: The machine

    @Test func waitsGrowAndEnd() {
        var policy = RetryPolicy()
        policy.maxAttempts = 6
        policy.maxBackoff = .milliseconds(500)
        for (spread, factor) in [(0.0, 0.8), (0.5, 1.0)] {
            var attempts = RetryAttempts(policy)
            let delays = (0..<6).map { _ in
                attempts.delay(after: Self.failed(), left: nil, spread: spread)
            }
            let expected = [100, 200, 400, 500, 500].map { Double($0) * factor * 1e6 }
            #expect(delays.dropLast().map { Double($0?.nanoseconds ?? -1) } == expected)
            #expect(delays.last == .some(nil))
        }
    }

    @Test(arguments: [RPCCode.aborted, .deadlineExceeded, .internalError, .resourceExhausted])
    func othersAreFinal(code: RPCCode) {
        var attempts = RetryAttempts(RetryPolicy())
        #expect(attempts.delay(after: Self.failed(code), left: nil, spread: 0) == nil)
    }

    @Test func aCallThatWasAnsweredIsNotMadeAgain() {
        var attempts = RetryAttempts(RetryPolicy())
        let failed = Self.failed(.unavailable, .answered)
        #expect(attempts.delay(after: failed, left: nil, spread: 0) == nil)
    }

    @Test func whatNoServerHasBegunIsTriedAgainAtOnceAndOnce() {
        var attempts = RetryAttempts(nil)
        let failed = Self.failed(.unavailable, .unprocessed)
        #expect(attempts.delay(after: failed, left: nil, spread: 0) == .zero)
        #expect(attempts.delay(after: failed, left: nil, spread: 0) == nil)
    }

    @Test func theDeadlineIsNotWaitedPast() {
        var attempts = RetryAttempts(RetryPolicy())
        let left = TimeAmount.milliseconds(99)
        #expect(attempts.delay(after: Self.failed(), left: left, spread: 0.5) == nil)
    }

    @Test func theServersWishCounts() {
        // Status { details: Any { RetryInfo { Duration { seconds: 2, nanos: 5 } } } }
        let type = Array("type.googleapis.com/google.rpc.RetryInfo".utf8)
        let info: [UInt8] = [10, 4, 8, 2, 16, 5]
        let any = [10, UInt8(type.count)] + type + [18, UInt8(info.count)] + info
        let details = [8, 14, 26, UInt8(any.count)] + any
        let table: [(RetryPushback, TimeAmount?)] = [
            (RetryPushback(header: "250", details: []), .milliseconds(250)),
            (RetryPushback(header: "-1", details: []), nil),
            (RetryPushback(header: "soon", details: []), nil),
            (RetryPushback(header: nil, details: details), .nanoseconds(2_000_000_005)),
            (RetryPushback(header: nil, details: [26, 200, 1]), .milliseconds(100)),
        ]
        for (pushback, expected) in table {
            var attempts = RetryAttempts(RetryPolicy())
            let failed = Self.failed(.unavailable, .unanswered, pushback)
            #expect(attempts.delay(after: failed, left: nil, spread: 0.5) == expected)
        }
    }

    // MARK: Calls

    private func attempts(
        _ failures: Int, _ way: Way, retry: RetryPolicy?, deadline: Duration? = nil
    ) async throws -> (code: RPCCode, attempts: Int) {
        var result = (code: RPCCode.ok, attempts: 0)
        try await TestServer.with(way: way) { server in
            server.log.failures.withLock { $0 = failures }
            let client = try server.client()
            let got = await status { () async throws(RPCStatus) in
                try await client.call(
                    path: Method.flaky.path, message: [], metadata: good(), deadline: deadline,
                    retry: retry)
            }
            result = (got?.code ?? .ok, server.log.attempts.withLock { $0 })
        }
        return result
    }

    @Test(arguments: Way.allCases) func callsAreMadeAgainAsOftenAsAllowed(way: Way) async throws {
        #expect(try await attempts(4, way, retry: Self.quick) == (.ok, 5))
        #expect(try await attempts(9, way, retry: Self.quick) == (.unavailable, 5))
        #expect(try await attempts(1, way, retry: nil) == (.unavailable, 1))
        var slow = Self.quick
        // The shortest wait, a fifth less than this, is past the deadline too.
        slow.initialBackoff = .seconds(60)
        slow.maxBackoff = .seconds(60)
        let began = NIODeadline.now()
        #expect(
            try await attempts(1, way, retry: slow, deadline: .seconds(25)) == (.unavailable, 1))
        #expect(NIODeadline.now() - began < .seconds(20))
    }

    @Test func aRestartingServerIsWaitedFor() async throws {
        let log = TestLog()
        defer { log.release() }
        let first = TestServer.make(log)
        let port = try await first.start()[0]
        let client = try TestServer.client(port)
        #expect(try await client.call(path: Method.open.path, message: [1]) == [1])
        await first.shutdown(grace: .zero)
        var policy = RetryPolicy()
        policy.maxAttempts = 100
        policy.maxBackoff = .milliseconds(100)
        let call = Task {
            try await client.call(
                path: Method.open.path, message: [2], deadline: .seconds(30), retry: policy)
        }
        try await Task.sleep(for: .milliseconds(200))
        let second = TestServer.make(log, port: port)
        #expect(try await second.start()[0] == port)
        #expect(try await call.value == [2])
        await second.shutdown(grace: .zero)
    }

    /// Of the calls that are made while connections grow old and are retired, none is lost.
    @Test func aServersFarewellLosesNoCall() async throws {
        var limits = RPCLimits()
        limits.maxConnectionAgeSeconds = 1
        try await TestServer.with(limits: limits) { server in
            let client = try server.client()
            let listener = server.server
            try await withThrowingTaskGroup { group in
                for _ in 0..<8 {
                    group.addTask {
                        while await listener.metrics().connections.opened < 3 {
                            let reply = try await client.call(
                                path: Method.echo.path, message: [1], metadata: good())
                            #expect(reply == [1])
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
    }
}
