import CNGHTTP2
import NIOCore

/// Streaming calls. Bytes come in through `take`, in any pieces; messages go to the handler while
/// it wants more; what it sends waits in the stream's queue until the peer's window lets it
/// through.
extension ServerCalls {
    /// While handlers that paused leave this much unread, the peer gets no room back on the
    /// connection as a whole.
    private static let mostWithheldBytes = 4 * 1024 * 1024

    /// The header is in and more will come: a streaming call opens now, and not with its first
    /// message.
    func began(_ stream: StreamReference) {
        guard stream.pointee.flags.isSuperset(of: [.isPost, .isGRPC]),
            !stream.pointee.flags.contains(.answered)
        else { return }
        resolve(stream)
        guard stream.pointee.flags.contains(.isStreaming) else { return }
        if let refusal = prepare(stream) { return cut(stream) { fail(stream, refusal) } }
        open(stream)
    }

    /// After `prepare`.
    func open(_ stream: StreamReference) {
        let deadline = stream.pointee.deadline
        let method = Int(stream.pointee.method)
        let call = StreamingCall(
            method: method, principal: stream.pointee.principal,
            deadline: deadline == .distantFuture ? nil : deadline,
            writer: StreamWriter(port: port, token: token(stream)), stream: stream)
        if stream.pointee.flags.contains(.sendsGzip), accepts(stream) {
            stream.pointee.flags.insert(.repliesGzip)
        }
        // Held before it opens: the handler may already answer from within.
        held.add(stream)
        let entry = StreamCall(nil, kind: dispatcher.kind(method: method))
        stream.pointee.attach(entry)
        switch dispatcher.open(call) {
        case .handler(let handler):
            if !stream.pointee.flags.contains(.answered) { entry.attach(handler) }
        case .failed(let status):
            finish(stream, entry, status, RPCMetadata())
        }
    }

    /// A streaming call whose header and end came in one burst, before its path was known.
    func openAtEnd(_ stream: StreamReference, _ bytes: UnsafeRawBufferPointer) {
        open(stream)
        guard let call = stream.pointee.streamCall else { return }
        if bytes.count > 0 { take(stream, call, bytes) }
        ended(stream, call)
    }

    // MARK: In

    func take(_ stream: StreamReference, _ call: StreamCall, _ bytes: UnsafeRawBufferPointer) {
        guard !stream.pointee.flags.contains(.answered) else { return }
        call.withheld += bytes.count
        withheldBytes += bytes.count
        let before = stream.pointee.body.count
        var rest = bytes
        if before == 0 {
            rest = UnsafeRawBufferPointer(rebasing: bytes[deliver(stream, call, bytes)...])
        }
        guard !stream.pointee.flags.contains(.answered) else { return settle(stream, call) }
        let limit = port.limits.maxCollectedBytesPerConnection
        guard collectedBytes + rest.count <= limit else {
            let reason = "too much of this connection's is half sent"
            return breakOff(stream, call, RPCStatus(.resourceExhausted, reason))
        }
        collectedBytes += rest.count
        stream.pointee.body.append(rest)
        if before > 0 { deliverCollected(stream, call) }
        settle(stream, call)
    }

    func ended(_ stream: StreamReference, _ call: StreamCall) {
        call.hasEnded = true
        tellEnd(stream, call)
    }

    func resume(_ stream: StreamReference, _ call: StreamCall) {
        guard !call.isDelivering else {
            call.wasResumed = true
            return
        }
        guard call.demand == .pause else { return }
        call.demand = .more
        deliverCollected(stream, call)
        settle(stream, call)
        if call.hasEnded { tellEnd(stream, call) }
    }

    private func tellEnd(_ stream: StreamReference, _ call: StreamCall) {
        guard !stream.pointee.flags.contains(.answered) else { return }
        if stream.pointee.body.count > 0 {
            guard call.demand == .more else { return }
            let reason = "the request ended inside its message"
            return breakOff(stream, call, RPCStatus(.internalError, reason))
        }
        guard !call.kind.takesOneMessage || call.messages == 1 else {
            let reason = "the request ended before its message"
            return breakOff(stream, call, RPCStatus(.internalError, reason))
        }
        call.handler?.halfClosed()
    }

    private func deliverCollected(_ stream: StreamReference, _ call: StreamCall) {
        let used = deliver(stream, call, stream.pointee.body.bytes)
        collectedBytes -= used
        stream.pointee.body.removeFirst(used)
    }

