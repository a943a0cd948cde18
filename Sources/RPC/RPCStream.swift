import NIOCore

/// A streaming call, of any of the three kinds, for a task. Messages that came wait in memory up
/// to a limit; beyond it the server is held back. Cancelling the task, or dropping this, cancels
/// the call. Nothing is retried: what a stream's user has seen, only the user knows.
package final class RPCStream: Sendable {
    private let core: ClientStreamCore

    init(_ core: ClientStreamCore) {
        self.core = core
    }

    deinit { core.cancel() }

    /// Returns when there is room for more. False: the call is over; `next` tells how it ended.
    @discardableResult
    package func send(_ message: [UInt8]) async -> Bool {
        let core = core
        return await withTaskCancellationHandler {
            await withCheckedContinuation { core.send(message, $0) }
        } onCancel: {
            core.cancel()
        }
    }

    /// No more messages.
    package func finishSending() { core.finishSending() }

    /// The next message; nil: the call ended well. One reader at a time.
    package func next() async throws(RPCStatus) -> [UInt8]? {
        let core = core
        let step = await withTaskCancellationHandler {
            await withCheckedContinuation { core.next($0) }
        } onCancel: {
            core.cancel()
        }
        switch step {
        case .message(let message): return message
        case .ended(let status):
            guard status.code == .ok else { throw status }
            return nil
        }
    }

    package func cancel() { core.cancel() }

    /// Known from the first message on, at the latest.
    package var initialMetadata: RPCMetadata { core.metadata.initial }

    /// Known once `next` has told of the end.
    package var trailingMetadata: RPCMetadata { core.metadata.trailing }
}
