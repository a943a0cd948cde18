/// The methods, by what follows `/v1/`.
enum Route: String, CaseIterable {
    case check = "balances.check"
    case track = "balances.track"
    case getCustomer = "customers.get"
    case getOrCreateCustomer = "customers.get_or_create"
}
