internal import Billing
internal import Customers
internal import RPC
internal import Repository
internal import Usage
internal import Webhooks
internal import Wire

extension GRPCDispatcher {
    /// Puts a slow route's question on the pool.
    func ask(
        _ route: Route, _ call: borrowing UnaryCall, _ message: UnsafeRawBufferPointer,
        _ loop: EnvironmentLoop
    ) throws(RPCStatus) -> CallOutcome {
        let service = loop.usage
        let reader = loop.reader(workspace.arena)
        if route == .listCustomers {
            let question = try decoded { () throws(CallFault) in
                try reader.listCustomers(message)
            }
            let customers = loop.customers
            return try serve(call) { (checkpoint) throws(ExecuteFault) in
                try customers.list(question, checkpoint: checkpoint)
            }
        }
        if route == .replayWebhooks {
            let question = try decoded { () throws(CallFault) in
                try reader.replayWebhooks(message)
            }
            return try replay(question, call, loop)
        }
        if route == .listEvents {
            let question = try decoded { () throws(CallFault) in try reader.listEvents(message) }
            return try serve(call) { (checkpoint) throws(ExecuteFault) in
                try service.list(question, checkpoint: checkpoint)
            }
        }
        let query = try decoded { () throws(CallFault) in try reader.aggregateEvents(message) }
        return try serve(call) { (checkpoint) throws(ExecuteFault) in
            try service.aggregate(query, checkpoint: checkpoint)
        }
    }

    private func serve(
        _ call: borrowing UnaryCall,
        by answer: @escaping @Sendable (() throws -> Void) throws(ExecuteFault) -> [UInt8]
    ) throws(RPCStatus) -> CallOutcome {
        try serve(call) { (checkpoint) -> Result<[UInt8], RPCStatus> in
            do throws(ExecuteFault) {
                return .success(try answer(checkpoint))
            } catch {
                return .failure(RPCStatus(error))
            }
        }
    }

    private func replay(
        _ question: ReplayCall, _ call: borrowing UnaryCall, _ loop: EnvironmentLoop
    ) throws(RPCStatus) -> CallOutcome {
        let (desk, names) = (loop.webhooks, loop.names)
        return try serve(call) { (_) -> Result<[UInt8], RPCStatus> in
            do throws(WebhookDesk.Fault) {
                guard let desk else { throw .noEndpoint(question.endpoint) }
                let arena = Arena()
                let report = try desk.replay(question)
                let writer = ReplyWriter(arena: arena, names: names)
                // The bytes are the arena's.
                return .success(
                    withExtendedLifetime(arena) { Array(writer.replayedWebhooks(report)) })
            } catch {
                return .failure(RPCStatus(error))
            }
        }
    }

    private func serve(
        _ call: borrowing UnaryCall,
        _ answer: @escaping @Sendable (() throws -> Void) -> Result<[UInt8], RPCStatus>
    ) throws(RPCStatus) -> CallOutcome {
        do throws(WorkRefusal) {
            return try port.pool.serve(call, on: port) { ticket in
                // Nobody hears why a call that is over was left.
                answer { if ticket.isOver { throw CancellationError() } }
            }
        } catch {
            throw RPCStatus(error)
        }
    }
}

extension RPCStatus {
    fileprivate init(_ fault: WebhookDesk.Fault) {
        switch fault {
        case .noEndpoint(let name):
            self = .refused(
                .notFound, "WEBHOOK_ENDPOINT_NOT_FOUND",
                "the environment has no webhook endpoint \"\(name)\"; "
                    + "tally webhooks list shows them")
        case .noPartition(let number):
            self.init(
                CallFault.invalid([
                    Violation(path: "partition", message: "\(number) is none that there is")
                ]))
        case .unreadable(let why):
            self = .refused(.unavailable, "LOG_FAILED", "the log can't be read: \(why)")
        }
    }

    fileprivate init(_ refusal: WorkRefusal) {
        switch refusal {
        case .principal:
            self = .refused(
                .resourceExhausted, "TOO_MANY_CALLS",
                "the caller has as many slow calls under way as it may; wait for one to end",
                retryAfterMilliseconds: 1000)
        case .queue:
            self = .refused(
                .resourceExhausted, "TOO_MANY_CALLS", "too many slow calls are waiting",
                retryAfterMilliseconds: 1000)
        case .stopping:
            self = .refused(.unavailable, "SHUTTING_DOWN", "the server is stopping")
        }
    }
}
