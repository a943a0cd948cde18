import NIOCore
package import NIOPosix
import Synchronization

/// Unary calls, one `await` each, over one connection that is made when first needed and made
/// again when it was lost. Nothing is retried: what the server has seen of a call isn't known.
package final class RPCClient: Sendable {
    private let core: ClientCore

    package init(
        endpoint: RPCEndpoint,
        group: MultiThreadedEventLoopGroup = .singleton
    ) throws {
        core = ClientCore(try RPCClientLoop(eventLoop: group.next(), endpoint: endpoint))
    }

    /// `path` is `/package.Service/Method`. A `deadline` is told to the server and kept here.
    /// Cancelling the task cancels the call.
    package func call(
        path: String, message: [UInt8], metadata: [(name: String, value: String)] = [],
        deadline: Duration? = nil
    ) async throws(RPCStatus) -> [UInt8] {
        let core = core
        let tag = core.makeTag()
        let cancellation = ClientCore.Cancellation()
        let request = ClientCore.Request(
            tag: tag, path: path, message: message, metadata: metadata,
            timeout: deadline.map { TimeAmount($0) }, cancellation: cancellation)
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                core.loop.eventLoop.execute { core.begin(request, continuation) }
            }
        } onCancel: {
            cancellation.isSet.store(true, ordering: .releasing)
            core.loop.eventLoop.execute {
                core.giveUp(tag, RPCStatus(.cancelled, "the call was cancelled"))
            }
        }
        return try result.get()
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
