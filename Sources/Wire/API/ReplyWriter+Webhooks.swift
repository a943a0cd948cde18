internal import Billing
internal import CTallyProto

extension ReplyWriter {
    /// In the order in which they are given.
    package func webhookEndpoints(_ reports: [EndpointReport]) -> UnsafeRawBufferPointer {
        let message = arena.make(tally__v1__list_webhook_endpoints_response__init)
        (message.pointee.n_endpoints, message.pointee.endpoints) =
            arena.list(reports) { endpoint($0) }
        return arena.pack(message)
    }

    package func replayedWebhooks(_ report: EndpointReport) -> UnsafeRawBufferPointer {
        let message = arena.make(tally__v1__replay_webhooks_response__init)
        message.pointee.endpoint = endpoint(report)
        return arena.pack(message)
    }

    private func endpoint(
        _ report: EndpointReport
    ) -> UnsafeMutablePointer<Tally__V1__WebhookEndpoint> {
        let message = arena.make(tally__v1__webhook_endpoint__init)
        message.pointee.name = arena.string(report.name)
        message.pointee.url = arena.string(report.url)
        (message.pointee.n_event_types, message.pointee.event_types) =
            arena.list(report.eventTypes) { arena.string($0) }
        message.pointee.disabled = report.isDisabled ? 1 : 0
        message.pointee.delivered = report.delivered
        message.pointee.failed_attempts = report.failedAttempts
        message.pointee.given_up = report.givenUp
        message.pointee.waiting = UInt32(report.waiting)
        message.pointee.held_customers = UInt32(report.heldCustomers)
        message.pointee.lag_seconds = Double(report.lagMilliseconds) / 1000
        message.pointee.last_error = arena.string(report.lastError)
        message.pointee.last_error_time = time(report.lastErrorTime)
        (message.pointee.n_cursors, message.pointee.cursors) =
            arena.list(report.cursors.enumerated()) { partition, cursor in
                let message = arena.make(tally__v1__webhook_cursor__init)
                message.pointee.partition = UInt32(partition)
                message.pointee.done_sequence = cursor.done
                message.pointee.read_sequence = cursor.read
                message.pointee.last_sequence = cursor.last
                return message
            }
        return message
    }
}
