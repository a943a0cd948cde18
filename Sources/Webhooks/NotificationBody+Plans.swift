internal import Billing
internal import Wire

/// Of whom it is, and what they have.
extension NotificationBody {
    func updated(_ scenario: PlanScenario, _ subscription: Subscription) -> JSONObject {
        var data: JSONObject = [
            "scenario": .string(scenario.rawValue), "customer": whole,
            "updated_product": product(subscription),
        ]
        if subscription.entity != 0 { data.append("entity", entity(subscription.entity)) }
        return data
    }

    /// - Parameter changes: not empty.
    func billing(_ changes: [PlanChange], _ tags: [BillingTag]) -> JSONObject {
        var data: JSONObject = [
            "object": .string("billing"), "customer_id": .string(customer.text),
        ]
        let owners = Set(changes.map(\.subscription.entity))
        if owners.count == 1, let owner = owners.first, owner != 0 {
            data.append("entity_id", entities[owner].map { .string($0) } ?? .null)
        }
        data.append("plan_changes", .array(changes.map { change($0) }))
        if !tags.isEmpty {
            data.append("tags", .array(tags.map { .string($0.rawValue) }))
        }
        return data
    }

    private func entity(_ number: UInt32) -> JSONValue {
        .object(["id": entities[number].map { .string($0) } ?? .null])
    }

    /// The customer with its plans, and nothing that is personal.
    private var whole: JSONValue {
        let present = subscriptions.filter { $0.status != .ended }
        let bought = present.filter { pricing.plan($0.plan).isOneOff }
        let billed = present.filter { !pricing.plan($0.plan).isOneOff }
        return .object([
            "id": .string(customer.text), "env": .string(environment),
            "subscriptions": .array(billed.map { details($0) }),
            "purchases": .array(bought.map { purchase($0) }),
        ])
    }

    /// Of what is sold in packs: with what the plan includes.
    func quantities(_ subscription: Subscription) -> JSONValue {
        let plan = pricing.plan(subscription.plan)
        return .array(
            subscription.bought.map { bought in
                let featureID = pricing.feature(bought.feature).id
                let included = plan.items.first {
                    $0.featureID == featureID && $0.prepaidPrice != nil
                }
                let total = (included?.included ?? .zero) + bought.units
                return .object([
                    "feature_id": .string(featureID),
                    "quantity": .number(DecimalText.text(total.raw, digits: 10)),
                ])
            })
    }
}
