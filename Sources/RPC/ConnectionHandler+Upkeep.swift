import NIOCore

/// What a connection is due by the second, and at the server's end.
extension ConnectionHandler {
    /// `reason`: why the connection will have ended, once it has.
    func leave(_ reason: ConnectionMetrics.Closing) {
        switch stage {
        case .handshake: closeNow(reason)
        case .http2:
            closing = closing ?? reason
            calls?.beginLeaving()
            upkeep.left(tick: port.tick)
            send()
        case .http1: if pages?.isBusy != true { closeNow(reason) }
        case .closing, .closed: break
        }
    }

    func sweep(tick: Int) {
        guard let seen = look() else { return }
        sweepMeters()
        if stage == .http2 {
            calls?.sweep(tick: tick)
            if let calls { port.metrics.calls += calls.takeRequestCount() }
        }
        switch upkeep.sweep(tick: tick, seen) {
        case .nothing: break
        case .ping: calls?.ping()
        case .leave: leave(.age)
        case .finishLeaving: calls?.finishLeaving()
        case .close(let reason):
            calls?.session.submitGoAway()
            if stage == .closing { context?.close(promise: nil) } else { closeNow(reason) }
        }
        if stage == .http2, calls?.session.wantsWrite == true { send() }
    }

    private func look() -> ConnectionUpkeep.Seen? {
        guard let context else { return nil }
        var seen: ConnectionUpkeep.Seen
        switch stage {
        case .handshake: return .init(stage: .handshake)
        case .closing: return .init(stage: .closing)
        case .closed: return nil
        case .http1:
            seen = .init(stage: .http1, isIdle: pages?.isBusy != true)
            seen.requestBegan = pages?.requestBegan
        case .http2:
            guard let calls else { return nil }
            seen = .init(stage: .http2, isIdle: calls.isIdle)
            seen.isGreeted = calls.state.pointee.meter.isGreeted
            seen.work = calls.state.pointee.meter.work
            seen.requestBegan = calls.state.pointee.meter.headerBegan
        }
        seen.isWritable = context.channel.isWritable
        return seen
    }
}
