internal import Billing
package import Logging
package import Repository
package import Wire

/// All receivers of an environment's notifications.
package final class WebhookDesk: Sendable {
    /// Why a replay didn't begin.
    package enum Fault: Error {
        case noEndpoint(String)
        case noPartition(Int)
        case unreadable(String)
    }

    private let environment: TallyEnvironment
    private let workers: [EndpointWorker]

    package init(
        _ environment: TallyEnvironment, _ endpoints: [WebhookEndpoint], logger: Logger
    ) throws {
        self.environment = environment
        let later = Later()
        workers = try endpoints.sorted { $0.name < $1.name }.map { endpoint in
            try EndpointWorker(
                endpoint, of: environment, logger: logger,
                report: { later.desk?.tellConditions() })
        }
        later.desk = self
    }

    package func start() throws {
        for worker in workers { try worker.start() }
    }

    /// Before the logs are closed.
    package func stop() {
        for worker in workers { worker.stop() }
    }

    private func tellConditions() {
        let words = workers.compactMap { $0.complaint(at: SystemClock.wall) }
        environment.conditions.set(
            .webhooks, words.isEmpty ? nil : words.joined(separator: "; "))
    }

    /// In order of name.
    package var reports: [EndpointReport] {
        workers.map { $0.report(at: SystemClock.wall) }
    }

    /// Reads the log as far as it must to find the place: not for event loops.
    package func replay(_ call: ReplayCall) throws(Fault) -> EndpointReport {
        guard let worker = workers.first(where: { $0.endpoint.name == call.endpoint }) else {
            throw .noEndpoint(call.endpoint)
        }
        worker.replay(from: try places(call.start))
        return worker.report(at: SystemClock.wall)
    }

    private func places(
        _ start: ReplayCall.Start
    ) throws(Fault) -> [(partition: Int, place: LogPlace)] {
        do {
            switch start {
            case .sequence(let sequence, let partition):
                guard environment.partitions.indices.contains(partition) else {
                    throw Fault.noPartition(partition)
                }
                let log = environment.partitions[partition].customers.log
                return [(partition, try log.place(before: sequence))]
            case .time(let time):
                return try environment.partitions.indices.map { partition in
                    let log = environment.partitions[partition].customers.log
                    return (partition, try log.place(before: log.sequence(since: time)))
                }
            }
        } catch let fault as Fault {
            throw fault
        } catch {
            throw .unreadable("\(error)")
        }
    }
}

/// Lets workers reach the desk that is made of them.
// Safety: set once, before any of them starts.
private final class Later: @unchecked Sendable {
    weak var desk: WebhookDesk?
}

extension LogStore {
    /// The first record that was committed then or later. Records are in order of time, but for the
    /// moment between a call's clock and its place in the log.
    fileprivate func sequence(since time: Timestamp) throws -> UInt64 {
        let disorder: Int64 = 1_000
        var (low, high) = (try firstSequence(), durableSequence + 1)
        while low < high {
            let middle = low + (high - low) / 2
            var committed: Timestamp?
            try read(after: place(before: middle)) { _, record in
                committed = RecordHead(record)?.time
                return false
            }
            let isEarlier = (committed ?? .never).milliseconds < time.milliseconds - disorder
            if isEarlier { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
