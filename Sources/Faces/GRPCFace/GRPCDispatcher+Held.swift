internal import RPC
internal import Repository

/// Replies that wait for the log.
extension GRPCDispatcher {
    /// Sends what a partition's log has made durable, and asks to be woken for the rest.
    func release(_ place: Int, _ number: Int) {
        let loop = environments[place]
        while true {
            let durable = loop.partitions[number].durable
            while let entry = loop.partitions[number].held.next(durable: durable) {
                finish(entry, loop, number)
            }
            loop.partitions[number].held.tidy()
            loop.advanceStreams()
            if !loop.isWaiting(number) { break }
            if loop.partitions[number].durability.hasEnded {
                abandon(loop, number)
                break
            }
            // Set first, then look again: the log may have moved in between.
            loop.partitions[number].bell.set()
            if loop.partitions[number].durable == durable { break }
        }
        port.flushFinished()
    }

    private func finish(_ entry: HeldReplies.Entry, _ loop: EnvironmentLoop, _ number: Int) {
        switch entry.work {
        case .send(let range):
            loop.partitions[number].held.withBytes(range) { port.finish(entry.token, message: $0) }
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
                    loop.partitions[number].held.hold(
                        outcome.message, entry.token, until: outcome.point.sequence)
                case .again(let point):
                    loop.partitions[number].held.hold(
                        .init(sequence: point.sequence, token: entry.token, work: entry.work))
                case nil: break
                }
            } catch {
                port.finish(entry.token, status: error)
            }
        }
    }

    /// The log ended: whether these commits are on disk is not known, so their callers must ask
    /// again.
    private func abandon(_ loop: EnvironmentLoop, _ number: Int) {
        let status = RPCStatus.refused(
            .unavailable, "OUTCOME_UNKNOWN",
            "the server stopped before the commit was durable; retry with the same request_id")
        while let entry = loop.partitions[number].held.nextAbandoned() {
            port.finish(entry.token, status: status)
        }
        for stream in loop.streams.values { stream.abandon(status) }
        loop.partitions[number].held.tidy()
    }
}
