package import Billing

/// The built-in provider for trying things out: its payment page is served by this process, its
/// cards are test cards, and no money moves.
///
/// It keeps no state: what it answers follows from the card and the customer's time alone. Asking
/// again after a crash gives the same answer, unless the card's last month ended in between.
package struct Sandbox: PaymentProvider {
    private let address: @Sendable () -> String

    /// - Parameter address: where the server's pages are, "https://localhost:7443"; asked for each
    ///   page, because the port may not be known before the server listens.
    package init(address: @escaping @Sendable () -> String) {
        self.address = address
    }

    package func openCheckout(_ effect: Effect) async throws -> String {
        "\(address())/checkout/\(effect.id)"
    }

    package func collect(
        _ effect: Effect, with method: PaymentMethod, at time: Timestamp
    ) async throws -> CollectOutcome {
        guard let card = TestCard(token: method.token) else {
            return .declined(code: "card_declined")
        }
        if let expiry = method.expiry, expiry.isPast(at: time) {
            return .declined(code: "expired_card")
        }
        return card.laterDeclineCode.map { .declined(code: $0) } ?? .paid
    }
}
