import CNGHTTP2
import Glibc

/// nghttp2's calls into this program. Each notes what happened and returns; none calls back
/// into the library, but for the two it expects: naming a stream's data, and trailers from
/// within the reply's reader.
enum HTTP2Callbacks {
    static func make() -> OpaquePointer? {
        var callbacks: OpaquePointer?
        guard nghttp2_session_callbacks_new(&callbacks) == 0 else { return nil }
        nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, onBeginHeaders)
        nghttp2_session_callbacks_set_on_header_callback(callbacks, onHeader)
        nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, onData)
        nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, onFrame)
        nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, onClose)
        nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(callbacks, onInvalid)
        return callbacks
    }
}

private typealias StateReference = UnsafeMutablePointer<HTTP2State>

@inline(__always)
private func state(_ context: UnsafeMutableRawPointer?) -> StateReference {
    context.unsafelyUnwrapped.assumingMemoryBound(to: HTTP2State.self)
}

@inline(__always)
private func stream(
    _ session: OpaquePointer?, _ id: Int32, _ state: StateReference
) -> StreamReference? {
    if let current = state.pointee.current, current.pointee.id == id { return current }
    guard let found = nghttp2_session_get_stream_user_data(session, id) else { return nil }
    let stream = found.assumingMemoryBound(to: HTTP2Stream.self)
    state.pointee.current = stream
    return stream
}

private func onBeginHeaders(
    _ session: OpaquePointer?, _ frame: UnsafePointer<nghttp2_frame>?,
    _ context: UnsafeMutableRawPointer?
) -> Int32 {
    let state = state(context)
    let frame = frame.unsafelyUnwrapped
    let id = frame.pointee.hd.stream_id
    if state.pointee.isServer {
        state.pointee.meter.headerBegan = state.pointee.tick
        // A client's trailers mean nothing to gRPC: with no current stream they are dropped.
        state.pointee.current = nil
        guard frame.pointee.headers.cat == NGHTTP2_HCAT_REQUEST else { return 0 }
        let opened = state.pointee.open(id)
        state.pointee.current = opened
        return nghttp2_session_set_stream_user_data(session, id, opened)
    }
    state.pointee.current = nil
    _ = stream(session, id, state)
    return 0
}

private func onHeader(
    _ session: OpaquePointer?, _ frame: UnsafePointer<nghttp2_frame>?,
    _ name: UnsafePointer<UInt8>?, _ nameLength: Int, _ value: UnsafePointer<UInt8>?,
    _ valueLength: Int, _ flags: UInt8, _ context: UnsafeMutableRawPointer?
) -> Int32 {
    let state = state(context)
    let fieldBytes = nameLength + valueLength + 32
    guard let stream = state.pointee.current else {
        return state.pointee.meter.permits(droppedBytes: fieldBytes)
            ? 0 : NGHTTP2_ERR_CALLBACK_FAILURE.rawValue
    }
    stream.pointee.headerListBytes += fieldBytes
    guard stream.pointee.headerListBytes <= state.pointee.maxHeaderListBytes else {
        stream.pointee.flags.insert(.headersTooLarge)
        return state.pointee.meter.permits(
            headerListBytes: stream.pointee.headerListBytes,
            limit: state.pointee.maxHeaderListBytes)
            ? 0 : NGHTTP2_ERR_CALLBACK_FAILURE.rawValue
    }
    let nameBytes = UnsafeRawBufferPointer(start: name, count: nameLength)
    let valueBytes = UnsafeRawBufferPointer(start: value, count: valueLength)
    if state.pointee.isServer {
        RequestHeaders.take(nameBytes, valueBytes, into: stream, state)
    } else {
        ResponseHeaders.take(nameBytes, valueBytes, into: stream)
    }
    return 0
}

private func onData(
    _ session: OpaquePointer?, _ flags: UInt8, _ id: Int32, _ data: UnsafePointer<UInt8>?,
    _ length: Int, _ context: UnsafeMutableRawPointer?
) -> Int32 {
    let state = state(context)
    state.pointee.meter.work &+= 1
    state.pointee.unconsumed += length
    guard length > 0, let stream = stream(session, id, state) else { return 0 }
    stream.pointee.bytesIn += length
    state.pointee.events.append(
        HTTP2Event(kind: .data, stream: stream, base: data, count: length))
    return 0
}

