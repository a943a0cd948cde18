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
        case .again(let call): run(call, for: entry.token, loop)
        }
    }

    private func run(_ call: HeldReplies.Call, for token: CallToken, _ loop: EnvironmentLoop) {
        workspace.reset()
        do throws(RPCStatus) {
            let execution = try call.message.withUnsafeBufferPointer {
                (bytes) throws(RPCStatus) in
                try run(
                    call.route, UnsafeRawBufferPointer(bytes), loop, call.scopes, token: token)
            }
            switch execution {
            case .done(let outcome):
                loop.partitions[outcome.point.partition].held.hold(
                    outcome.message, token, until: outcome.point.sequence)
            case .again(let point):
                loop.partitions[point.partition].held.hold(
                    .init(sequence: point.sequence, token: token, work: .again(call)))
            case .awaiting(let charge): try wait(for: charge, then: call, for: token, loop)
            case nil: break
            }
        } catch {
            port.finish(token, status: error)
        }
    }

    /// Runs a call again once what has to be paid first has an outcome.
    func wait(
        for charge: AwaitedCharge, then call: HeldReplies.Call, for token: CallToken,
        _ loop: EnvironmentLoop
    ) throws(RPCStatus) {
        let place = environments.firstIndex { $0 === loop }
        try away { () async throws(ExecuteFault) in
            try await charge.settled()
        } then: { [self] in
            switch $0 {
            case .success:
                if let place { run(call, for: token, environments[place]) }
                burstEnded()
            case .failure(let status): port.finish(token, status: status)
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
