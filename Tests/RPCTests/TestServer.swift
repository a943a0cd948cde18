import NIOCore
import Synchronization

@testable import RPC

/// A server on a free port with a dispatcher of a few methods, for the length of one test.
struct TestServer {
    let server: RPCServer
    let port: Int
    let log: TestLog

    static let key = "Bearer good"

    static func with(
        limits: RPCLimits = RPCLimits(), loops: Int = 1,
        _ body: (TestServer) async throws -> Void
    ) async throws {
        let log = TestLog()
        let listener = RPCListener(
            port: 0, identity: TestCertificate.identity, pages: TestPages())
        let server = RPCServer(
            configuration: RPCConfiguration(
                listeners: [listener], eventLoops: loops, limits: limits),
            makeDispatcher: { TestDispatcher($0, log) })
        let port = try await server.start()[0]
        do {
            try await body(TestServer(server: server, port: port, log: log))
        } catch {
            await server.shutdown(grace: .zero)
            throw error
        }
        await server.shutdown(grace: .zero)
    }

    func client(serverName: String = "localhost") throws -> RPCClient {
        try RPCClient(
            endpoint: RPCEndpoint(
                host: "127.0.0.1", port: port, serverName: serverName,
                authorityFile: TestCertificate.identity.certificateChainFile))
    }

    /// Finishes all calls held on all loops with a message.
    func finishHeld(_ message: [UInt8]) {
        let tokens = log.held.withLock { tokens in
            defer { tokens = [] }
            return tokens
        }
        for port in server.ports {
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
}

final class TestDispatcher: RPCDispatcher {
    enum Method: Int, CaseIterable {
        case echo, hold, big, open, fail, small, stream

        var path: String { "/test.v1.Test/\(self)" }
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
        method == Method.stream.rawValue ? .bidirectional : .unary
    }

    func open(_ call: borrowing StreamingCall) -> StreamOpening {
        .handler(EchoHandler(call.writer, log, call.metadata))
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
        case .stream, nil:
            return .failed(RPCStatus(.unimplemented))
        }
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

/// Sends each message back, and pauses while there is no room. A message of one byte asks for so
/// many messages of 10,000 bytes.
private final class EchoHandler: StreamHandler {
    private let writer: StreamWriter
    private let log: TestLog
    private let metadata: RPCMetadata
    private var left = 0
    private var hasEnded = false

    init(_ writer: StreamWriter, _ log: TestLog, _ metadata: RPCMetadata) {
        self.writer = writer
        self.log = log
        self.metadata = metadata
    }

    func received(_ message: UnsafeRawBufferPointer) -> StreamDemand {
        if message.count == 1 {
            left += Int(message[0])
            return proceed() ? .more : .pause
        }
        return writer.send(message) ? .more : .pause
    }

    private func proceed() -> Bool {
        let piece = [UInt8](repeating: 7, count: 10_000)
        while left > 0 {
            left -= 1
            if !writer.send(piece) { return false }
        }
        return true
    }

    func writable() {
        guard proceed() else { return }
        if hasEnded { end() } else { writer.resume() }
    }

    func halfClosed() {
        hasEnded = true
        if left == 0 { end() }
    }

    private func end() {
        var trailing = RPCMetadata()
        for value in metadata["x-echo-bin"] { trailing.add("x-echo-bin", value) }
        writer.finish(trailing: trailing)
    }

    func cancelled(_ reason: RPCStatus) { log.cancelled.withLock { $0.append(reason.code) } }
}
