internal import Attach
internal import Catalog
internal import Clocks
internal import Customers
internal import Entitlement
internal import Repository
internal import Rewards
internal import Usage
internal import Webhooks
internal import Wire

/// One environment as one event loop sees it: its services, what waits for its logs, and the loop's
/// own reference to the catalog, replaced by a posted task when there is a new one.
final class EnvironmentLoop {
    let environment: TallyEnvironment
    let attach: AttachService
    let catalog: CatalogService
    let clock: ClockService
    let customers: CustomersService
    let entitlement: EntitlementService
    let rewards: RewardsService
    let usage: UsageService
    /// nil: there are no receivers.
    let webhooks: WebhookDesk?
    var names: PricingNames
    let partitions: [PartitionLoop]

    /// - Parameter bells: one for each partition.
    init(
        _ environment: TallyEnvironment, bells: [Durability.Bell], webhooks: WebhookDesk?
    ) {
        self.environment = environment
        partitions = zip(environment.partitions, bells).map { partition, bell in
            PartitionLoop(partition, bell: bell)
        }
        attach = AttachService(environment)
        catalog = CatalogService(environment)
        clock = ClockService(environment)
        customers = CustomersService(environment)
        entitlement = EntitlementService(environment)
        rewards = RewardsService(environment)
        usage = UsageService(environment)
        self.webhooks = webhooks
        names = environment.directory.current
    }

    /// Streams that wait for the log.
    private(set) var streams: [ObjectIdentifier: StreamTrackStream] = [:]

    func wait(_ stream: StreamTrackStream) { streams[ObjectIdentifier(stream)] = stream }

    func forget(_ stream: StreamTrackStream) { streams[ObjectIdentifier(stream)] = nil }

    /// Something waits for this partition's log; a stream may wait for any.
    func isWaiting(for partition: PartitionLoop) -> Bool {
        !partition.held.isEmpty || !streams.isEmpty
    }

    /// Lets streams answer what is durable; those that wait no more are forgotten.
    func advanceStreams() {
        for stream in Array(streams.values) {
            stream.advance()
            if !stream.isWaiting { forget(stream) }
        }
    }

    func isDurable(_ point: CommitPoint) -> Bool {
        point.sequence <= partitions[point.partition].durable
    }

    func reader(_ arena: Arena) -> RequestReader {
        RequestReader(arena: arena, names: names, fingerprintKey: environment.fingerprintKey)
    }
}

/// One partition as one event loop sees it.
final class PartitionLoop {
    private let log: any LogStore
    let durability: Durability
    /// Wakes the loop, and nobody else.
    let bell: Durability.Bell
    var held = HeldReplies()

    init(_ partition: Partition, bell: Durability.Bell) {
        log = partition.customers.log
        durability = partition.durability
        self.bell = bell
    }

    var durable: UInt64 { log.durableSequence }
}