private func onFrame(
    _ session: OpaquePointer?, _ frame: UnsafePointer<nghttp2_frame>?,
    _ context: UnsafeMutableRawPointer?
) -> Int32 {
    let state = state(context)
    let header = frame.unsafelyUnwrapped.pointee.hd
    if UInt32(header.type) == NGHTTP2_HEADERS.rawValue, state.pointee.isServer {
        state.pointee.meter.work &+= 1
        state.pointee.meter.headerBegan = nil
        if let stream = state.pointee.current {
            state.pointee.meter.requests &+= 1
            RequestHeaders.end(stream, state)
            let flags = stream.pointee.flags
            if UInt32(header.flags) & NGHTTP2_FLAG_END_STREAM.rawValue == 0,
                flags.contains(.isStreaming) || !flags.contains(.methodKnown)
            {
                state.pointee.events.append(HTTP2Event(kind: .began, stream: stream))
            }
        }
    }
    if UInt32(header.type) == NGHTTP2_HEADERS.rawValue, !state.pointee.isServer {
        noteResponse(UInt32(header.flags), state)
    }
    switch UInt32(header.type) {
    case NGHTTP2_DATA.rawValue, NGHTTP2_HEADERS.rawValue:
        guard UInt32(header.flags) & NGHTTP2_FLAG_END_STREAM.rawValue != 0 else {
            if isEmptyData(frame.unsafelyUnwrapped) { state.pointee.meter.noteEmptyData() }
            return 0
        }
        guard let stream = stream(session, header.stream_id, state) else { return 0 }
        stream.pointee.flags.insert(.remoteEnded)
        state.pointee.events.append(HTTP2Event(kind: .ended, stream: stream))
    case NGHTTP2_GOAWAY.rawValue:
        state.pointee.peerIsLeaving = true
    default: noteControl(frame.unsafelyUnwrapped, state)
    }
    return 0
}

/// A block of a response that isn't its last. One that is, is trailers, even when it stands alone.
private func noteResponse(_ flags: UInt32, _ state: StateReference) {
    guard flags & NGHTTP2_FLAG_END_STREAM.rawValue == 0, let stream = state.pointee.current else {
        return
    }
    guard !(100..<200).contains(stream.pointee.httpStatus) else {
        return stream.pointee.headers.clear(keeping: .max)
    }
    stream.pointee.flags.insert(.headed)
    stream.pointee.initialHeaderBytes = stream.pointee.headers.byteCount
    guard stream.pointee.call != nil else { return }
    state.pointee.events.append(HTTP2Event(kind: .began, stream: stream))
}

private func isEmptyData(_ frame: UnsafePointer<nghttp2_frame>) -> Bool {
    let header = frame.pointee.hd
    guard UInt32(header.type) == NGHTTP2_DATA.rawValue else { return false }
    return header.length <= frame.pointee.data.padlen
}

/// Frames that belong to no call.
private func noteControl(_ frame: UnsafePointer<nghttp2_frame>, _ state: StateReference) {
    let header = frame.pointee.hd
    let isAcknowledgement = UInt32(header.flags) & NGHTTP2_FLAG_ACK.rawValue != 0
    switch UInt32(header.type) {
    case NGHTTP2_SETTINGS.rawValue:
        if !isAcknowledgement { state.pointee.meter.noteSettings() }
    case NGHTTP2_PING.rawValue:
        if !isAcknowledgement {
            state.pointee.meter.notePing(tick: state.pointee.tick)
        } else if frame.pointee.ping.opaque_data.0 == HTTP2State.leavingPing,
            state.pointee.leaving == .noticed
        {
            state.pointee.leaving = .heard
        }
    case NGHTTP2_WINDOW_UPDATE.rawValue: state.pointee.meter.noteWindowUpdate()
    case NGHTTP2_RST_STREAM.rawValue:
        // The others are counted when their stream closes.
        if frame.pointee.rst_stream.error_code == 0 { state.pointee.meter.noteReset() }
    default: break
    }
}

/// What the library refused by itself.
private func onInvalid(
    _ session: OpaquePointer?, _ frame: UnsafePointer<nghttp2_frame>?, _ code: Int32,
    _ context: UnsafeMutableRawPointer?
) -> Int32 {
    let state = state(context)
    state.pointee.meter.headerBegan = nil
    state.pointee.meter.noteReset()
    return 0
}

