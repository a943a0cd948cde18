package import NIOCore

/// The four kinds of calls. The wire doesn't tell them apart; the transport holds a client to
/// one request message where the kind has one.
package enum CallKind: Sendable {
    case unary
    case clientStreaming
    case serverStreaming
    case bidirectional

    var takesOneMessage: Bool { self == .unary || self == .serverStreaming }
}

package enum StreamDemand: Sendable {
    case more
    /// No further message before `StreamWriter.resume`: the client is held back meanwhile.
    case pause
}

/// The program's side of one streaming call. Called on the call's loop, never while another of
/// its functions runs, and not after `cancelled` or its own `finish`.
package protocol StreamHandler: AnyObject {
    /// `message` is valid during the call only.
    func received(_ message: UnsafeRawBufferPointer) -> StreamDemand

    /// The client has sent its last message.
    func halfClosed()

    /// After `send` returned false: there is room again.
    func writable()

    /// The call is over before it was finished: cancelled, past its deadline, broken by its
    /// peer, or the connection is gone.
    func cancelled(_ reason: RPCStatus)
}

package enum StreamOpening {
    case handler(any StreamHandler)
    case failed(RPCStatus)
}

/// What is known of a streaming call when it opens, during the dispatcher's `open` only.
package struct StreamingCall: ~Copyable {
    package let method: Int
    /// -1 for an open method.
    package let principal: Int
    /// The transport cancels a call that reaches it.
    package let deadline: NIODeadline?
    package let writer: StreamWriter
    let stream: StreamReference

    package func header(_ name: StaticString) -> String? {
        stream.pointee.headers.first(name).map { String(decoding: $0, as: UTF8.self) }
    }

    package var metadata: RPCMetadata { RPCMetadata(stream.pointee.headers) }
}

/// The way out of a streaming call. Outlives it harmlessly: what is sent to a call that is gone
/// goes nowhere. Used on the call's loop only.
package struct StreamWriter: Sendable {
    package let port: LoopPort
    package let token: CallToken

    /// Initial metadata, before the first message. Without this it goes empty with that.
    package func sendHeaders(_ metadata: RPCMetadata) {
        port.withStream(token) { calls, stream, call in
            calls.sendHeaders(stream, call, metadata)
        }
    }

    /// True: there is room for more. False: the message was taken, but wait for `writable` before
    /// the next; or the call is gone. A writer that doesn't wait has its call failed.
    ///
    /// `compressed`, nil: with gzip when the client's own messages are. True: also when the client
    /// only accepts it, from the first message on. Either way only where it makes them smaller.
    @discardableResult
    package func send(_ message: UnsafeRawBufferPointer, compressed: Bool? = nil) -> Bool {
        port.withStream(token) { calls, stream, call in
            calls.send(stream, call, message, compressed)
        } ?? false
    }

    @discardableResult
    package func send(_ message: [UInt8], compressed: Bool? = nil) -> Bool {
        message.withUnsafeBytes { send($0, compressed: compressed) }
    }

    /// Within the handler's `received`: the message came compressed.
    package var cameCompressed: Bool {
        port.withStream(token) { _, _, call in call.cameCompressed } ?? false
    }

    /// The call's end, after what was sent.
    package func finish(
        _ status: RPCStatus = RPCStatus(.ok), trailing: RPCMetadata = RPCMetadata()
    ) {
        port.withStream(token) { calls, stream, call in
            calls.finish(stream, call, status, trailing)
        }
    }

    /// After a handler asked for a pause.
    package func resume() {
        port.resume(token)
    }

    /// From outside of a handler's functions: nothing is sent before. Once for many calls.
    package func flush() { port.flushFinished() }
}
