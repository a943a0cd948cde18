import NIOCore
import Synchronization

@testable import RPC

/// How a test's calls reach its server.
enum Way: CaseIterable {
    case overTLS, inProcess
}

/// A server with a dispatcher of a few methods, for the length of one test.
struct TestServer {
    let ports: [LoopPort]
    /// 0: there is no listener.
    let port: Int
    let log: TestLog
    private let listening: RPCServer?

    static let key = "Bearer good"

    /// The one that listens.
    var server: RPCServer {
        guard let listening else { preconditionFailure("there is no listener") }
        return listening
    }

    static func with(
        limits: RPCLimits = RPCLimits(), loops: Int = 1, way: Way = .overTLS,
        log: TestLog = TestLog(), _ body: (TestServer) async throws -> Void
    ) async throws {
        switch way {
        case .overTLS: try await listening(limits, loops, log, body)
        case .inProcess:
            let server = try await InProcessServer(
                limits: limits, makeDispatcher: { TestDispatcher($0, log) },
                makeInterceptors: { log.interceptors($0) })
            do {
                try await body(
                    TestServer(ports: [server.port], port: 0, log: log, listening: nil))
            } catch {
                log.release()
                await server.shutdown()
                throw error
            }
            log.release()
            await server.shutdown()
        }
    }

    private static func listening(
        _ limits: RPCLimits, _ loops: Int, _ log: TestLog,
        _ body: (TestServer) async throws -> Void
    ) async throws {
        let server = make(log, limits: limits, loops: loops)
        let port = try await server.start()[0]
        do {
            try await body(
                TestServer(ports: server.ports, port: port, log: log, listening: server))
        } catch {
            log.release()
            await server.shutdown(grace: .zero)
            throw error
        }
        log.release()
        await server.shutdown(grace: .zero)
    }

    /// Not started yet.
    static func make(
        _ log: TestLog, port: Int = 0, limits: RPCLimits = RPCLimits(), loops: Int = 1
    ) -> RPCServer {
        let listener = RPCListener(
            port: port, identity: TestCertificate.identity, pages: TestPages())
        return RPCServer(
            configuration: RPCConfiguration(
                listeners: [listener], eventLoops: loops, limits: limits),
            makeDispatcher: { TestDispatcher($0, log) },
            makeInterceptors: { log.interceptors($0) })
    }

    func client(serverName: String = "localhost") throws -> RPCClient {
        guard listening != nil else { return RPCClient(inProcess: ports[0]) }
        return try Self.client(port, serverName: serverName)
    }

    static func client(
        _ port: Int, serverName: String = "localhost", silence: TimeAmount = .seconds(30)
    ) throws -> RPCClient {
        var endpoint = RPCEndpoint(
            host: "127.0.0.1", port: port, serverName: serverName,
            authorityFile: TestCertificate.identity.certificateChainFile)
        endpoint.silence = silence
        return try RPCClient(endpoint: endpoint)
    }

    /// On the first loop.
    func heldCalls() async throws -> Int {
        let port = ports[0]
        return try await port.eventLoop.submit { port.heldCalls }.get()
    }

    /// Finishes all calls held on all loops with a message.
    func finishHeld(_ message: [UInt8]) {
        let tokens = log.held.withLock { tokens in
            defer { tokens = [] }
            return tokens
        }
        for port in ports {
            port.eventLoop.execute {
                for token in tokens {
                    message.withUnsafeBytes { port.finish(token, message: $0) }
                }
                port.flushFinished()
            }
        }
    }
}

/// What the dispatchers saw.
final class TestLog: Sendable {
    let held = Mutex<[CallToken]>([])
    let authentications = Mutex(0)
    let epoch = Mutex(1)
    let cancelled = Mutex<[RPCCode]>([])
    /// Calls of `flaky`, and how many of them fail.
    let attempts = Mutex(0)
    let failures = Mutex(0)
    /// Messages that the streams have sent, and received.
    let sent = Mutex(0)
    let received = Mutex(0)
    /// Work of `slow` waits here, and counts itself.
    let gate = Gate()
    let more: [any CallInterceptor & Sendable]

    init(more: [any CallInterceptor & Sendable] = []) { self.more = more }

    func interceptors(_ port: LoopPort) -> [any CallInterceptor] {
        [CallMeter(methods: TestDispatcher.Method.allCases.map(\.path))] + more
    }

