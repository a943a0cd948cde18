import Billing

/// Where a customer is billed, and what its provider has yet to be told.
enum AddressSamples {
    static let address: PostalAddress = {
        var address = PostalAddress()
        address.line1 = "1 Main St"
        address.line2 = "Floor 2"
        address.city = "Springfield"
        address.state = "IL"
        address.postalCode = "62701"
        address.country = "US"
        return address
    }()

    static let facts: [Fact] = [
        .profileOwed(turn: 3), .addressSet(address), .profileOwed(turn: 0),
        .profileOwed(turn: .max),
    ]
}
