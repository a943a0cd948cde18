import CNGHTTP2
import NIOCore

/// The program's side of one streaming call that a client makes. Called on the connection's loop,
/// never while another of its functions runs, and not after `ended`.
protocol ClientStreamHandler: AnyObject {
    /// Initial metadata. A call that ends at once has none.
    func opened(_ metadata: RPCMetadata)

    /// `message` is valid during the call only. After `.pause` nothing comes before
    /// `ClientStream.resume`; the server is held back meanwhile.
    func received(_ message: UnsafeRawBufferPointer) -> StreamDemand

    /// After `send` returned false: there is room again.
    func writable()

    /// Once, after the last message.
    func ended(_ end: borrowing RPCCallEnd)
}

/// A streaming call of a client. What is sent leaves with the connection's next `flush`. Confined
/// to its loop; outlives its call harmlessly.
final class ClientStream: StreamCall {
    fileprivate(set) var reader: (any ClientStreamHandler)?
    fileprivate unowned let calls: ClientCalls
    /// Nil: the call is over, and its memory somebody else's.
    fileprivate var stream: StreamReference?
    /// The stream is closed, but the reader hasn't taken everything yet.
    fileprivate var isClosed = false

    fileprivate init(
        _ calls: ClientCalls, _ stream: StreamReference, _ reader: any ClientStreamHandler
    ) {
        self.calls = calls
        self.stream = stream
        self.reader = reader
        super.init(nil, kind: .bidirectional)
        isHeaded = true
    }

    /// True: there is room for more. False: the message was taken, but wait for `writable` before
    /// the next; or the call is gone.
    func send(_ message: UnsafeRawBufferPointer) -> Bool {
        guard let stream, !isHalfClosed, !stream.pointee.flags.contains(.answered) else {
            return false
        }
        let prefix = stream.pointee.reply.reserve(GRPCFraming.prefixBytes + message.count)
        GRPCFraming.writePrefix(prefix, length: message.count)
        stream.pointee.reply.commit(GRPCFraming.prefixBytes)
        stream.pointee.reply.append(message)
        wake(stream)
        if stream.pointee.queuedBytes > StreamCall.queuedBytes { isFull = true }
        return !isFull
    }

    /// No more messages.
    func halfClose() {
        guard let stream, !isHalfClosed else { return }
        isHalfClosed = true
        wake(stream)
    }

    private func wake(_ stream: StreamReference) {
        guard isDeferred else { return }
        isDeferred = false
        calls.session.resumeData(stream.pointee.id)
    }

    /// After the reader asked for a pause.
    func resume() {
        guard let stream, demand == .pause else { return }
        demand = .more
        calls.deliver(stream, self)
    }

    /// Ends the call from this side; the server is told, and the reader.
    func cancel(_ status: RPCStatus) {
        guard let stream else { return }
        calls.end(stream, status.code, status.message)
        if isClosed { return calls.release(stream, self) }
        calls.session.reset(stream.pointee.id, code: NGHTTP2_CANCEL.rawValue)
    }
}

extension HTTP2Stream {
    /// On a client every streaming call is one.
    var clientStream: ClientStream? {
        streamCall.map { unsafeDowncast($0, to: ClientStream.self) }
    }
}

// MARK: - What the session's events mean to it

extension ClientCalls {
    /// Nil: the connection takes no more calls.
    func open(
        _ fields: PreparedFields, _ reader: any ClientStreamHandler, _ tag: Int
    ) -> ClientStream? {
        let stream = state.pointee.open(0)
        stream.pointee.tag = tag
        stream.pointee.started = .now()
        let call = ClientStream(self, stream, reader)
        stream.pointee.attach(call)
        guard let id = session.submitStreamRequest(stream, fields) else {
            call.stream = nil
            state.pointee.release(stream)
            return nil
        }
        stream.pointee.id = id
        return call
    }

