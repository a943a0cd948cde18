@testable import Billing
@testable import Wire

/// A small catalog with something of every kind.
enum SamplePricing {
    static let json = """
        {"currency":"usd","features":[{"feature_id":"messages","type":"metered"},\
        {"feature_id":"credits","type":"credit_system","credit_costs":\
        [{"feature_id":"messages","credits":"0.5"}]},{"feature_id":"seats","type":"allocated"}],\
        "plans":[{"plan_id":"pro","price":{"amount":"20","interval":"month"},"items":\
        [{"feature_id":"messages","included":2000,"reset":{"interval":"month"},\
        "usage_price":{"amount":"0.80","billing_units":100,"max_purchase":1e5}},\
        {"feature_id":"credits","included":5}]},{"plan_id":"free","auto_enable":true}]}
        """

    static func names() throws -> PricingNames {
        let text = #"{"catalog":\#(json)}"#
        let bytes = try MessageJSON.encode(try JSONParser.parse(text), as: .publishCatalogRequest)
        let empty = RequestReader(
            arena: Arena(), names: PricingNames(.empty), fingerprintKey: 0)
        let draft = try bytes.withUnsafeBytes { try empty.publish($0).call.draft }
        return PricingNames(PricingState.empty.publishing(draft))
    }
}
