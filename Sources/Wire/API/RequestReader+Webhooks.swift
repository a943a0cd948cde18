internal import Billing
internal import CTallyProto

extension RequestReader {
    package func listWebhookEndpoints(_ bytes: UnsafeRawBufferPointer) throws(CallFault) {
        _ = try open(bytes, tally__v1__list_webhook_endpoints_request__init)
    }

    package func replayWebhooks(_ bytes: UnsafeRawBufferPointer) throws(CallFault) -> ReplayCall {
        let message = try open(bytes, tally__v1__replay_webhooks_request__init)
        var fields = FieldReader()
        let endpoint = fields.text(message.pointee.endpoint, at: "endpoint", limit: 63)
        if endpoint.isEmpty { fields.fault("endpoint", "is required") }
        var start: ReplayCall.Start?
        switch message.pointee.start_case {
        case TALLY__V1__REPLAY_WEBHOOKS_REQUEST__START_FROM_SEQUENCE:
            start = .sequence(
                message.pointee.from_sequence, partition: Int(message.pointee.partition))
        case TALLY__V1__REPLAY_WEBHOOKS_REQUEST__START_SINCE_TIME:
            start = message.pointee.since_time.flatMap {
                fields.instant($0.pointee, at: "since_time").map { .time($0) }
            }
        default: fields.fault("from_sequence", "give a from_sequence or a since_time")
        }
        guard let start, fields.violations.isEmpty else { throw .invalid(fields.violations) }
        return ReplayCall(endpoint: endpoint, start: start)
    }
}
