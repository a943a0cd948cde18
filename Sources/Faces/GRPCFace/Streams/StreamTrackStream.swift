internal import Billing
internal import RPC
internal import Repository
internal import Usage
internal import Wire

/// `StreamTrack`: reports are executed as they come, and answered in their order once their commits
/// are durable. Confined to its loop.
final class StreamTrackStream: StreamHandler {
    /// Reports that are executed and not answered yet. At the limit the client is held back.
    private static let window = 256

    private struct Pending {
        var point: CommitPoint
        var work: Work
    }

    private enum Work {
        case answer([UInt8])
        /// The report repeats one whose commit was not durable yet: executed again then.
        case again([UInt8])
    }

    private let loop: EnvironmentLoop
    private let workspace: Workspace
    private let writer: StreamWriter
    private var pending: [Pending] = []
    private var isPaused = false
    private var isHalfClosed = false
    /// The client reads slower than it writes; wait for `writable`.
    private var isBlocked = false

    init(_ loop: EnvironmentLoop, _ workspace: Workspace, _ writer: StreamWriter) {
        self.loop = loop
        self.workspace = workspace
        self.writer = writer
    }

    var isWaiting: Bool { !pending.isEmpty && !isBlocked }

    func received(_ message: UnsafeRawBufferPointer) -> StreamDemand {
        do throws(RPCStatus) {
            pending.append(try execute(message))
        } catch {
            end(error)
            return .pause
        }
        loop.wait(self)
        advance()
        isPaused = pending.count >= StreamTrackStream.window
        return isPaused ? .pause : .more
    }

    func halfClosed() {
        isHalfClosed = true
        advance()
    }

    func writable() {
        isBlocked = false
        advance()
        if isWaiting { loop.wait(self) }
    }

    func cancelled(_ reason: RPCStatus) {
        pending = []
        loop.forget(self)
    }

    /// Answers what is durable by now.
    func advance() {
        var sent = 0
        while sent < pending.count, !isBlocked, loop.isDurable(pending[sent].point) {
            switch pending[sent].work {
            case .answer(let bytes):
                isBlocked = !writer.send(bytes)
                sent += 1
            case .again(let message):
                do throws(RPCStatus) {
                    pending[sent] = try message.withUnsafeBufferPointer {
                        (bytes) throws(RPCStatus) in try execute(UnsafeRawBufferPointer(bytes))
                    }
                } catch {
                    return end(error)
                }
            }
        }
        pending.removeFirst(sent)
        if pending.isEmpty, isHalfClosed {
            loop.forget(self)
            return writer.finish()
        }
        if isPaused, pending.count < StreamTrackStream.window / 2 {
            isPaused = false
            writer.resume()
        }
    }

    /// The log ended: what wasn't answered must be sent again.
    func abandon(_ status: RPCStatus) { end(status) }

    private func end(_ status: RPCStatus) {
        pending = []
        loop.forget(self)
        writer.finish(status)
    }

    private func execute(_ message: UnsafeRawBufferPointer) throws(RPCStatus) -> Pending {
        workspace.reset()
        let call: StreamTrackCall
        do throws(CallFault) {
            call = try loop.reader(workspace.arena).streamTrack(message)
        } catch {
            throw RPCStatus(error)
        }
        switch call.track {
        case .failure(let fault): return refused(call.requestID, .init(fault))
        case .success(let track):
            do throws(ExecuteFault) {
                switch try loop.usage.track(track, names: loop.names, in: workspace) {
                case .again(let point):
                    return Pending(point: point, work: .again(Array(message)))
                case .awaiting:
                    // A card may take a minute, and the events behind it don't wait so long.
                    return refused(call.requestID, RPCRefusal(.purchaseInProgress))
                case .done(let outcome):
                    let bytes = streamTracked(call.requestID, reply: outcome.message)
                    return Pending(point: outcome.point, work: .answer(bytes))
                }
            } catch .refused(let refusal) {
                return refused(call.requestID, RPCRefusal(refusal))
            } catch {
                throw RPCStatus(error)
            }
        }
    }

    private func refused(_ requestID: String, _ refusal: RPCRefusal) -> Pending {
        let bytes = streamRefused(
            requestID, code: refusal.code.rawValue, reason: refusal.reason,
            message: refusal.message)
        return Pending(point: .now, work: .answer(bytes))
    }
}
