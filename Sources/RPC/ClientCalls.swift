import CNGHTTP2
import NIOCore

/// The calls of one client connection: requests in, the session's events out to the observer and
/// the streams' readers. Confined to its loop; knows no socket.
final class ClientCalls {
    let session: HTTP2Session
    /// Kept until the end, with the prepared fields that the session points to.
    var connection: RPCConnection?
    /// The most bytes of a response; of a stream's: of each message.
    var limit = 16 * 1024 * 1024
    let state: UnsafeMutablePointer<HTTP2State>
    /// Read once for each burst.
    private var now = NIODeadline.now()

    init(_ workshop: HTTP2Workshop) {
        var settings = HTTP2Session.Settings()
        settings.maxHeaderListBytes = 64 * 1024
        settings.streamWindowBytes = 1024 * 1024
        settings.connectionWindowBytes = 4 * 1024 * 1024
        session = HTTP2Session(isServer: false, settings: settings, workshop: workshop)
        state = session.state
    }

    var openCalls: Int { state.pointee.openCount }
    var isLeaving: Bool { state.pointee.peerIsLeaving }

    func start(_ fields: PreparedFields, _ message: UnsafeRawBufferPointer, _ tag: Int) -> Int32? {
        let stream = state.pointee.open(0)
        stream.pointee.tag = tag
        stream.pointee.started = .now()
        let prefix = stream.pointee.reply.reserve(GRPCFraming.prefixBytes + message.count)
        GRPCFraming.writePrefix(prefix, length: message.count)
        stream.pointee.reply.commit(GRPCFraming.prefixBytes)
        stream.pointee.reply.append(message)
        guard let id = session.submitRequest(stream, fields) else {
            state.pointee.release(stream)
            return nil
        }
        stream.pointee.id = id
        return id
    }

    func cancel(_ id: Int32) { session.reset(id, code: NGHTTP2_CANCEL.rawValue) }

    /// False: the connection must end.
    func receive(_ bytes: UnsafeRawBufferPointer) -> Bool {
        let fine = session.receive(bytes)
        now = .now()
        drain()
        return fine
    }

    func fill(_ output: UnsafeMutablePointer<RawBytes>, limit: Int) -> Bool {
        guard session.fill(output, limit: limit) else { return false }
        drain()
        return true
    }

    /// The connection is gone: so are the calls.
    func abandon(_ reason: String) {
        now = .now()
        while let stream = state.pointee.firstOpen {
            if !stream.pointee.flags.contains(.answered) {
                end(stream, .unavailable, reason, isUnprocessed: stream.pointee.bytesOut == 0)
            }
            if let call = stream.pointee.clientStream {
                release(stream, call)
            } else {
                state.pointee.release(stream)
            }
        }
    }

    private func drain() {
        var index = 0
        while index < state.pointee.events.count {
            let event = state.pointee.events[index]
            let stream = event.stream
            index += 1
            switch event.kind {
            case .finishedEarly: break
            case .began: opened(stream)
            case .writable: stream.pointee.clientStream?.reader?.writable()
            case .data:
                if let call = stream.pointee.clientStream {
                    take(stream, call, event.bytes)
                    continue
                }
                session.consume(event.count, of: stream.pointee.id)
                if stream.pointee.body.count == 0, index < state.pointee.events.count {
                    let next = state.pointee.events[index]
                    if next.kind == .ended, next.stream == stream {
                        index += 1
                        complete(stream, event.bytes)
                        continue
                    }
                }
                collect(stream, event.bytes)
            case .ended:
                if let call = stream.pointee.clientStream {
                    ended(stream, call)
                } else {
                    complete(stream, stream.pointee.body.bytes)
                }
            case .closed:
                let code = UInt32(event.count)
                if let call = stream.pointee.clientStream {
                    closed(stream, call, code: code)
                } else {
                    endClosed(stream, code: code)
                    state.pointee.release(stream)
                }
            }
        }
        state.pointee.events.removeAll()
        session.consumeConnection()
    }

    private func collect(_ stream: StreamReference, _ bytes: UnsafeRawBufferPointer) {
        guard !stream.pointee.flags.contains(.answered) else { return }
        guard stream.pointee.body.count + bytes.count <= limit else {
            cancel(stream.pointee.id)
            return end(stream, .resourceExhausted, "the response is too large")
        }
        stream.pointee.body.append(bytes)
    }

    private func complete(_ stream: StreamReference, _ bytes: UnsafeRawBufferPointer) {
        guard !stream.pointee.flags.contains(.answered) else { return }
        let (code, reason) = verdict(stream)
        guard code == .ok else { return end(stream, code, reason) }
        switch GRPCFraming.unary(bytes, limit: limit) {
        case .message where bytes[0] != 0:
            end(stream, .internalError, "the response is compressed, which wasn't asked for")
        case .message(let range):
            end(stream, .ok, "", UnsafeRawBufferPointer(rebasing: bytes[range]))
        case .failed(let status):
            end(stream, .internalError, status.message)
        }
    }

    /// How the server says that the call ended.
    func verdict(_ stream: StreamReference) -> (RPCCode, String) {
        if let code = RPCCode(rawValue: stream.pointee.status) { return (code, "") }
        let status = RPCStatus.fromHTTP(status: stream.pointee.httpStatus)
        let isHTTPFine = stream.pointee.httpStatus == 200
        return (status.code, isHTTPFine ? "the response has no grpc-status" : status.message)
    }

    /// A stream that closed before the server said how the call ended.
    func endClosed(_ stream: StreamReference, code: UInt32) {
        guard !stream.pointee.flags.contains(.answered) else { return }
        switch code {
        case NGHTTP2_REFUSED_STREAM.rawValue:
            end(stream, .unavailable, "the server refused the stream", isUnprocessed: true)
        case NGHTTP2_CANCEL.rawValue:
            end(stream, .cancelled, "the call was cancelled")
        case NGHTTP2_ENHANCE_YOUR_CALM.rawValue:
            end(stream, .resourceExhausted, "the server asks to calm down")
        case _ where isLeaving && stream.pointee.bytesOut == 0:
            // It waited for its turn, and was overtaken by the server's farewell.
            end(stream, .unavailable, "the server is leaving", isUnprocessed: true)
        default:
            end(stream, .internalError, "the stream was reset, code \(code)")
        }
    }

    func end(
        _ stream: StreamReference, _ code: RPCCode, _ reason: String,
        _ message: UnsafeRawBufferPointer = UnsafeRawBufferPointer(start: nil, count: 0),
        isUnprocessed: Bool = false
    ) {
        guard !stream.pointee.flags.contains(.answered) else { return }
        stream.pointee.flags.insert(.answered)
        let end = RPCCallEnd(
            tag: stream.pointee.tag, code: code, latency: now - stream.pointee.started,
            stream: stream, reason: reason, isUnprocessed: isUnprocessed)
        if let call = stream.pointee.clientStream {
            detachReader(call)?.ended(end)
        } else {
            connection?.observer?.callEnded(end, message: message)
        }
    }
}
