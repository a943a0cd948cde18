import CNGHTTP2
import NIOCore

/// What the seconds do to calls: requests that don't arrive, answers that aren't fetched.
extension ServerCalls {
    /// Once a second.
    func sweep(tick: Int) {
        state.pointee.tick = tick
        state.pointee.meter.sweep()
        var next = state.pointee.firstOpen
        while let stream = next {
            next = stream.pointee.nextOpen
            // A streaming call may be silent as long as its deadline and keepalive let it.
            if stream.pointee.call != nil { continue }
            if stream.pointee.flags.contains(.answered) {
                sweepAnswer(stream)
            } else if !stream.pointee.flags.contains(.remoteEnded) {
                sweepRequest(stream, tick)
            }
        }
    }

    private func sweepAnswer(_ stream: StreamReference) {
        guard stream.pointee.replySent == stream.pointee.sentAtSweep else {
            stream.pointee.sentAtSweep = stream.pointee.replySent
            stream.pointee.stuckSeconds = 0
            return
        }
        stream.pointee.stuckSeconds += 1
        if stream.pointee.stuckSeconds >= port.limits.responseTimeoutSeconds {
            session.reset(stream.pointee.id, code: NGHTTP2_CANCEL.rawValue)
        }
    }

    /// Those whose headers haven't ended have their connection closed instead.
    private func sweepRequest(_ stream: StreamReference, _ tick: Int) {
        guard state.pointee.meter.headerBegan == nil,
            tick - stream.pointee.opened >= port.limits.requestTimeoutSeconds
        else { return }
        let isCall = stream.pointee.flags.isSuperset(of: [.isPost, .isGRPC])
        cut(stream) {
            if isCall {
                fail(stream, RPCStatus(.deadlineExceeded, "the request took too long to arrive"))
            } else {
                answer(stream, .text(408, "the request took too long to arrive"))
            }
        }
    }

    var isFlooded: Bool { state.pointee.meter.verdict != .fine }

    /// Whether the peer sent what no client sends: it is told so, and that is all.
    func refuses(_ fault: FrameWalk.Fault?) -> Bool {
        switch (state.pointee.meter.verdict, fault) {
        case (.fine, nil): return false
        case (.flood, _): refuseFlood()
        case (.tooManyPings, _):
            session.submitGoAway(code: NGHTTP2_ENHANCE_YOUR_CALM.rawValue, "too_many_pings")
        case (.fine, .streamClosed):
            session.submitGoAway(code: NGHTTP2_STREAM_CLOSED.rawValue, "the stream is closed")
        case (.fine, .streamPassedOver):
            session.submitGoAway(code: NGHTTP2_PROTOCOL_ERROR.rawValue, "stream ids only go up")
        case (.fine, .priorityMalformed):
            session.submitGoAway(code: NGHTTP2_PROTOCOL_ERROR.rawValue, "a priority of no stream")
        }
        return true
    }

    func refuseFlood() {
        session.submitGoAway(code: NGHTTP2_ENHANCE_YOUR_CALM.rawValue, "flood")
    }

    // MARK: Leaving

    /// GOAWAY twice: first one that lets pass what is on its way, with a ping; when the ping is
    /// answered, or a second later, the one that names the last call.
    func beginLeaving() {
        guard state.pointee.leaving == .no else { return }
        state.pointee.leaving = .noticed
        session.submitShutdownNotice()
        session.submitPing(HTTP2State.leavingPing)
    }

    func finishLeaving() {
        guard state.pointee.leaving == .noticed || state.pointee.leaving == .heard else { return }
        state.pointee.leaving = .said
        session.submitGoAway()
    }

    func ping() { session.submitPing(HTTP2State.keepalivePing) }

    /// Requests since this was asked last.
    func takeRequestCount() -> Int {
        defer { state.pointee.requestsCounted = state.pointee.meter.requests }
        return state.pointee.meter.requests - state.pointee.requestsCounted
    }
}
