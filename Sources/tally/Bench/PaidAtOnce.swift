internal import Billing
internal import Payments
internal import Wire

/// A provider that takes every payment and remembers none, for measurements.
struct PaidAtOnce: PaymentProvider {
    func register(_ payer: Payer) async throws -> String? { nil }

    func openCheckout(_ effect: Effect, _ context: PaymentContext) async throws -> PageOutcome {
        .declined(code: "no_pages")
    }

    func closeCheckout(_ session: String, of payer: Payer) async throws {}

    func collect(
        _ effect: Effect, with method: PaymentMethod, _ context: PaymentContext
    ) async throws -> CollectOutcome { .paid(payment: effect.id) }

    func refund(_ refund: Refund, to payer: Payer) async throws -> RefundOutcome {
        .failed(code: "no_refunds")
    }

    func unheardReports(now: Timestamp, home: String) async throws -> [ProviderReport] { [] }

    func haveHeard() {}

    func acknowledge(_ payment: PagePayment) async throws {}

    func taxes(for payer: Payer, paying currency: Currency, id: String) async throws -> TaxAnswer {
        .none
    }
}
