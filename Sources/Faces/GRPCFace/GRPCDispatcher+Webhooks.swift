internal import Billing
internal import RPC
internal import Repository
internal import Webhooks
internal import Wire

extension GRPCDispatcher {
    func listWebhooks(
        _ call: borrowing UnaryCall, _ message: UnsafeRawBufferPointer, _ loop: EnvironmentLoop
    ) throws(RPCStatus) -> CallOutcome {
        let reader = loop.reader(workspace.arena)
        try decoded { () throws(CallFault) in try reader.listWebhookEndpoints(message) }
        let (desk, names) = (loop.webhooks, loop.names)
        return try serve(call) { (_) -> Result<[UInt8], RPCStatus> in
            .success(names.written { $0.webhookEndpoints(desk?.reports ?? []) })
        }
    }

    /// Looks for a place in the log.
    func replayWebhooks(
        _ call: borrowing UnaryCall, _ message: UnsafeRawBufferPointer, _ loop: EnvironmentLoop
    ) throws(RPCStatus) -> CallOutcome {
        let reader = loop.reader(workspace.arena)
        let question = try decoded { () throws(CallFault) in try reader.replayWebhooks(message) }
        let (desk, names) = (loop.webhooks, loop.names)
        return try serve(call) { (_) -> Result<[UInt8], RPCStatus> in
            do throws(WebhookDesk.Fault) {
                guard let desk else { throw .noEndpoint(question.endpoint) }
                let report = try desk.replay(question)
                return .success(names.written { $0.replayedWebhooks(report) })
            } catch {
                return .failure(RPCStatus(error))
            }
        }
    }
}

extension PricingNames {
    /// The bytes of a message of its own.
    func written(_ write: (ReplyWriter) -> UnsafeRawBufferPointer) -> [UInt8] {
        let arena = Arena()
        // The bytes are the arena's.
        return withExtendedLifetime(arena) {
            Array(write(ReplyWriter(arena: arena, names: self)))
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
}
