package import Billing
internal import Wire

/// A subscription that Stripe has run ends there with its period, and is Tally's. The metadata that
/// say so are set by the same request, so that whoever comes back after a crash, and be it a period
/// later, knows who has ended it.
extension Stripe: TakeoverProvider {
    package func takeOver(
        _ takeover: Takeover, of payer: Payer
    ) async throws -> SettleTakeover.Outcome {
        guard !takeover.subscriptions.isEmpty else { return try await note(payer) }
        let path = "/v1/subscriptions/\(takeover.source)"
        // One that isn't there is another account's: nothing is charged until it is the right one.
        let present = try await client.get(path)
        let owner = present.metadata("tally_home") ?? ""
        // Another data folder has taken it over: both would charge it.
        guard owner.isEmpty || owner == payer.home else { return .ended }
        let isOver = ["canceled", "incomplete_expired"].contains(present.text("status") ?? "")
        guard !isOver || !owner.isEmpty else { return .ended }
        if !owner.isEmpty, isOver || present.flag("cancel_at_period_end") == true {
            return try Stripe.ends(present)
        }
        // Twice it is the same, and it is looked at first: no key is needed.
        let told = try await client.post(path, StripeBodies.ending(payer), key: nil)
        return try Stripe.ends(told)
    }

    /// What is reported of it is the customer's from now on.
    private func note(_ payer: Payer) async throws -> SettleTakeover.Outcome {
        guard !payer.reference.isEmpty else { return .noted }
        let path = "/v1/customers/\(payer.reference)"
        let present = try await client.get(path)
        let isKnown = present.metadata("tally_home") == payer.home
        if present.flag("deleted") != true, !isKnown {
            _ = try await client.post(
                path, ["metadata": .form(StripeBodies.marks(payer))], key: nil)
        }
        return .noted
    }

    private static func ends(_ subscription: JSONValue) throws -> SettleTakeover.Outcome {
        guard let item = subscription["items"]?.data.first,
            let start = item.number("current_period_start"),
            let end = item.number("current_period_end"), start < end
        else { throw StripeFault.unreachable("the subscription has no period") }
        let period = Timestamp(milliseconds: start * 1000)..<Timestamp(milliseconds: end * 1000)
        return .ends(period: period)
    }
}

extension StripeBodies {
    /// Of a customer that Stripe knew before Tally did.
    package static func marks(_ payer: Payer) -> StripeForm {
        metadata(payer, ["tally_created": .text("\(payer.created.milliseconds)")])
    }

    package static func ending(_ payer: Payer) -> StripeForm {
        [
            "cancel_at_period_end": "true", "proration_behavior": "none",
            "metadata": .form(metadata(payer)),
        ]
    }
}
