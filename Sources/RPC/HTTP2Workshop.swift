import CNGHTTP2
import NIOCore

/// What all connections of one event loop share: nghttp2's call-backs, options and memory,
/// the constant header fields, and the buffers that are empty between bursts. Confined to it.
final class HTTP2Workshop {
    let memory = SessionMemory()
    let pool = StreamPool()
    let callbacks: OpaquePointer
    let options: OpaquePointer
    let gzip = Gzip()
    /// `:status: 200`, `content-type: application/grpc`, and `grpc-encoding: gzip`, which only
    /// some have.
    let replyHeaders: UnsafeMutablePointer<nghttp2_nv>
    /// `grpc-status: 0`.
    let okTrailers: UnsafeMutablePointer<nghttp2_nv>
    /// Clear text of one record from a peer.
    let input: UnsafeMutableRawBufferPointer
    /// Clear text of a burst for a peer.
    let output: UnsafeMutablePointer<RawBytes>
    /// The same, encrypted.
    let wire: UnsafeMutablePointer<ByteBuffer>

    static let inputBytes = 16_384

    init() {
        var options: OpaquePointer?
        guard let callbacks = HTTP2Callbacks.make(), nghttp2_option_new(&options) == 0,
            let options
        else { fatalError("out of memory") }
        self.callbacks = callbacks
        self.options = options
        Self.setLimits(options)
        replyHeaders = .allocate(capacity: 3)
        replyHeaders.initialize(to: constant(":status", "200"))
        (replyHeaders + 1).initialize(to: constant("content-type", "application/grpc"))
        (replyHeaders + 2).initialize(to: constant("grpc-encoding", "gzip"))
        okTrailers = .allocate(capacity: 1)
        okTrailers.initialize(to: constant("grpc-status", "0"))
        input = .allocate(byteCount: Self.inputBytes, alignment: 16)
        output = .allocate(capacity: 1)
        output.initialize(to: RawBytes())
        wire = .allocate(capacity: 1)
        wire.initialize(to: ByteBuffer())
    }

    /// The library's own defences against floods, behind those of `FrameMeter`; it closes a
    /// connection that goes past them.
    private static func setLimits(_ options: OpaquePointer) {
        nghttp2_option_set_max_outbound_ack(options, 1_000)
        nghttp2_option_set_max_settings(options, 32)
        nghttp2_option_set_max_continuations(options, 8)
        nghttp2_option_set_stream_reset_rate_limit(options, 10_000, 1_000)
        // Room is given back as bytes are used, not as they come.
        nghttp2_option_set_no_auto_window_update(options, 1)
        // Half a kilobyte each, for a whole window of them: `FrameWalk` does without.
        nghttp2_option_set_no_closed_streams(options, 1)
    }

    deinit {
        nghttp2_session_callbacks_del(callbacks)
        nghttp2_option_del(options)
        replyHeaders.deallocate()
        okTrailers.deallocate()
        input.deallocate()
        output.deinitialize(count: 1)
        output.deallocate()
        wire.deinitialize(count: 1)
        wire.deallocate()
    }
}

/// A field whose bytes live as long as the program: the library need not copy them.
private func constant(_ name: StaticString, _ value: StaticString) -> nghttp2_nv {
    let flags = NGHTTP2_NV_FLAG_NO_COPY_NAME.rawValue | NGHTTP2_NV_FLAG_NO_COPY_VALUE.rawValue
    return nghttp2_nv(
        name: UnsafeMutablePointer(mutating: name.utf8Start),
        value: UnsafeMutablePointer(mutating: value.utf8Start),
        namelen: name.utf8CodeUnitCount, valuelen: value.utf8CodeUnitCount,
        flags: UInt8(flags))
}
