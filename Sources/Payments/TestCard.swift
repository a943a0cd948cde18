package import Billing

/// A card number that the sandbox knows.
package struct TestCard: Sendable, Equatable {
    package let number: String
    package let brand: String
    /// What somebody trying it out wants to know.
    package let note: String
    /// Refused on the payment page; nil: accepted there.
    package let declineCode: String?
    /// Its bank asks the customer to confirm on the payment page (3-D Secure).
    package let isChallenged: Bool
    /// Accepted on the payment page, refused with this for every later charge.
    let laterDeclineCode: String?
    /// Money can't go back to it, for this reason.
    let refundFailureCode: String?
    /// Whether a refund succeeds is known only when it is asked about again.
    let refundsLater: Bool
    /// Until a later charge or a refund is answered, though it was done.
    let delay: Duration

    package static let all = [
        TestCard("4242424242424242", "visa", "is accepted"),
        TestCard("5555555555554444", "mastercard", "is accepted"),
        TestCard("378282246310005", "amex", "is accepted; its security code has four digits"),
        TestCard("4000002500003155", "visa", "asks for 3-D Secure once", challenged: true),
        TestCard(
            "4000002760003184", "visa", "asks for 3-D Secure each time, so later charges fail",
            challenged: true, later: "authentication_required"),
        TestCard("4000000000000002", "visa", "is declined", decline: "card_declined"),
        TestCard("4000000000009995", "visa", "has no money", decline: "insufficient_funds"),
        TestCard(
            "4000000000000341", "visa", "is accepted now and declined for later charges",
            later: "card_declined"),
        TestCard(
            "4000000000000069", "visa", "is accepted now and has expired by the next charge",
            later: "expired_card"),
        TestCard(
            "4000000000007726", "visa", "is accepted; refunds succeed later", refundsLater: true),
        TestCard(
            "4000000000005126", "visa", "is accepted; refunds fail",
            refund: "expired_or_canceled_card"),
        TestCard(
            "4000000000000085", "visa",
            "is accepted; later charges and refunds are answered after five seconds",
            delay: .seconds(5)),
    ]

    private init(
        _ number: String, _ brand: String, _ note: String, decline: String? = nil,
        challenged: Bool = false, later: String? = nil, refund: String? = nil,
        refundsLater: Bool = false, delay: Duration = .zero
    ) {
        self.number = number
        self.brand = brand
        self.note = note
        declineCode = decline
        isChallenged = challenged
        laterDeclineCode = later
        refundFailureCode = refund
        self.refundsLater = refundsLater
        self.delay = delay
    }

    /// By the number as somebody types it, blanks and dashes included.
    package init?(typed: String) {
        let digits = typed.filter { $0 != " " && $0 != "-" }
        guard let card = TestCard.all.first(where: { $0.number == digits }) else { return nil }
        self = card
    }

    package init?(token: String) {
        guard let card = TestCard.all.first(where: { $0.token == token }) else { return nil }
        self = card
    }

    /// What the sandbox knows it by once it was shown.
    package var token: String { "sandbox_card_\(last4)" }

    package var last4: String { String(number.suffix(4)) }

    /// Digits of the security code.
    package var codeLength: Int { brand == "amex" ? 4 : 3 }

    /// What is put on file when this card pays.
    package func method(expiry: CardExpiry?) -> PaymentMethod {
        PaymentMethod(token: token, brand: brand, last4: last4, expiry: expiry)
    }
}