    func opened(_ stream: StreamReference) {
        guard !stream.pointee.flags.contains(.answered) else { return }
        let range = 0..<stream.pointee.initialHeaderBytes
        let metadata = RPCMetadata(stream.pointee.headers, range)
        stream.pointee.clientStream?.reader?.opened(metadata)
    }

    func take(
        _ stream: StreamReference, _ call: ClientStream, _ bytes: UnsafeRawBufferPointer
    ) {
        call.withheld += bytes.count
        if isMessages(stream) { stream.pointee.body.append(bytes) }
        deliver(stream, call)
    }

    /// What a proxy has to say is no message.
    private func isMessages(_ stream: StreamReference) -> Bool {
        stream.pointee.flags.contains(.isGRPC) && stream.pointee.httpStatus == 200
            && !stream.pointee.flags.contains(.answered)
    }

    /// As many whole messages as the reader wants, and the end if it is due; then the server is
    /// given their room back.
    fileprivate func deliver(_ stream: StreamReference, _ call: ClientStream) {
        guard !call.isDelivering else { return }
        call.isDelivering = true
        var at = 0
        while call.demand == .more, !stream.pointee.flags.contains(.answered) {
            let rest = UnsafeRawBufferPointer(rebasing: stream.pointee.body.bytes[at...])
            switch GRPCFraming.next(rest, limit: limit) {
            case .message(false, let range):
                at += range.upperBound
                let message = UnsafeRawBufferPointer(rebasing: rest[range])
                call.demand = call.reader?.received(message) ?? .more
                continue
            case .message(true, _):
                breakOff(stream, "a message is compressed, which wasn't asked for")
            case .failed(let status): breakOff(stream, status.message, status.code)
            case .incomplete: break
            }
            break
        }
        stream.pointee.body.removeFirst(at)
        call.isDelivering = false
        settle(stream, call)
        if call.hasEnded { tellEnd(stream, call) }
    }

    private func settle(_ stream: StreamReference, _ call: ClientStream) {
        let kept = call.demand == .more ? 0 : min(call.withheld, stream.pointee.body.count)
        let free = call.withheld - kept
        guard free > 0 else { return }
        call.withheld = kept
        session.consume(free, of: stream.pointee.id)
    }

    func ended(_ stream: StreamReference, _ call: ClientStream) {
        call.hasEnded = true
        tellEnd(stream, call)
    }

    /// Unless the reader has yet to take what came before.
    private func tellEnd(_ stream: StreamReference, _ call: ClientStream) {
        guard call.demand == .more || stream.pointee.body.count == 0 else { return }
        if !stream.pointee.flags.contains(.answered) {
            let (code, reason) = verdict(stream)
            if code == .ok, stream.pointee.body.count > 0 {
                breakOff(stream, "the response ended inside its message")
            } else {
                end(stream, code, reason)
            }
        }
        if call.isClosed {
            release(stream, call)
        } else {
            // Nobody reads what this side still sends.
            session.reset(stream.pointee.id, code: NGHTTP2_NO_ERROR.rawValue)
        }
    }

    private func breakOff(
        _ stream: StreamReference, _ reason: String, _ code: RPCCode = .internalError
    ) {
        session.reset(stream.pointee.id, code: NGHTTP2_CANCEL.rawValue)
        end(stream, code, reason)
    }

    /// The stream is closed. What came before may still wait for its reader.
    func closed(_ stream: StreamReference, _ call: ClientStream, code: UInt32) {
        call.isClosed = true
        guard call.hasEnded, !stream.pointee.flags.contains(.answered) else {
            endClosed(stream, code: code)
            return release(stream, call)
        }
    }

    func release(_ stream: StreamReference, _ call: ClientStream) {
        call.stream = nil
        state.pointee.release(stream)
    }

    /// Of a call that is over: its reader, for the last word.
    func detachReader(_ call: ClientStream) -> (any ClientStreamHandler)? {
        defer { call.reader = nil }
        return call.reader
    }
}
