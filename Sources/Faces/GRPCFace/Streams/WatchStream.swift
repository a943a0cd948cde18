internal import Billing
internal import Entitlement
internal import NIOCore
internal import RPC
internal import Repository
internal import Wire

/// `WatchCustomer`: a customer now, and again after each durable change. Changes that come while
/// the client is busy reading are shown as one.
final class WatchStream: StreamHandler {
    private let loop: EnvironmentLoop
    private let workspace: Workspace
    private let writer: StreamWriter
    private var task: Task<Void, Never>?
    private var shown: UInt64?
    private var isBlocked = false
    private var changedMeanwhile = false
    private var customer: CustomerID?

    init(_ loop: EnvironmentLoop, _ workspace: Workspace, _ writer: StreamWriter) {
        self.loop = loop
        self.workspace = workspace
        self.writer = writer
    }

    func received(_ message: UnsafeRawBufferPointer) -> StreamDemand {
        workspace.reset()
        do throws(CallFault) {
            let call = try loop.reader(workspace.arena).watchCustomer(message)
            customer = call.customer
            shown = call.shown
            watch(call.customer)
        } catch {
            writer.finish(RPCStatus(error))
        }
        return .more
    }

    func halfClosed() {}

    func writable() {
        isBlocked = false
        if changedMeanwhile { show() }
    }

    func cancelled(_ reason: RPCStatus) { task?.cancel() }

    /// The first nudge comes at once: every look follows a nudge.
    private func watch(_ customer: CustomerID) {
        let nudges = loop.entitlement.changes(of: customer)
        let port = writer.port
        let reference = Reference(self)
        task = Task {
            for await _ in nudges { port.eventLoop.execute { reference.stream?.show() } }
            port.eventLoop.execute { reference.stream?.drain() }
        }
    }

    /// The server is stopping, or the caller has gone.
    private func drain() {
        writer.finish(
            .refused(.unavailable, "SHUTTING_DOWN", "the server is stopping; watch again"))
        writer.flush()
    }

    private func show() {
        guard !isBlocked else { return changedMeanwhile = true }
        guard let customer else { return }
        changedMeanwhile = false
        workspace.reset()
        do throws(ExecuteFault) {
            let (message, point) = try loop.entitlement.watched(
                customer, names: loop.names, in: workspace)
            // Of something that isn't durable yet nothing is shown: a nudge comes when it is.
            guard loop.isDurable(point), point.sequence != shown else { return }
            shown = point.sequence
            isBlocked = !writer.send(message)
        } catch {
            task?.cancel()
            writer.finish(RPCStatus(error))
        }
        writer.flush()
    }

    /// For tasks: looked into on the loop only.
    // Safety: `stream` is read on the loop that owns it.
    private final class Reference: @unchecked Sendable {
        weak var stream: WatchStream?

        init(_ stream: WatchStream) { self.stream = stream }
    }
}
