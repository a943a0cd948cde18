internal import Billing
internal import Logging
internal import Repository

/// Follows an environment's logs for one receiver and fills its queue. Used by one thread.
final class EndpointReader {
    /// Records and notifications that are taken at once.
    private static let stepRecords = 4_096
    private static let stepDeliveries = 256

    private let environment: TallyEnvironment
    private let endpoint: WebhookEndpoint
    private let readers: [NotificationReader]
    private let logger: Logger

    /// What one step found.
    struct Step {
        var deliveries: [Delivery] = []
        var through: LogPlace
    }

    init(_ environment: TallyEnvironment, _ endpoint: WebhookEndpoint, logger: Logger) {
        self.environment = environment
        self.endpoint = endpoint
        self.logger = logger
        readers = environment.partitions.indices.map {
            NotificationReader(environment, partition: $0)
        }
    }

    /// Reads some of what is durable behind a place; nil: there is nothing.
    ///
    /// - Parameter former: what an earlier start had come to, if it isn't reached again yet.
    func step(
        _ partition: Int, after place: LogPlace, former: DeliveryCursor.Part?
    ) throws -> Step? {
        let log = environment.partitions[partition].customers.log
        guard place.sequence != log.durableSequence else { return nil }
        do {
            return try read(partition, log, after: place, former)
        } catch {
            guard !log.has(place) else { throw error }
            return try read(partition, log, after: try elsewhere(place, in: log, partition), former)
        }
    }

    private func read(
        _ partition: Int, _ log: any LogStore, after place: LogPlace,
        _ former: DeliveryCursor.Part?
    ) throws -> Step {
        var step = Step(through: place)
        var records = 0
        try log.read(after: place) { next, record in
            step.deliveries += try deliveries(
                record, at: next, after: step.through, partition, former)
            step.through = next
            records += 1
            return records < Self.stepRecords && step.deliveries.count < Self.stepDeliveries
        }
        return step
    }

    private func deliveries(
        _ record: UnsafeRawBufferPointer, at place: LogPlace, after before: LogPlace,
        _ partition: Int, _ former: DeliveryCursor.Part?
    ) throws -> [Delivery] {
        let found = try readers[partition].read(record, kinds: endpoint.kinds)
        guard let (customer, told) = found else { return [] }
        let now = SystemClock.wall
        return told.compactMap { told in
            var taken = now
            if let former {
                guard
                    let due = former.taken(
                        customer, sequence: place.sequence, index: told.index, at: now)
                else { return nil }
                taken = due
            }
            return Delivery(
                id: Delivery.id(
                    environment: environment.name, partition: partition, at: place,
                    index: told.index),
                partition: partition, customer: customer, sequence: place.sequence,
                index: told.index, before: before, taken: taken, body: told.body)
        }
    }

    /// Where to go on when the log doesn't have the place any more, or goes on differently since it
    /// was restored.
    private func elsewhere(
        _ place: LogPlace, in log: any LogStore, _ partition: Int
    ) throws -> LogPlace {
        let other = try log.place(before: place.sequence + 1)
        logger.warning(
            "the log doesn't go on where the webhooks' cursor is; they go on elsewhere",
            metadata: [
                "endpoint": "\(endpoint.name)", "partition": "\(partition)",
                "sequence": "\(place.sequence)", "next": "\(other.sequence + 1)",
            ])
        return other
    }
}

extension LogStore {
    /// The log went through this place, and still knows it.
    func has(_ place: LogPlace) -> Bool {
        guard place.sequence <= durableSequence,
            let first = try? firstSequence(), place.sequence + 1 >= first
        else { return false }
        return (try? read(after: place) { _, _ in false }) != nil
    }
}