    /// At the test's end: a server that stops waits for work that runs.
    func release() { gate.open() }
}

final class TestDispatcher: RPCDispatcher {
    enum Method: Int, CaseIterable {
        case echo, hold, big, open, fail, small, stream, collect, count, stall, flaky, slow

        var path: String { "/test.v1.Test/\(self)" }

        var kind: CallKind {
            switch self {
            case .stream, .stall: .bidirectional
            case .collect: .clientStreaming
            case .count: .serverStreaming
            case .echo, .hold, .big, .open, .fail, .small, .flaky, .slow: .unary
            }
        }
    }

    private let port: LoopPort
    private let log: TestLog

    init(_ port: LoopPort, _ log: TestLog) {
        self.port = port
        self.log = log
    }

    func methodIndex(path: UnsafeRawBufferPointer) -> Int? {
        Method.allCases.first { $0.path.utf8.elementsEqual(path) }?.rawValue
    }

    func maxMessageBytes(method: Int) -> Int {
        method == Method.small.rawValue ? 100 : .max
    }

    func isOpen(method: Int) -> Bool { method == Method.open.rawValue }

    func kind(method: Int) -> CallKind {
        Method(rawValue: method)?.kind ?? .unary
    }

    func open(_ call: borrowing StreamingCall) -> StreamOpening {
        switch Method(rawValue: call.method) {
        case .collect: .handler(CollectHandler(call.writer, log))
        case .count: .handler(CountHandler(call.writer, log))
        case .stall: .handler(StallHandler(log))
        default: .handler(EchoHandler(call.writer, log, call.metadata))
        }
    }

    func authenticate(
        authorization: UnsafeRawBufferPointer?, peer: PeerCertificate?
    ) -> Authentication {
        log.authentications.withLock { $0 += 1 }
        guard let authorization, authorization.elementsEqual(TestServer.key.utf8),
            authenticationEpoch < 100
        else { return .refused(RPCStatus(.unauthenticated, "a key is needed")) }
        return .principal(7)
    }

    var authenticationEpoch: Int { log.epoch.withLock { $0 } }

    func call(
        _ call: borrowing UnaryCall, message: UnsafeRawBufferPointer, reply: inout ReplyBuffer
    ) -> CallOutcome {
        switch Method(rawValue: call.method) {
        case .echo, .open, .small:
            reply.append(message)
            return .replied
        case .hold:
            let token = call.token
            log.held.withLock { $0.append(token) }
            return .held
        case .big:
            let count = 2 * 1024 * 1024
            let memory = reply.reserve(count)
            for index in 0..<count { memory[index] = UInt8(truncatingIfNeeded: index / 1000) }
            reply.commit(count)
            return .replied
        case .fail:
            return .failed(RPCStatus(.aborted, "50% später", details: [1, 2, 3, 255]))
        case .flaky: return flaky()
        case .slow:
            let gate = log.gate
            do throws(WorkRefusal) {
                return try port.pool.serve(call, on: port) { gate.work($0) }
            } catch {
                return .failed(RPCStatus(.resourceExhausted, "\(error)"))
            }
        case .stream, .collect, .count, .stall, nil:
            return .failed(RPCStatus(.unimplemented))
        }
    }
}

extension TestDispatcher {
    private func flaky() -> CallOutcome {
        let attempt = log.attempts.withLock { count in
            count += 1
            return count
        }
        guard attempt <= log.failures.withLock({ $0 }) else { return .replied }
        return .failed(RPCStatus(.unavailable, "attempt \(attempt)"))
    }
}

struct TestPages: PageHandler {
    func respond(to request: PageRequest) async -> PageResponse {
        guard request.path != "/missing" else { return .text(404, "no such page") }
        let seen = request.header("authorization") ?? "-"
        let words = "\(request.method) \(request.target) \(seen) \(request.body.count)"
        return PageResponse(
            status: 200, headers: [("Content-Type", "text/plain"), ("Connection", "close")],
            body: Array(words.utf8))
    }
}

/// The key that the test's dispatcher takes, and more.
func good(_ more: [(name: String, value: String)] = []) -> [(name: String, value: String)] {
    [("authorization", TestServer.key)] + more
}

/// What a call fails with; nil when it doesn't.
func status(of body: () async throws(RPCStatus) -> [UInt8]) async -> RPCStatus? {
    do {
        _ = try await body()
        return nil
    } catch {
        return error
    }
}
