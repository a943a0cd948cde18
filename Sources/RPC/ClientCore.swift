import NIOCore
import Synchronization

/// The half of `RPCClient` that lives on the event loop: the connection and who waits for what.
// Safety: all variables are touched on the loop only; the tags' counter is atomic.
final class ClientCore: RPCCallObserver, @unchecked Sendable {
    enum Reply: Sendable {
        case success(RPCReply)
        case failure(FailedAttempt)

        /// A failure on this side, after which nothing is tried again.
        static func end(_ code: RPCCode, _ message: String) -> Reply {
            .failure(FailedAttempt(status: RPCStatus(code, message), reach: .answered))
        }
    }

    /// Set when the caller's task is cancelled, which may be before its call has begun.
    final class Cancellation: Sendable {
        let isSet = Atomic<Bool>(false)
    }

    struct Request: Sendable {
        var tag: Int
        var path: String
        var message: [UInt8]
        var metadata: [(name: String, value: String)]
        var deadline: NIODeadline?
        let cancellation: Cancellation
    }

    private struct Waiting {
        var continuation: CheckedContinuation<Reply, Never>
        var timer: Scheduled<Void>?
        var connection: RPCConnection?
        var stream: Int32?
    }

    let loop: RPCClientLoop
    private let tags = Atomic<Int>(0)
    private var waiting: [Int: Waiting] = [:]
    private var connection: RPCConnection?
    private var connecting: EventLoopFuture<RPCConnection>?
    private var isClosed = false

    init(_ loop: RPCClientLoop) {
        self.loop = loop
    }

    func makeTag() -> Int { tags.wrappingAdd(1, ordering: .relaxed).newValue }

    func begin(_ request: Request, _ continuation: CheckedContinuation<Reply, Never>) {
        let tag = request.tag
        guard !request.cancellation.isSet.load(ordering: .acquiring) else {
            return continuation.resume(returning: .end(.cancelled, "the call was cancelled"))
        }
        var entry = Waiting(continuation: continuation)
        if let deadline = request.deadline, !loop.isInProcess {
            entry.timer = loop.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) {
                [weak self] in
                self?.giveUp(tag, .deadlineExceeded, "the deadline passed")
            }
        }
        waiting[tag] = entry
        withConnection { [self] result in
            switch result {
            case .success(let connection): send(request, connection)
            case .failure(let status):
                finish(tag, .failure(FailedAttempt(status: status, reach: .unanswered)))
            }
        }
    }

    private func send(_ request: Request, _ connection: RPCConnection) {
        guard waiting[request.tag] != nil else { return }
        let stream = request.message.withUnsafeBytes { message in
            connection.start(
                path: request.path, metadata: request.metadata,
                timeout: request.deadline.map { $0 - .now() }, message: message, tag: request.tag)
        }
        guard let stream else {
            let status = RPCStatus(.unavailable, "the connection was closed")
            return finish(
                request.tag, .failure(FailedAttempt(status: status, reach: .unprocessed)))
        }
        waiting[request.tag]?.connection = connection
        waiting[request.tag]?.stream = stream
        connection.flush()
    }

    func open(
        _ core: ClientStreamCore, path: String, metadata: [(name: String, value: String)],
        deadline: NIODeadline?
    ) {
        guard !core.isOver else { return }
        if let deadline { core.setTimer(deadline) }
        withConnection { result in
            guard !core.isOver else { return }
            switch result {
            case .failure(let status): core.giveUp(status)
            case .success(let connection):
                let stream = connection.open(
                    path: path, metadata: metadata, timeout: deadline.map { $0 - .now() }, core)
                if let stream {
                    core.begin(stream, connection)
                } else {
                    core.giveUp(RPCStatus(.unavailable, "the connection was closed"))
                }
            }
        }
    }

    /// Now, if there is a connection; else once one is made, or can't be.
    private func withConnection(_ body: @escaping (Result<RPCConnection, RPCStatus>) -> Void) {
        guard !isClosed else {
            return body(.failure(RPCStatus(.unavailable, "the client is closed")))
        }
        if let connection, connection.isOpen { return body(.success(connection)) }
        connect().assumeIsolated().whenComplete { result in
            body(
                result.mapError {
                    $0 as? RPCStatus ?? RPCStatus(.unavailable, "cannot connect: \($0)")
                })
        }
    }

    private func connect() -> EventLoopFuture<RPCConnection> {
        if let connecting { return connecting }
        let attempt = loop.connect()
        connecting = attempt
        attempt.assumeIsolated().whenComplete { [self] result in
            connecting = nil
            guard case .success(let made) = result else { return }
            made.observer = self
            connection = made
            if isClosed { made.close() }
        }
        return attempt
    }

    func callEnded(_ end: borrowing RPCCallEnd, message: UnsafeRawBufferPointer) {
        guard end.code == .ok else {
            let failed = FailedAttempt(
                status: end.status, reach: end.reach, pushback: end.pushback)
            return finish(end.tag, .failure(failed))
        }
        let reply = RPCReply(
            message: Array(message), initialMetadata: end.initialMetadata,
            trailingMetadata: end.trailingMetadata)
        finish(end.tag, .success(reply))
    }

    /// Ends a call from this side; the server is told.
    func giveUp(_ tag: Int, _ code: RPCCode, _ reason: String) {
        guard let entry = waiting[tag] else { return }
        if let stream = entry.stream { entry.connection?.cancel(stream) }
        finish(tag, .end(code, reason))
        entry.connection?.flush()
    }

    private func finish(_ tag: Int, _ reply: Reply) {
        guard let entry = waiting.removeValue(forKey: tag) else { return }
        entry.timer?.cancel()
        entry.continuation.resume(returning: reply)
    }

    func close() {
        isClosed = true
        connection?.close()
        connection = nil
        for tag in Array(waiting.keys) { finish(tag, .end(.unavailable, "the client is closed")) }
    }
}
