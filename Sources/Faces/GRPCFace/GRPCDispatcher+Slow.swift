internal import Catalog
internal import Customers
internal import RPC
internal import Repository
internal import Usage
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
        if route == .getCustomerAsOf {
            let question = try decoded { () throws(CallFault) in
                try reader.getCustomerAsOf(message)
            }
            let customers = loop.customers
            return try serve(call) { (checkpoint) throws(ExecuteFault) in
                try customers.past(question, checkpoint: checkpoint)
            }
        }
        if route == .simulatePlan {
            let question = try decoded { () throws(CallFault) in
                try reader.simulatePlan(message)
            }
            let catalog = loop.catalog
            return try serve(call) { (checkpoint) throws(ExecuteFault) in
                try catalog.simulate(question, checkpoint: checkpoint)
            }
        }
        if route == .countPlanCustomers {
            try decoded { () throws(CallFault) in try reader.countPlanCustomers(message) }
            let catalog = loop.catalog
            return try serve(call) { (checkpoint) throws(ExecuteFault) in
                try catalog.countCustomers(checkpoint: checkpoint)
            }
        }
        if route.isAboutKeys { return try runKeys(route, call, message, loop) }
        if route == .listWebhookEndpoints { return try listWebhooks(call, message, loop) }
        if route == .replayWebhooks { return try replayWebhooks(call, message, loop) }
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

    func serve(
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
