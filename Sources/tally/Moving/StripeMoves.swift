internal import Billing
internal import Payments
internal import Wire

/// What Stripe has, as the API is to be asked for it.
enum StripeMoves {
    static func read(
        _ book: StripeBook, _ mapping: StripeMapping, key: String?
    ) -> [Moving.Customer] {
        book.customers.map { json in
            let move = StripeMove(json, book, mapping, key: key)
            var customer = Moving.Customer(
                id: move.customer, source: move.source, asked: move.asked)
            customer.reason = move.reason
            customer.parts = move.subscriptions.map { part($0) }
            return customer
        }
    }

    private static func part(_ subscription: StripeMove.Subscription) -> Moving.Part {
        var part = Moving.Part(id: subscription.id, asked: subscription.asked)
        part.reason = subscription.reason
        part.notes = subscription.notes
        part.renewal = subscription.renewal.map { ($0.minorUnits, $0.currency.code) }
        if let money = subscription.recurring {
            part.revenue.add(money.minorUnits, money.currency.code, months: subscription.months)
        }
        return part
    }
}
