internal import Billing

/// What was published by which request: so that a retry finds what it has done, in place of being
/// refused for its being there. The latest ones.
struct PublishedRequests {
    private static let limit = 10_000

    /// Ids of plans and features.
    private var ids: [String: Set<String>] = [:]
    private var order: [String] = []

    mutating func note(_ request: String, _ draft: PricingDraft) {
        guard !request.isEmpty else { return }
        let published =
            draft.plans.map { "plan \($0.id)" } + draft.features.map { "feature \($0.id)" }
        let deleted =
            draft.removedPlans.map { "no plan \($0)" }
            + draft.removedFeatures.map { "no feature \($0)" }
        let old = ids.updateValue(Set(published + deleted), forKey: request)
        if old == nil { order.append(request) }
        guard order.count > 2 * PublishedRequests.limit else { return }
        for gone in order.prefix(PublishedRequests.limit) { ids[gone] = nil }
        order.removeFirst(PublishedRequests.limit)
    }

    /// nil: none is known of that name.
    func published(by request: String) -> Set<String>? { ids[request] }
}
