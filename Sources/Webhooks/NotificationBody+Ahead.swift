internal import Billing
internal import Wire

/// What is told ahead.
extension NotificationBody {
    func ahead(_ reminder: Reminder) -> JSONObject {
        switch reminder {
        case .trialEnding(let subscription, let plan, let entity, let end):
            about(
                entity,
                [
                    "subscription_id": .string("sub_\(subscription)"),
                    "plan_id": .string(pricing.plan(plan).id), "trial_ends_at": .time(end),
                ])
        case .methodExpiring(let card, let expiry):
            [
                "customer_id": .string(customer.text),
                "payment_method": .object([
                    "brand": .string(card.brand), "last4": .string(card.last4),
                    "expiry_month": .number(expiry.month), "expiry_year": .number(expiry.year),
                ]),
            ]
        }
    }

    /// The customer, its entity if it is about one, and the rest.
    func about(_ entity: UInt32, _ rest: JSONObject) -> JSONObject {
        var members = [JSONObject.Member("customer_id", .string(customer.text))]
        if entity != 0 {
            let id = entities[entity].map { JSONValue.string($0) }
            members.append(JSONObject.Member("entity_id", id ?? .null))
        }
        return JSONObject(members + rest.members)
    }
}
