internal import Billing
internal import Wire

/// What became of a top-up.
extension NotificationBody {
    func topUp(_ notification: Notification) -> JSONObject {
        switch notification {
        case .topUpSucceeded(let feature, let units, let invoice):
            topUp(feature, units, invoice)
        case .topUpFailed(let feature, let units, let code, let isSuspended, let invoice):
            JSONObject(
                topUp(feature, units, invoice).members + [
                    JSONObject.Member("code", .string(code)),
                    JSONObject.Member("suspended", .bool(isSuspended)),
                ])
        default: preconditionFailure("said by the caller")
        }
    }

    private func topUp(
        _ feature: FeatureNumber, _ units: Quantity, _ invoice: Invoice?
    ) -> JSONObject {
        [
            "customer_id": .string(customer.text),
            "feature_id": .string(pricing.feature(feature).id),
            "quantity": .number(DecimalText.text(units.raw, digits: 10)),
            "invoice": invoice.map { self.invoice($0) } ?? .null,
        ]
    }
}
