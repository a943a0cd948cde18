internal import Billing
internal import Wire

/// All refunds of one payment, as Stripe has them, and what they mean here.
struct GivenBack {
    /// The outcome of those that we asked for, and then whatever counts, the oldest first.
    private(set) var commands: [Command] = []

    /// - Parameters:
    ///   - refunds: the newest first.
    ///   - isOurs: of the customer who has paid.
    init(_ refunds: [JSONValue], payment: String, isOurs: (JSONValue) -> Bool) {
        var counting: [(id: String, amount: Money)] = []
        var ours: [String] = []
        for refund in refunds.reversed() {
            let own = isOurs(refund) ? refund.metadata("tally_refund") : nil
            let counts = refund.text("status") == "succeeded" || refund.text("status") == "pending"
            if let own, let outcome = GivenBack.outcome(of: refund, id: own) {
                commands.append(.refund(.settle(outcome)))
            }
            guard counts, let id = own ?? refund.text("id"),
                let amount = StripeAmount.money(
                    refund.number("amount") ?? 0, refund.text("currency") ?? "")
            else { continue }
            if own != nil { ours.append(id) }
            counting.append((id, amount))
        }
        // One that nobody remembers may be of either kind: what others did is known by it alone.
        counting =
            counting.filter { !ours.contains($0.id) } + counting.filter { ours.contains($0.id) }
        let total = counting.reduce(0) { $0 + $1.amount.minorUnits }
        commands += counting.map { refund in
            .refund(
                .reported(
                    ReportedRefund(
                        id: refund.id, payment: payment, amount: refund.amount, total: total,
                        ours: ours)))
        }
    }

    /// nil: there is none yet.
    private static func outcome(of refund: JSONValue, id: String) -> SettleRefund? {
        switch refund.text("status") {
        case "succeeded": SettleRefund(id: id)
        case "failed", "canceled":
            SettleRefund(id: id, failureCode: refund.text("failure_reason") ?? "refund_failed")
        default: nil
        }
    }
}
