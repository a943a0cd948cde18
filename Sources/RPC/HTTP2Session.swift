import CNGHTTP2
import Glibc

/// One HTTP/2 connection without a socket: bytes in with `receive`, events into `state`, bytes
/// out with `fill`. Owner of one `nghttp2_session`. Confined to its loop.
final class HTTP2Session {
    struct Settings {
        var maxConcurrentStreams = 128
        var maxHeaderListBytes = 16 * 1024
        var streamWindowBytes = 256 * 1024
        var connectionWindowBytes = 1024 * 1024
        var frames = FrameLimits()
    }

    typealias Field = (name: String, value: [UInt8])

    let state: UnsafeMutablePointer<HTTP2State>
    private let session: OpaquePointer
    private let workshop: HTTP2Workshop

    init(isServer: Bool, settings: Settings, workshop: HTTP2Workshop) {
        self.workshop = workshop
        state = .allocate(capacity: 1)
        state.initialize(
            to: HTTP2State(
                isServer: isServer, maxHeaderListBytes: settings.maxHeaderListBytes,
                frames: settings.frames, pool: workshop.pool, okTrailers: workshop.okTrailers))
        var session: OpaquePointer?
        let make = isServer ? nghttp2_session_server_new3 : nghttp2_session_client_new3
        let result = make(
            &session, workshop.callbacks, state, workshop.options, workshop.memory.functions)
        guard result == 0, let session else { fatalError("out of memory") }
        self.session = session
        submit(settings, isServer: isServer)
    }

    deinit {
        nghttp2_session_del(session)
        while let stream = state.pointee.firstOpen { state.pointee.release(stream) }
        state.deinitialize(count: 1)
        state.deallocate()
    }

    private func submit(_ settings: Settings, isServer: Bool) {
        var entries = [
            entry(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE.rawValue, settings.streamWindowBytes),
            entry(NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE.rawValue, settings.maxHeaderListBytes),
        ]
        if isServer {
            entries.append(
                entry(
                    NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS.rawValue,
                    settings.maxConcurrentStreams))
            entries.append(entry(NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES.rawValue, 1))
        } else {
            entries.append(entry(NGHTTP2_SETTINGS_ENABLE_PUSH.rawValue, 0))
        }
        nghttp2_submit_settings(session, 0, entries, entries.count)
        nghttp2_session_set_local_window_size(
            session, 0, 0, Int32(clamping: settings.connectionWindowBytes))
    }

    private func entry(_ id: UInt32, _ value: Int) -> nghttp2_settings_entry {
        nghttp2_settings_entry(settings_id: Int32(id), value: UInt32(clamping: value))
    }

    /// False: the peer broke the protocol so badly that the connection must end at once.
    /// The events point into `bytes`: drain them before its memory is used again.
    func receive(_ bytes: UnsafeRawBufferPointer) -> Bool {
        let start = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
        let taken = nghttp2_session_mem_recv(session, start, bytes.count)
        if taken == bytes.count { return true }
        switch taken {
        case Int(NGHTTP2_ERR_FLOODED.rawValue), Int(NGHTTP2_ERR_TOO_MANY_SETTINGS.rawValue),
            Int(NGHTTP2_ERR_TOO_MANY_CONTINUATIONS.rawValue):
            submitGoAway(code: NGHTTP2_ENHANCE_YOUR_CALM.rawValue, "flood")
        default: break
        }
        return false
    }

    /// Appends what is to be sent, until there is no more or `limit` is passed. False: broken.
    func fill(_ output: UnsafeMutablePointer<RawBytes>, limit: Int) -> Bool {
        while output.pointee.count < limit {
            var data: UnsafePointer<UInt8>?
            let count = nghttp2_session_mem_send(session, &data)
            guard count > 0, let data else { return count == 0 }
            output.pointee.append(data, count)
        }
        return true
    }

    var wantsWrite: Bool { nghttp2_session_want_write(session) != 0 }

    /// Both sides have nothing more to say: after GOAWAY, or a protocol error.
    var isOver: Bool {
        nghttp2_session_want_read(session) == 0 && nghttp2_session_want_write(session) == 0
    }

    func stream(_ id: Int32) -> StreamReference? {
        nghttp2_session_get_stream_user_data(session, id)?
            .assumingMemoryBound(to: HTTP2Stream.self)
    }

    /// The peer may send so many more bytes on the stream.
    func consume(_ count: Int, of id: Int32) {
        nghttp2_session_consume_stream(session, id, count)
    }

    /// The same for the connection: all that came.
    func consumeConnection() {
        guard state.pointee.unconsumed > 0 else { return }
        nghttp2_session_consume_connection(session, state.pointee.unconsumed)
        state.pointee.unconsumed = 0
    }

    /// There is something to send again.
    func resumeData(_ id: Int32) { nghttp2_session_resume_data(session, id) }

    func reset(_ id: Int32, code: UInt32) {
        nghttp2_submit_rst_stream(session, 0, id, code)
    }

    /// No stream that comes after this is served; those open go on.
    func submitGoAway(code: UInt32 = NGHTTP2_NO_ERROR.rawValue, _ words: StaticString = "") {
        nghttp2_submit_goaway(
            session, 0, nghttp2_session_get_last_proc_stream_id(session), code,
            words.utf8Start, words.utf8CodeUnitCount)
    }

