internal import Attach
internal import Catalog
internal import Customers
internal import Entitlement
internal import Repository
internal import Usage
internal import Wire

/// One environment as one event loop sees it: its services, and the loop's own reference to the
/// catalog, replaced by a posted task when there is a new one.
final class EnvironmentLoop {
    let environment: TallyEnvironment
    let attach: AttachService
    let catalog: CatalogService
    let customers: CustomersService
    let entitlement: EntitlementService
    let usage: UsageService
    var names: PricingNames
    var held = HeldReplies()
    let bell: Durability.Bell

    init(_ environment: TallyEnvironment, bell: Durability.Bell) {
        self.environment = environment
        self.bell = bell
        attach = AttachService(environment)
        catalog = CatalogService(environment)
        customers = CustomersService(environment)
        entitlement = EntitlementService(environment)
        usage = UsageService(environment)
        names = environment.directory.current
    }

    /// Streams that wait for the log.
    private(set) var streams: [ObjectIdentifier: StreamTrackStream] = [:]

    func wait(_ stream: StreamTrackStream) { streams[ObjectIdentifier(stream)] = stream }

    func forget(_ stream: StreamTrackStream) { streams[ObjectIdentifier(stream)] = nil }

    /// Something waits for the log.
    var isWaiting: Bool { !held.isEmpty || !streams.isEmpty }

    /// Lets streams answer what is durable; those that wait no more are forgotten.
    func advanceStreams() {
        for stream in Array(streams.values) {
            stream.advance()
            if !stream.isWaiting { forget(stream) }
        }
    }

    var durable: UInt64 { environment.customers.log.durableSequence }

    func reader(_ arena: Arena) -> RequestReader {
        RequestReader(arena: arena, names: names, fingerprintKey: environment.fingerprintKey)
    }
}
