internal import Repository

/// The methods, by what follows `/v1/`.
enum Route: String, CaseIterable {
    case check = "balances.check"
    case track = "balances.track"
    case getCustomer = "customers.get"
    case getOrCreateCustomer = "customers.get_or_create"

    /// What the caller must be allowed. A check that deducts needs `usageWrite` too.
    var scope: Scopes {
        switch self {
        case .check: .entitlementRead
        case .track: .usageWrite
        case .getCustomer: .customersRead
        case .getOrCreateCustomer: .customersWrite
        }
    }
}