    /// As many whole messages as the handler wants; how many bytes they had.
    private func deliver(
        _ stream: StreamReference, _ call: StreamCall, _ bytes: UnsafeRawBufferPointer
    ) -> Int {
        call.isDelivering = true
        defer { call.isDelivering = false }
        var at = 0
        while call.demand == .more, !stream.pointee.flags.contains(.answered) {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[at...])
            switch GRPCFraming.next(rest, limit: stream.pointee.limit) {
            case .incomplete: return at
            case .failed(let status): breakOff(stream, call, status)
            case .message(let isCompressed, let range):
                at += range.upperBound
                call.cameCompressed = isCompressed
                let message = UnsafeRawBufferPointer(rebasing: rest[range])
                switch isCompressed ? expand(stream, message) : .message(message) {
                case .message(let message): hand(stream, call, message)
                case .failed(let status): breakOff(stream, call, status)
                }
            }
        }
        return at
    }

    private func hand(
        _ stream: StreamReference, _ call: StreamCall, _ message: UnsafeRawBufferPointer
    ) {
        call.messages += 1
        guard call.messages == 1 || !call.kind.takesOneMessage else {
            let reason = "more than one message where one was due"
            return breakOff(stream, call, RPCStatus(.internalError, reason))
        }
        call.wasResumed = false
        let demand = call.handler?.received(message) ?? .more
        call.demand = call.wasResumed ? .more : demand
    }

    /// Gives the peer back the room of what was delivered, or was collected of a message that
    /// isn't whole yet.
    private func settle(_ stream: StreamReference, _ call: StreamCall) {
        let kept = call.demand == .more ? 0 : min(call.withheld, stream.pointee.body.count)
        let free = call.withheld - kept
        guard free > 0 else { return }
        call.withheld = kept
        withheldBytes -= free
        session.consume(free, of: stream.pointee.id)
        releaseRoom()
    }

    /// The connection's window, apart from its streams'.
    func releaseRoom() {
        guard withheldBytes <= Self.mostWithheldBytes else { return }
        session.consumeConnection()
    }

    // MARK: Out

    func sendHeaders(
        _ stream: StreamReference, _ call: StreamCall, _ metadata: RPCMetadata
    ) {
        guard !call.isHeaded else { return }
        call.isHeaded = true
        var fields = replyFields(isCompressed: stream.pointee.flags.contains(.repliesGzip))
        fields += metadata.fields
        session.submitStream(stream, fields)
    }

    /// True: there is room for more.
    func send(
        _ stream: StreamReference, _ call: StreamCall, _ message: UnsafeRawBufferPointer,
        _ compressed: Bool?
    ) -> Bool {
        let queued = stream.pointee.queuedBytes
        guard queued <= StreamCall.mostQueuedBytes else {
            let reason = "the reply's reader is too slow for its writer"
            let status = RPCStatus(.resourceExhausted, reason)
            let handler = call.detach()
            finish(stream, call, status, RPCMetadata())
            // It is in the middle of a function of its own.
            port.eventLoop.assumeIsolated().execute { handler?.cancelled(status) }
            return false
        }
        if !call.isHeaded {
            if compressed == true, accepts(stream) { stream.pointee.flags.insert(.repliesGzip) }
            sendHeaders(stream, call, RPCMetadata())
        }
        let start = stream.pointee.reply.count
        let prefix = stream.pointee.reply.reserve(GRPCFraming.prefixBytes + message.count)
        GRPCFraming.writePrefix(prefix, length: message.count)
        stream.pointee.reply.commit(GRPCFraming.prefixBytes)
        stream.pointee.reply.append(message)
        if compressed != false, stream.pointee.flags.contains(.repliesGzip) {
            compressReply(stream, from: start)
        }
        wake(stream, call)
        if stream.pointee.queuedBytes > StreamCall.queuedBytes { call.isFull = true }
        return !call.isFull
    }

    func finish(
        _ stream: StreamReference, _ call: StreamCall, _ status: RPCStatus,
        _ trailing: RPCMetadata
    ) {
        guard !stream.pointee.flags.contains(.answered) else { return }
        _ = call.detach()
        held.remove(stream)
        guard call.isHeaded else {
            // What is being delivered must stay: the body goes with the stream.
            fail(stream, status, trailing)
            if !stream.pointee.flags.contains(.remoteEnded) {
                cutShort.append(stream.pointee.id)
            }
            hasWoken = true
            return
        }
        stream.pointee.flags.insert(.answered)
        stream.pointee.status = status.code.rawValue
        call.trailers = PreparedFields(
            statusFields(status) + trailing.fields, lasting: false)
        wake(stream, call)
    }

    private func wake(_ stream: StreamReference, _ call: StreamCall) {
        hasWoken = true
        guard call.isDeferred else { return }
        call.isDeferred = false
        session.resumeData(stream.pointee.id)
    }

    /// The transport's own end of a call, of which the handler hears.
    private func breakOff(_ stream: StreamReference, _ call: StreamCall, _ status: RPCStatus) {
        let handler = call.detach()
        finish(stream, call, status, RPCMetadata())
        handler?.cancelled(status)
    }

    /// A deadline passed. Of a message half sent no more is sent.
    func expire(_ stream: StreamReference) {
        let status = RPCStatus(.deadlineExceeded, "the deadline passed")
        guard let call = stream.pointee.streamCall else { return fail(stream, status) }
        if stream.pointee.queuedBytes == 0 { return breakOff(stream, call, status) }
        stream.pointee.flags.insert(.answered)
        stream.pointee.status = status.code.rawValue
        session.reset(stream.pointee.id, code: NGHTTP2_CANCEL.rawValue)
        call.detach()?.cancelled(status)
    }

    // MARK: Events

    func writable(_ stream: StreamReference) { stream.pointee.streamCall?.handler?.writable() }

    /// The stream is closed, or its connection.
    func gone(_ stream: StreamReference, _ call: StreamCall, _ status: RPCStatus) {
        withheldBytes -= call.withheld
        call.withheld = 0
        held.remove(stream)
        stream.pointee.flags.insert(.answered)
        call.detach()?.cancelled(status)
    }
}
