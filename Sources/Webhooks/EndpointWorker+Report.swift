internal import Billing
internal import Logging
internal import Repository
internal import Wire

/// What the worker says of itself, to the log and to operators.
extension EndpointWorker {
    func say(_ delivery: Delivery, _ outcome: DeliveryOutcome, isNews: Bool) {
        switch outcome {
        case .accepted:
            if isNews { logger.notice("webhooks are accepted again", metadata: named) }
        case .gone:
            if isNews {
                say("410 Gone: the endpoint is sent nothing until the next start", delivery)
            }
        case .refused(let status):
            logger.info(
                "a webhook was refused; it is sent again",
                metadata: [
                    "endpoint": "\(endpoint.name)", "id": "\(delivery.id)", "status": "\(status)",
                ])
        case .unreachable(let words):
            if isNews { say("a webhook got no answer (\(words)); it is sent again", delivery) }
        }
    }

    func say(_ words: String, _ delivery: Delivery) {
        logger.warning(
            "\(words)",
            metadata: [
                "endpoint": "\(endpoint.name)", "id": "\(delivery.id)",
                "customer": "\(delivery.customer.text)",
            ])
    }

    private var named: Logger.Metadata { ["endpoint": "\(endpoint.name)"] }

    /// What an operator should know; nil: all is well.
    func complaint(at now: Timestamp) -> String? {
        look { state in
            if state.queue.isDisabled { return "\(endpoint.name) answered 410 Gone" }
            guard let since = state.queue.outageStart,
                now.milliseconds - since.milliseconds > 60_000
            else { return nil }
            return "\(endpoint.name) doesn't answer"
        }
    }

    func report(at now: Timestamp) -> EndpointReport {
        let partitions = environment.partitions
        var report = EndpointReport(
            name: endpoint.name, url: endpoint.url,
            eventTypes: endpoint.kinds.map(\.rawValue).sorted())
        look { state in
            let queue = state.queue
            report.isDisabled = queue.isDisabled
            report.delivered = queue.tally.delivered
            report.failedAttempts = queue.tally.failedAttempts
            report.givenUp = queue.tally.givenUp
            report.waiting = queue.waiting
            report.heldCustomers = queue.heldCustomers
            report.lagMilliseconds =
                queue.oldest.map { max(0, now.milliseconds - $0.milliseconds) } ?? 0
            report.lastError = state.lastError
            report.lastErrorTime = state.lastErrorTime
            report.cursors = zip(partitions, queue.cursor.parts).map { partition, part in
                EndpointReport.Cursor(
                    done: part.from.sequence, read: part.through.sequence,
                    last: partition.customers.log.durableSequence)
            }
        }
        return report
    }
}

extension DeliveryOutcome {
    /// What went wrong; nil: nothing did.
    var words: String? {
        switch self {
        case .accepted: nil
        case .gone: "status 410"
        case .refused(let status): "status \(status)"
        case .unreachable(let words): words
        }
    }
}
