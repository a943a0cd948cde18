internal import RPC
internal import Repository

/// The API's methods, in the order of their numbers within this process.
enum Route: Int, CaseIterable {
    case check
    case track
    case attach
    case getOrCreateCustomer
    case getCustomer
    case updateCustomer
    case listCustomers
    case eraseCustomer
    case deleteCustomer
    case publishCatalog
    case getCatalog
    case streamTrack
    case watchCustomer
    case listEvents
    case aggregateEvents
    case reflection
    case reflectionAlpha
    case healthCheck
    case healthWatch

    /// Services that are served but not described by our own descriptors.
    static let otherServices = [
        "grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection",
        "grpc.reflection.v1alpha.ServerReflection",
    ]

    var path: String {
        switch self {
        case .check: "/tally.v1.EntitlementService/Check"
        case .track: "/tally.v1.UsageService/Track"
        case .attach: "/tally.v1.AttachService/Attach"
        case .getOrCreateCustomer: "/tally.v1.CustomerService/GetOrCreateCustomer"
        case .getCustomer: "/tally.v1.CustomerService/GetCustomer"
        case .updateCustomer: "/tally.v1.CustomerService/UpdateCustomer"
        case .listCustomers: "/tally.v1.CustomerService/ListCustomers"
        case .deleteCustomer: "/tally.v1.CustomerService/DeleteCustomer"
        case .eraseCustomer: "/tally.v1.CustomerService/EraseCustomer"
        case .publishCatalog: "/tally.v1.CatalogService/PublishCatalog"
        case .getCatalog: "/tally.v1.CatalogService/GetCatalog"
        case .streamTrack: "/tally.v1.UsageService/StreamTrack"
        case .watchCustomer: "/tally.v1.EntitlementService/WatchCustomer"
        case .listEvents: "/tally.v1.UsageService/ListEvents"
        case .aggregateEvents: "/tally.v1.UsageService/AggregateEvents"
        case .reflection: "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"
        case .reflectionAlpha: "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"
        case .healthCheck: "/grpc.health.v1.Health/Check"
        case .healthWatch: "/grpc.health.v1.Health/Watch"
        }
    }

    /// Most requests are a few hundred bytes; a catalog may be long, and so may metadata.
    var maxMessageBytes: Int {
        switch self {
        case .publishCatalog: 1 << 20
        case .getOrCreateCustomer, .updateCustomer: 64 << 10
        case .check, .track, .attach, .getCustomer, .listCustomers, .eraseCustomer,
            .deleteCustomer, .getCatalog, .streamTrack, .watchCustomer, .listEvents,
            .aggregateEvents, .reflection, .reflectionAlpha, .healthCheck, .healthWatch:
            16 << 10
        }
    }

    /// What the caller must be allowed. A check that deducts needs `usageWrite` too.
    var scope: Scopes {
        switch self {
        case .check, .watchCustomer: .entitlementRead
        case .track, .streamTrack: .usageWrite
        case .listEvents, .aggregateEvents: .usageRead
        case .attach: .attachWrite
        case .getOrCreateCustomer, .updateCustomer: .customersWrite
        case .getCustomer, .listCustomers: .customersRead
        case .eraseCustomer, .deleteCustomer: .customersErase
        case .publishCatalog: .catalogWrite
        case .getCatalog: .catalogRead
        case .reflection, .reflectionAlpha, .healthCheck, .healthWatch: []
        }
    }

    /// Needs no key.
    var isOpen: Bool { self == .healthCheck || self == .healthWatch }

    /// Reads files, or looks through all customers, for as long as that takes: runs on the server's
    /// pool.
    var isSlow: Bool {
        self == .listEvents || self == .aggregateEvents || self == .listCustomers
    }

    var kind: CallKind {
        switch self {
        case .check, .track, .attach, .getOrCreateCustomer, .getCustomer, .updateCustomer,
            .listCustomers, .eraseCustomer, .deleteCustomer, .publishCatalog, .getCatalog,
            .listEvents, .aggregateEvents, .healthCheck:
            .unary
        case .watchCustomer, .healthWatch: .serverStreaming
        case .streamTrack, .reflection, .reflectionAlpha: .bidirectional
        }
    }
}
