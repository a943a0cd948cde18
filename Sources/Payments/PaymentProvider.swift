package import Billing

/// Somebody who collects money for us. Tally decides what is charged and when; a provider opens
/// payment pages, charges saved methods and gives money back, nothing else. What starts there, a
/// paid page, a refund, a dispute, it reports (`ProviderReport`).
///
/// Every call carries an id, of an effect or a refund, which is the idempotency key: a provider
/// that is asked again for the same id answers the same and charges or refunds nothing twice.
/// Throwing means that the outcome is unknown, and the call will come again.
package protocol PaymentProvider: Sendable {
    /// Makes the provider's own record of a customer, before the first thing that needs one, or
    /// finds the one that it has made for it. nil: this provider keeps none.
    ///
    /// Its name becomes part of the customer's state before anything is asked for with it, so that
    /// what is asked again is asked with the same one.
    func register(_ payer: Payer) async throws -> String?

    /// Opens a page on which the order can be paid. Where nothing is due the page only puts a
    /// method on file.
    func openCheckout(_ effect: Effect, _ context: PaymentContext) async throws -> PageOutcome

    /// Closes a page, so that nothing can be paid there any more. One that is closed, or was never
    /// opened, is closed all the same. What was paid a moment before is reported as ever.
    func closeCheckout(_ session: String, of payer: Payer) async throws

    /// Charges the order's total to a saved method.
    func collect(
        _ effect: Effect, with method: PaymentMethod, _ context: PaymentContext
    ) async throws -> CollectOutcome

    /// Sends money of a payment back.
    func refund(_ refund: Refund, to payer: Payer) async throws -> RefundOutcome

    /// What may have been reported, and may not have been heard: it is reported again.
    ///
    /// - Parameters:
    ///   - now: the machine's time.
    ///   - home: names the data folder.
    func unheardReports(now: Timestamp, home: String) async throws -> [ProviderReport]

    /// All that `unheardReports` gave last is on record.
    func haveHeard()

    /// The report of a payment has become durable.
    func acknowledge(_ payment: PagePayment) async throws

    /// Somebody's name, email or address has changed, or is to be known no more. Twice is once.
    func update(_ payer: Payer) async throws

    /// Somebody is about to be deleted here. Twice is once.
    func forget(_ payer: Payer) async throws

    /// What it has of ours since a moment, to be compared with what is on record. nil: it keeps no
    /// books that could differ.
    func books(since: Timestamp, home: String) async throws -> ProviderBooks?

    /// What it has received by one payment; nil: it knows no such payment.
    func received(by payment: String) async throws -> Money?

    /// It has made a refund, whatever became of it.
    func knows(_ refund: Refund) async throws -> Bool

    /// How a method on file stands there.
    func reports(of method: PaymentMethod, payer: Payer) async throws -> [ProviderReport]

    /// What tax is due on what is sold to somebody where they are billed. It has an address.
    ///
    /// - Parameter id: the effect's.
    func taxes(for payer: Payer, paying currency: Currency, id: String) async throws -> TaxAnswer

    /// Makes sure that nobody can pay it any more.
    func close(_ sale: OpenSale) async throws
}

extension PaymentProvider {
    package func update(_ payer: Payer) async throws {}
    package func forget(_ payer: Payer) async throws {}
    package func books(since: Timestamp, home: String) async throws -> ProviderBooks? { nil }
    package func received(by payment: String) async throws -> Money? { nil }
    package func knows(_ refund: Refund) async throws -> Bool { true }
    package func reports(of method: PaymentMethod, payer: Payer) async throws -> [ProviderReport] {
        []
    }
    package func close(_ sale: OpenSale) async throws {}
}

/// A customer, as far as a provider is told of it.
package struct Payer: Sendable, Equatable {
    package var id: CustomerID
    /// Names the data folder: two of them may use one account of a provider.
    package var home: String
    /// The provider's name for the customer; empty: it has none.
    package var reference = ""
    package var name = ""
    package var email = ""
    package var address: PostalAddress?
    /// Tells it from another customer that had the id before.
    package var created = Timestamp.epoch

    package init(id: CustomerID, home: String) {
        self.id = id
        self.home = home
    }
}

/// What a provider may want to know beside an effect.
package struct PaymentContext: Sendable {
    package var payer: Payer
    /// The customer's, which a test may have moved.
    package var time: Timestamp
    /// It may have been asked for before: by this process, which got no answer, or by an earlier
    /// one. What came of that is to be looked up first.
    package var isInDoubt: Bool

    package init(payer: Payer, time: Timestamp, isInDoubt: Bool) {
        self.payer = payer
        self.time = time
        self.isInDoubt = isInDoubt
    }
}

/// What became of a page.
package enum PageOutcome: Sendable, Equatable {
    case opened(url: String)
    /// The provider opens none, for this reason.
    case declined(code: String)
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
    /// It was acknowledged before: should nobody remember it here, it is not given back.
    package var wasHeard = false
}

/// What has happened at a provider, as it stands there now. Told twice, in another order, or days
/// late, it is the same.
package enum ProviderReport: Sendable {
    case pagePaid(PagePayment)
    /// Of a customer, whatever it may be.
    case news(Command, CustomerID)
}