    /// A GOAWAY that refuses nothing yet.
    func submitShutdownNotice() { nghttp2_submit_shutdown_notice(session) }

    func submitPing(_ mark: UInt8) {
        var payload: (UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8)
        payload = (mark, 0, 0, 0, 0, 0, 0, 0)
        withUnsafeBytes(of: &payload) { bytes in
            _ = nghttp2_submit_ping(
                session, 0, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self))
        }
    }
}

// MARK: - Server

extension HTTP2Session {
    /// The stream's `reply` is a complete gRPC message, compressed or not: headers, it, and
    /// `grpc-status: 0`.
    @inline(__always)
    func submitReply(_ stream: StreamReference, isCompressed: Bool) {
        var provider = nghttp2_data_provider(
            source: nghttp2_data_source(ptr: stream), read_callback: http2ReadReply)
        nghttp2_submit_response(
            session, stream.pointee.id, workshop.replyHeaders,
            isCompressed ? 3 : 2, &provider)
    }

    /// Headers now, and what the stream's queue will hold, up to the call's trailers.
    func submitStream(_ stream: StreamReference, _ fields: [Field]) {
        var provider = nghttp2_data_provider(
            source: nghttp2_data_source(ptr: stream), read_callback: http2ReadStream)
        withFields(fields) { nva in
            nghttp2_submit_response(
                session, stream.pointee.id, nva.baseAddress, nva.count, &provider)
        }
    }

    /// Headers and, unless empty, the stream's `reply` as the body, with nothing after it.
    func submitPage(_ stream: StreamReference, _ fields: [Field]) {
        stream.pointee.flags.insert(.plainBody)
        withFields(fields) { nva in
            guard stream.pointee.reply.count > 0 else {
                nghttp2_submit_response(session, stream.pointee.id, nva.baseAddress, nva.count, nil)
                return
            }
            var provider = nghttp2_data_provider(
                source: nghttp2_data_source(ptr: stream), read_callback: http2ReadReply)
            nghttp2_submit_response(
                session, stream.pointee.id, nva.baseAddress, nva.count, &provider)
        }
    }
}

// MARK: - Client

extension HTTP2Session {
    /// Opens a stream whose body is its `reply`. Nil: no more streams on this connection.
    func submitRequest(_ stream: StreamReference, _ fields: PreparedFields) -> Int32? {
        stream.pointee.flags.insert(.plainBody)
        var provider = nghttp2_data_provider(
            source: nghttp2_data_source(ptr: stream), read_callback: http2ReadReply)
        let id = nghttp2_submit_request(
            session, nil, fields.base, fields.count, &provider, stream)
        return id > 0 ? id : nil
    }

    /// Opens a stream whose body is what its queue will hold, until the call is half-closed.
    func submitStreamRequest(_ stream: StreamReference, _ fields: PreparedFields) -> Int32? {
        var provider = nghttp2_data_provider(
            source: nghttp2_data_source(ptr: stream), read_callback: http2ReadStream)
        let id = nghttp2_submit_request(
            session, nil, fields.base, fields.count, &provider, stream)
        return id > 0 ? id : nil
    }

    var maxConcurrentStreamsOfPeer: Int {
        Int(
            nghttp2_session_get_remote_settings(
                session, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS))
    }
}

/// The library copies the fields: for what isn't sent often.
private func withFields(
    _ fields: [HTTP2Session.Field], _ body: (UnsafeMutableBufferPointer<nghttp2_nv>) -> Void
) {
    let prepared = PreparedFields(fields, lasting: false)
    body(UnsafeMutableBufferPointer(start: prepared.base, count: prepared.count))
    withExtendedLifetime(prepared) {}
}

/// Header fields in C's form, all in one piece of memory. Those that last are not copied by the
/// library: the owner keeps them until the last stream that was opened with them has closed.
final class PreparedFields {
    let base: UnsafeMutablePointer<nghttp2_nv>
    let count: Int
    private let text: UnsafeMutablePointer<UInt8>

    init(_ fields: [HTTP2Session.Field], lasting: Bool) {
        let flags =
            lasting
            ? NGHTTP2_NV_FLAG_NO_COPY_NAME.rawValue | NGHTTP2_NV_FLAG_NO_COPY_VALUE.rawValue : 0
        count = fields.count
        base = .allocate(capacity: max(fields.count, 1))
        let bytes = fields.reduce(1) { $0 + $1.name.utf8.count + $1.value.count }
        text = .allocate(capacity: bytes)
        var at = text
        for (index, field) in fields.enumerated() {
            let name = at
            for byte in field.name.utf8 {
                at.initialize(to: byte)
                at += 1
            }
            let value = at
            for byte in field.value {
                at.initialize(to: byte)
                at += 1
            }
            (base + index).initialize(
                to: nghttp2_nv(
                    name: name, value: value, namelen: value - name, valuelen: at - value,
                    flags: UInt8(flags)))
        }
    }

    deinit {
        base.deallocate()
        text.deallocate()
    }
}
