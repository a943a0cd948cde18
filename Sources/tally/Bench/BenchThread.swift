internal import NIOCore
internal import NIOPosix
internal import RPC

/// The one thread that a load runs on, and as whom it calls.
struct BenchThread {
    let loop: RPCClientLoop
    let key: String

    static func with<Result: Sendable>(
        _ flags: ServerFlags, _ body: (BenchThread) async throws -> Result
    ) async throws -> Result {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let thread: BenchThread
        do {
            let loop = try RPCClientLoop(
                eventLoop: group.next(), endpoint: try flags.endpoint())
            thread = BenchThread(loop: loop, key: try flags.key())
        } catch let fault as TLSFault {
            throw CommandFault("cannot use TLS: \(fault)", exit: .usage)
        }
        do {
            let result = try await body(thread)
            try? await group.shutdownGracefully()
            return result
        } catch let fault as CommandFault {
            throw fault
        } catch {
            let status = error as? RPCStatus ?? RPCStatus(.unavailable, "\(error)")
            throw CommandFault(
                CallFailure(status).text(server: try flags.address()), exit: .unavailable)
        }
    }
}

extension ServerFlags {
    /// `--timeout`.
    var patience: TimeAmount { .nanoseconds(Int64(timeout * 1e9)) }
}
