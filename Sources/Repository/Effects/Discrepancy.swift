package import Billing

/// Where a provider's books and what is on record here differ.
package struct Discrepancy: Sendable {
    package enum Kind: String, Sendable {
        /// Money came, and isn't on record here.
        case paymentUnknown = "payment_unknown"
        /// It is on record here, and the provider doesn't know it.
        case paymentMissing = "payment_missing"
        /// A refund is on record here as made, and the provider knows none.
        case refundMissing = "refund_missing"
        /// The provider has received another amount.
        case amountDiffers = "amount_differs"
        /// Something happened there that isn't on record here.
        case newsUnheard = "news_unheard"
        /// Somebody could still pay it there, and nobody here would know what for.
        case leftOpen = "left_open"
        /// It was asked for long ago, and there is no answer.
        case noOutcome = "no_outcome"
    }

    package var kind: Kind
    package var customer: CustomerID
    /// The provider's name for it, or ours.
    package var object: String
    package var here: Money?
    package var there: Money?
    /// Was put right; in a dry run: would be.
    package var isRepaired: Bool
    /// What somebody has to do.
    package var advice = ""

    package init(
        _ kind: Kind, _ customer: CustomerID, _ object: String, here: Money? = nil,
        there: Money? = nil, isRepaired: Bool
    ) {
        self.kind = kind
        self.customer = customer
        self.object = object
        self.here = here
        self.there = there
        self.isRepaired = isRepaired
    }
}
