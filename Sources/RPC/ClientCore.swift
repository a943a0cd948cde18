import NIOCore
import Synchronization

/// The half of `RPCClient` that lives on the event loop: the connection and who waits for what.
// Safety: all variables are touched on the loop only; the tags' counter is atomic.
final class ClientCore: RPCCallObserver, @unchecked Sendable {
    typealias Reply = Result<[UInt8], RPCStatus>

    /// Set when the caller's task is cancelled, which may be before its call has begun.
    final class Cancellation: Sendable {
        let isSet = Atomic<Bool>(false)
    }

    struct Request: Sendable {
        var tag: Int
        var path: String
        var message: [UInt8]
        var metadata: [(name: String, value: String)]
        var timeout: TimeAmount?
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
            return continuation.resume(
                returning: .failure(RPCStatus(.cancelled, "the call was cancelled")))
        }
        guard !isClosed else {
            return continuation.resume(
                returning: .failure(RPCStatus(.unavailable, "the client is closed")))
        }
        var entry = Waiting(continuation: continuation)
        let end = request.timeout.map { NIODeadline.now() + $0 }
        if let end {
            entry.timer = loop.eventLoop.assumeIsolated().scheduleTask(deadline: end) {
                [weak self] in
                self?.giveUp(tag, RPCStatus(.deadlineExceeded, "the deadline passed"))
            }
        }
        waiting[tag] = entry
        if let connection, connection.isOpen { return send(request, end, connection) }
        connect().assumeIsolated().whenComplete { [self] result in
            switch result {
            case .success(let connection): send(request, end, connection)
            case .failure(let error):
                let status =
                    error as? RPCStatus ?? RPCStatus(.unavailable, "cannot connect: \(error)")
                finish(tag, .failure(status))
            }
        }
    }

    private func send(_ request: Request, _ end: NIODeadline?, _ connection: RPCConnection) {
        guard waiting[request.tag] != nil else { return }
        let stream = request.message.withUnsafeBytes { message in
            connection.start(
                path: request.path, metadata: request.metadata,
                timeout: end.map { $0 - .now() }, message: message, tag: request.tag)
        }
        guard let stream else {
            let status = RPCStatus(.unavailable, "the connection was closed")
            return finish(request.tag, .failure(status))
        }
        waiting[request.tag]?.connection = connection
        waiting[request.tag]?.stream = stream
        connection.flush()
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
        finish(end.tag, end.code == .ok ? .success(Array(message)) : .failure(end.status))
    }

    /// Ends a call from this side; the server is told.
    func giveUp(_ tag: Int, _ status: RPCStatus) {
        guard let entry = waiting[tag] else { return }
        if let stream = entry.stream { entry.connection?.cancel(stream) }
        finish(tag, .failure(status))
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
        for tag in Array(waiting.keys) {
            finish(tag, .failure(RPCStatus(.unavailable, "the client is closed")))
        }
    }
}
