package import Billing

/// The built-in provider for trying things out: its payment page is served by this process, its
/// cards are test cards, and no money moves.
///
/// It keeps no state: what it answers follows from the effect and the card alone, so asking again
/// after a crash gives the same answer.
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
        _ effect: Effect, with method: PaymentMethod
    ) async throws -> CollectOutcome {
        guard let card = TestCard(token: method.token), !card.declinesLater else {
            return .declined(code: "card_declined")
        }
        return .paid
    }
}

/// A card number that the sandbox knows.
package struct TestCard: Sendable, Equatable {
    package let number: String
    package let brand: String
    /// What somebody trying it out wants to know.
    package let note: String
    /// Refused on the payment page; nil: accepted there.
    package let declineCode: String?
    /// Accepted on the payment page, refused for every later charge.
    package let declinesLater: Bool

    package static let all = [
        TestCard("4242424242424242", "visa", "is accepted"),
        TestCard("5555555555554444", "mastercard", "is accepted"),
        TestCard("4000000000000002", "visa", "is declined", decline: "card_declined"),
        TestCard("4000000000009995", "visa", "has no money", decline: "insufficient_funds"),
        TestCard(
            "4000000000000341", "visa", "is accepted now and declined for later charges",
            later: true),
    ]

    private init(
        _ number: String, _ brand: String, _ note: String, decline: String? = nil,
        later: Bool = false
    ) {
        self.number = number
        self.brand = brand
        self.note = note
        declineCode = decline
        declinesLater = later
    }

    /// By the number as somebody types it, blanks and dashes included.
    package init?(typed: String) {
        let digits = typed.filter { $0 != " " && $0 != "-" }
        guard let card = TestCard.all.first(where: { $0.number == digits }) else { return nil }
        self = card
    }

    init?(token: String) {
        guard let card = TestCard.all.first(where: { $0.token == token }) else { return nil }
        self = card
    }

    private var token: String { "sandbox_card_\(number.suffix(4))" }

    /// What is put on file when this card pays.
    package var method: PaymentMethod {
        PaymentMethod(token: token, brand: brand, last4: String(number.suffix(4)))
    }
}
