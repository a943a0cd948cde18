/// What each version's answers look like: each shape is made of the newest answer, key by key.
extension APIVersion {
    /// nil: as the newest.
    func shape(of route: Route) -> ReplyShape? {
        switch self {
        case .v1_2: APIVersion.shapes12[route]
        case .v2_0: APIVersion.shapes20[route]
        case .newest: nil
        }
    }

    private static let shapes20: [Route: ReplyShape] = [
        .check: .check20,
        .track: .track20,
        .trackTokens: .track20,
        .getCustomer: .customer20,
        .getOrCreateCustomer: .customer20,
        .updateCustomer: .customer20,
        .listCustomers: .listed(.customer20),
        .createEntity: .entity20,
        .getEntity: .entity20,
        .updateEntity: .entity20,
        .listEntities: .listed(.entity20),
        .getPlan: .plan20,
        .createPlan: .plan20,
        .updatePlan: .plan20,
        .listPlans: .listed(.plan20),
    ]

    private static let shapes12: [Route: ReplyShape] = [
        .check: .check12,
        .track: .track12,
        .trackTokens: .track12,
        .getCustomer: .customer12,
        .getOrCreateCustomer: .customer12,
        .updateCustomer: .customer12,
        .listCustomers: .listed(.customer12),
        .createEntity: .entity12,
        .getEntity: .entity12,
        .updateEntity: .entity12,
        .listEntities: .listed(.entity12),
        .getPlan: .product12,
        .createPlan: .product12,
        .updatePlan: .product12,
        .listPlans: .listed(.product12),
        .createFeature: .feature12,
        .getFeature: .feature12,
        .updateFeature: .feature12,
        .listFeatures: .listed(.feature12),
    ]
}