private func onClose(
    _ session: OpaquePointer?, _ id: Int32, _ code: UInt32, _ context: UnsafeMutableRawPointer?
) -> Int32 {
    let state = state(context)
    if code != 0 {
        if state.pointee.current?.pointee.id == id { state.pointee.meter.headerBegan = nil }
        state.pointee.meter.noteReset()
    }
    guard let stream = stream(session, id, state) else { return 0 }
    state.pointee.events.append(
        HTTP2Event(kind: .closed, stream: stream, base: nil, count: Int(code)))
    // The library forgets the stream now; so does the short cut to it.
    state.pointee.current = nil
    return 0
}

/// Hands the library the next piece of a reply, as much as the peer's windows let through.
func http2ReadReply(
    _ session: OpaquePointer?, _ id: Int32, _ target: UnsafeMutablePointer<UInt8>?,
    _ length: Int, _ flags: UnsafeMutablePointer<UInt32>?,
    _ source: UnsafeMutablePointer<nghttp2_data_source>?, _ context: UnsafeMutableRawPointer?
) -> Int {
    guard let source, let target, let flags else {
        return Int(NGHTTP2_ERR_CALLBACK_FAILURE.rawValue)
    }
    let stream = source.pointee.ptr.assumingMemoryBound(to: HTTP2Stream.self)
    let sent = stream.pointee.replySent
    let count = min(length, stream.pointee.reply.count - sent)
    if count > 0, let base = stream.pointee.reply.base { memcpy(target, base + sent, count) }
    stream.pointee.replySent = sent + count
    stream.pointee.bytesOut += count
    state(context).pointee.meter.work &+= 1
    guard sent + count == stream.pointee.reply.count else { return count }
    flags.pointee |= NGHTTP2_DATA_FLAG_EOF.rawValue
    if !stream.pointee.flags.contains(.plainBody) {
        flags.pointee |= NGHTTP2_DATA_FLAG_NO_END_STREAM.rawValue
        let trailers = state(context).pointee.okTrailers
        guard nghttp2_submit_trailer(session, id, trailers, 1) == 0 else {
            return Int(NGHTTP2_ERR_CALLBACK_FAILURE.rawValue)
        }
    }
    return count
}

/// The same for a streaming call, which waits when there is nothing to send.
func http2ReadStream(
    _ session: OpaquePointer?, _ id: Int32, _ target: UnsafeMutablePointer<UInt8>?,
    _ length: Int, _ flags: UnsafeMutablePointer<UInt32>?,
    _ source: UnsafeMutablePointer<nghttp2_data_source>?, _ context: UnsafeMutableRawPointer?
) -> Int {
    let failure = Int(NGHTTP2_ERR_CALLBACK_FAILURE.rawValue)
    guard let source, let target, let flags else { return failure }
    let stream = source.pointee.ptr.assumingMemoryBound(to: HTTP2Stream.self)
    guard let call = stream.pointee.streamCall else { return failure }
    state(context).pointee.meter.work &+= 1
    let count = stream.pointee.dequeue(target, length)
    if call.isFull, stream.pointee.queuedBytes <= StreamCall.queuedBytes / 2 {
        call.isFull = false
        state(context).pointee.events.append(HTTP2Event(kind: .writable, stream: stream))
    }
    guard stream.pointee.queuedBytes == 0 else { return count }
    if call.isHalfClosed {
        flags.pointee |= NGHTTP2_DATA_FLAG_EOF.rawValue
        return count
    }
    guard let trailers = call.trailers else {
        guard count == 0 else { return count }
        call.isDeferred = true
        return Int(NGHTTP2_ERR_DEFERRED.rawValue)
    }
    flags.pointee |= NGHTTP2_DATA_FLAG_EOF.rawValue | NGHTTP2_DATA_FLAG_NO_END_STREAM.rawValue
    guard nghttp2_submit_trailer(session, id, trailers.base, trailers.count) == 0 else {
        return failure
    }
    if !stream.pointee.flags.contains(.remoteEnded) {
        state(context).pointee.events.append(HTTP2Event(kind: .finishedEarly, stream: stream))
    }
    return count
}

extension HTTP2Stream {
    /// Moves up to `length` bytes from the front of the queue.
    fileprivate mutating func dequeue(_ target: UnsafeMutablePointer<UInt8>, _ length: Int) -> Int {
        let count = min(length, reply.count - replySent)
        if count > 0, let base = reply.base { memcpy(target, base + replySent, count) }
        replySent += count
        bytesOut += count
        if replySent == reply.count {
            reply.clear(keeping: StreamCall.queuedBytes)
            replySent = 0
        } else if replySent >= StreamCall.queuedBytes {
            reply.removeFirst(replySent)
            replySent = 0
        }
        return count
    }
}
