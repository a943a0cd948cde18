import NIOCore
package import NIOPosix
import Synchronization

/// Calls, one `await` each, over one connection that is made when first needed and made again
/// when it was lost.
package final class RPCClient: Sendable {
    private let core: ClientCore

    package init(
        endpoint: RPCEndpoint,
        group: MultiThreadedEventLoopGroup = .singleton
    ) throws {
        core = ClientCore(try RPCClientLoop(eventLoop: group.next(), endpoint: endpoint))
    }

    /// To a loop of a server within this process: neither sockets nor TLS. `peer`: whose
    /// certificate the server is to see, as it was verified elsewhere.
    package init(inProcess port: LoopPort, peer: PeerCertificate? = nil) {
        core = ClientCore(RPCClientLoop(inProcess: port, peer: peer))
    }

    /// One unary call's message; see `reply`.
    package func call(
        path: String, message: [UInt8], metadata: [(name: String, value: String)] = [],
        deadline: Duration? = nil, retry: RetryPolicy? = nil
    ) async throws(RPCStatus) -> [UInt8] {
        try await reply(
            path: path, message: message, metadata: metadata, deadline: deadline, retry: retry
        ).message
    }

    /// `path` is `/package.Service/Method`. A `deadline` is told to the server and kept here, for
    /// all attempts together. Cancelling the task cancels the call. `retry`: for calls that may
    /// be made twice; without it only what no server has begun is tried again.
    package func reply(
        path: String, message: [UInt8], metadata: [(name: String, value: String)] = [],
        deadline: Duration? = nil, retry: RetryPolicy? = nil
    ) async throws(RPCStatus) -> RPCReply {
        let deadline = deadline.map { NIODeadline.now() + TimeAmount($0) }
        var attempts = RetryAttempts(retry)
        while true {
            switch await attempt(path, message, metadata, deadline) {
            case .success(let reply): return reply
            case .failure(let failed):
                let delay = attempts.delay(
                    after: failed, left: deadline.map { $0 - .now() },
                    spread: .random(in: 0..<1))
                guard let delay else { throw failed.status }
                do {
                    try await Task.sleep(for: .nanoseconds(delay.nanoseconds))
                } catch {
                    throw RPCStatus(.cancelled, "the call was cancelled")
                }
            }
        }
    }

    private func attempt(
        _ path: String, _ message: [UInt8], _ metadata: [(name: String, value: String)],
        _ deadline: NIODeadline?
    ) async -> ClientCore.Reply {
        let core = core
        let tag = core.makeTag()
        let cancellation = ClientCore.Cancellation()
        let request = ClientCore.Request(
            tag: tag, path: path, message: message, metadata: metadata, deadline: deadline,
            cancellation: cancellation)
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                core.loop.eventLoop.execute { core.begin(request, continuation) }
            }
        } onCancel: {
            cancellation.isSet.store(true, ordering: .releasing)
            core.loop.eventLoop.execute {
                core.giveUp(tag, .cancelled, "the call was cancelled")
            }
        }
    }

    /// A streaming call of any kind, at once: when it can't be made, its `next` tells. Keep the
    /// client as long: its end is the connection's.
    package func stream(
        path: String, metadata: [(name: String, value: String)] = [], deadline: Duration? = nil
    ) -> RPCStream {
        let core = core
        let deadline = deadline.map { NIODeadline.now() + TimeAmount($0) }
        let call = ClientStreamCore(core.loop.eventLoop)
        core.loop.eventLoop.execute {
            core.open(call, path: path, metadata: metadata, deadline: deadline)
        }
        return RPCStream(call)
    }

    deinit {
        let core = core
        core.loop.eventLoop.execute { core.close() }
    }

    /// Calls in progress end with UNAVAILABLE.
    package func close() async {
        let core = core
        try? await core.loop.eventLoop.submit { core.close() }.get()
    }
}

/// What a unary call that went well came back with.
package struct RPCReply: Sendable {
    package var message: [UInt8]
    package var initialMetadata: RPCMetadata
    package var trailingMetadata: RPCMetadata
}
