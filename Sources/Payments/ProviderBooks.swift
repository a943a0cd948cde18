package import Billing

/// What a provider has of ours.
package struct ProviderBooks: Sendable {
    /// Money that came, and pages that are over.
    package var sales: [PastSale] = []
    package var open: [OpenSale] = []
    /// Money that went back, each payment and dispute told whole.
    package var returns: [(object: String, reports: [ProviderReport])] = []
    /// Refunds that it has made, by our name for what we asked for, and by its own for others.
    package var refunds: Set<String> = []

    package init() {}
}

/// A page or a charge that is over there.
package struct PastSale: Sendable {
    package var customer: CustomerID
    /// The provider's name for the customer.
    package var payer: String
    /// The effect that it was made for.
    package var effect: String
    /// The provider's name for the page or the charge.
    package var object: String
    /// The provider's name for what paid it; empty: nothing did.
    package var payment: String
    package var amount: Money
    /// Minor units of it that went back.
    package var refunded: Int64 = 0
    /// Of a page: what a webhook would have told.
    package var reports: [ProviderReport] = []
    /// Of a page: it was on record here before.
    package var wasHeard = true
}

/// A page or a charge that somebody could still pay there.
package struct OpenSale: Sendable {
    package var customer: CustomerID
    package var effect: String
    package var object: String
    package var amount: Money
}
