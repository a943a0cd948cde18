internal import RPC
internal import Repository

/// Replies that wait for the log.
extension GRPCDispatcher {
    /// Sends what a partition's log has made durable, and asks to be woken for the rest.
    func release(_ place: Int, _ number: Int) {
        let loop = environments[place]
        let partition = loop.partitions[number]
        while true {
            let durable = partition.durable
            while let entry = partition.held.next(durable: durable) {
                finish(entry, loop, partition)
            }
            partition.held.tidy()
            loop.advanceStreams()
            if !loop.isWaiting(for: partition) { break }
            if partition.durability.hasEnded {
                abandon(loop, partition)
                break
            }
            // Set first, then look again: the log may have moved in between.
            partition.bell.set()
            if partition.durable == durable { break }
        }
        port.flushFinished()
    }

    private func finish(
        _ entry: HeldReplies.Entry, _ loop: EnvironmentLoop, _ partition: PartitionLoop
    ) {
        switch entry.work {
        case .send(let range):
            partition.held.withBytes(range) { port.finish(entry.token, message: $0) }
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
                    partition.held.hold(
                        outcome.message, entry.token, until: outcome.point.sequence)
                case .again(let point):
                    partition.held.hold(
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
    private func abandon(_ loop: EnvironmentLoop, _ partition: PartitionLoop) {
        let status = RPCStatus.refused(
            .unavailable, "OUTCOME_UNKNOWN",
            "the server stopped before the commit was durable; retry with the same request_id")
        while let entry = partition.held.nextAbandoned() {
            port.finish(entry.token, status: status)
        }
        for stream in loop.streams.values { stream.abandon(status) }
        partition.held.tidy()
    }
}
