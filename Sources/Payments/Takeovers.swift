package import Billing

/// A provider that has run subscriptions of its own, which it can be told to end.
package protocol TakeoverProvider: PaymentProvider {
    /// Tells it that something is Tally's now: a customer, or, where something was made of it
    /// here, a subscription, which then ends with its period and is charged no more.
    ///
    /// Asked again it answers the same. Throwing means that the outcome is unknown.
    func takeOver(_ takeover: Takeover, of payer: Payer) async throws -> SettleTakeover.Outcome
}
