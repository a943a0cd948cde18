internal import RPC
internal import Repository

/// Replies that wait for the log.
extension GRPCDispatcher {
    /// Sends what the log has made durable, and asks to be woken for the rest.
    func release(_ place: Int) {
        let loop = environments[place]
        while true {
            let durable = loop.durable
            while let entry = loop.held.next(durable: durable) { finish(entry, loop) }
            loop.held.tidy()
            loop.advanceStreams()
            if !loop.isWaiting { break }
            if loop.environment.durability.hasEnded {
                abandon(loop)
                break
            }
            // Set first, then look again: the log may have moved in between.
            loop.bell.set()
            if loop.durable == durable { break }
        }
        port.flushFinished()
    }

    private func finish(_ entry: HeldReplies.Entry, _ loop: EnvironmentLoop) {
        switch entry.work {
        case .send(let range):
            loop.held.withBytes(range) { port.finish(entry.token, message: $0) }
        case .again(let route, let scopes, let message):
            workspace.reset()
            do throws(RPCStatus) {
                let execution = try message.withUnsafeBufferPointer {
                    (bytes) throws(RPCStatus) in
                    try run(
                        route, UnsafeRawBufferPointer(bytes), loop, scopes, token: entry.token)
                }
                switch execution {
                case .done(let outcome):
                    loop.held.hold(outcome.message, entry.token, until: outcome.sequence)
                case .again(let sequence):
                    loop.held.hold(
                        .init(sequence: sequence, token: entry.token, work: entry.work))
                case nil: break
                }
            } catch {
                port.finish(entry.token, status: error)
            }
        }
    }

    /// The log ended: whether these commits are on disk is not known, so their callers must ask
    /// again.
    private func abandon(_ loop: EnvironmentLoop) {
        let status = RPCStatus.refused(
            .unavailable, "OUTCOME_UNKNOWN",
            "the server stopped before the commit was durable; retry with the same request_id")
        while let entry = loop.held.nextAbandoned() { port.finish(entry.token, status: status) }
        for stream in loop.streams.values { stream.abandon(status) }
        loop.held.tidy()
    }
}
