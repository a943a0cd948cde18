internal import Billing
internal import Payments

/// What somebody sent from a card form, or from the bank's question after it.
enum CardEntry {
    /// Shown again, with this status and what is wrong.
    case again(Int, CardForm)
    /// The card's bank asks first (3-D Secure).
    case asked(TestCard, CardForm)
    case accepted(TestCard, CardForm)

    init(_ fields: Form, now: Timestamp) {
        if let token = fields["token"], let card = TestCard(token: token), card.isChallenged {
            self = CardEntry.answered(fields, card, now)
            return
        }
        var form = CardForm(fields, now: now)
        guard form.faults.isEmpty, let card = form.card else {
            self = .again(422, form)
            return
        }
        if let code = card.declineCode {
            form.problem = CardEntry.text(ofDecline: code)
            self = .again(402, form)
        } else {
            self = card.isChallenged ? .asked(card, form) : .accepted(card, form)
        }
    }

    private static func answered(
        _ fields: Form, _ card: TestCard, _ now: Timestamp
    ) -> CardEntry {
        var form = CardForm(authenticated: fields, now: now)
        guard fields["authentication"] == "complete" else {
            form.problem =
                "Your bank could not confirm that it is you. Nothing was charged. Try again, or "
                + "use another card."
            return .again(402, form)
        }
        return .accepted(card, form)
    }

    static func text(ofDecline code: String) -> String {
        switch code {
        case "insufficient_funds":
            "Your card doesn't have enough funds. Nothing was charged. Try another card."
        default: "Your card was declined. Nothing was charged. Try another card."
        }
    }
}
