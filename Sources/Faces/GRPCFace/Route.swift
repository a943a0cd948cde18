/// The API's methods, in the order of their numbers within this process.
enum Route: Int, CaseIterable {
    case check
    case track
    case attach
    case getOrCreateCustomer
    case getCustomer
    case publishCatalog
    case getCatalog

    var path: String {
        switch self {
        case .check: "/tally.v1.EntitlementService/Check"
        case .track: "/tally.v1.UsageService/Track"
        case .attach: "/tally.v1.AttachService/Attach"
        case .getOrCreateCustomer: "/tally.v1.CustomerService/GetOrCreateCustomer"
        case .getCustomer: "/tally.v1.CustomerService/GetCustomer"
        case .publishCatalog: "/tally.v1.CatalogService/PublishCatalog"
        case .getCatalog: "/tally.v1.CatalogService/GetCatalog"
        }
    }

    /// Most requests are a few hundred bytes; a catalog may be long.
    var maxMessageBytes: Int {
        switch self {
        case .publishCatalog: 1 << 20
        case .check, .track, .attach, .getOrCreateCustomer, .getCustomer, .getCatalog: 16 << 10
        }
    }
}
