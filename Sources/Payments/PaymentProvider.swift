package import Billing

/// Somebody who collects money for us. Tally decides what is charged and when; a provider opens
/// payment pages and charges saved methods, nothing else.
///
/// Every call carries an effect, whose id is the idempotency key: a provider that is asked again
/// for the same id answers the same and charges nothing twice. Throwing means that the outcome is
/// unknown, and the call will come again.
package protocol PaymentProvider: Sendable {
    /// Opens a page on which the order can be paid, and returns its address. Where nothing is due
    /// the page only puts a method on file.
    func openCheckout(_ effect: Effect) async throws -> String

    /// Charges the order's total to a saved method.
    ///
    /// - Parameter time: the customer's, which a test may have moved.
    func collect(
        _ effect: Effect, with method: PaymentMethod, at time: Timestamp
    ) async throws -> CollectOutcome
}

/// What became of a charge.
package enum CollectOutcome: Sendable, Equatable {
    case paid
    /// The provider's reason, such as "card_declined".
    case declined(code: String)
}
