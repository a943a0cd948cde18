package import Billing

/// Somebody who collects money for us. Tally decides what is charged and when; a provider opens
/// payment pages, charges saved methods and gives money back, nothing else. What starts there, a
/// paid page, a refund, a dispute, it reports (`TallyEnvironment.report`).
///
/// Every call carries an id, of an effect or a refund, which is the idempotency key: a provider
/// that is asked again for the same id answers the same and charges or refunds nothing twice.
/// Throwing means that the outcome is unknown, and the call will come again.
package protocol PaymentProvider: Sendable {
    /// Opens a page on which the order can be paid, and returns its address. Where nothing is due
    /// the page only puts a method on file.
    func openCheckout(_ effect: Effect, for customer: CustomerID) async throws -> String

    /// Closes a page, so that nothing can be paid there any more. One that is closed, or was never
    /// opened, is closed all the same. What was paid a moment before is reported as ever.
    func closeCheckout(_ session: String) async throws

    /// Charges the order's total to a saved method.
    ///
    /// - Parameter time: the customer's, which a test may have moved.
    func collect(
        _ effect: Effect, with method: PaymentMethod, for customer: CustomerID,
        at time: Timestamp
    ) async throws -> CollectOutcome

    /// Sends money of a payment back.
    func refund(_ refund: Refund) async throws -> RefundOutcome

    /// Payments for pages that were reported, and that nobody has acknowledged: they are reported
    /// again.
    func unheardPayments() throws -> [PagePayment]

    /// A report has become durable.
    func acknowledge(_ payment: PagePayment) throws
}

/// What became of a charge.
package enum CollectOutcome: Sendable, Equatable {
    /// The provider's name for the payment: refunds and disputes are of it.
    case paid(payment: String)
    /// The provider's reason, such as "card_declined".
    case declined(code: String)
}

/// What became of a refund.
package enum RefundOutcome: Sendable, Equatable {
    case succeeded
    /// It is asked for again until there is an outcome.
    case pending
    /// The provider's reason, such as "expired_or_canceled_card".
    case failed(code: String)
}

/// A payment that came for a page.
package struct PagePayment: Sendable, Equatable {
    package var customer: CustomerID
    package var session: String
    /// The provider's name for it.
    package var payment: String
    package var amount: Money
    package var method: PaymentMethod
}
