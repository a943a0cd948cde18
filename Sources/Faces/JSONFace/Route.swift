internal import Repository

/// The methods, by what follows `/v1/`.
enum Route: String, CaseIterable {
    case check = "balances.check"
    case track = "balances.track"
    case trackTokens = "balances.track_tokens"
    case batchTrack = "balances.batch_track"
    case createBalance = "balances.create"
    case updateBalance = "balances.update"
    case deleteBalance = "balances.delete"
    case recalculateBalances = "balances.recalculate"
    case finalize = "balances.finalize"
    case getOrCreateCustomer = "customers.get_or_create"
    case getCustomer = "customers.get"
    case listCustomers = "customers.list"
    case updateCustomer = "customers.update"
    case deleteCustomer = "customers.delete"
    case createEntity = "entities.create"
    case getEntity = "entities.get"
    case listEntities = "entities.list"
    case updateEntity = "entities.update"
    case deleteEntity = "entities.delete"
    case attach = "billing.attach"
    case previewAttach = "billing.preview_attach"
    case multiAttach = "billing.multi_attach"
    case previewMultiAttach = "billing.preview_multi_attach"
    case update = "billing.update"
    case previewUpdate = "billing.preview_update"
    case multiUpdate = "billing.multi_update"
    case previewMultiUpdate = "billing.preview_multi_update"
    case createSchedule = "billing.create_schedule"
    case setupPayment = "billing.setup_payment"
    case openPortal = "billing.open_customer_portal"
    case importSubscriptions = "billing.import"
    case listEvents = "events.list"
    case aggregateEvents = "events.aggregate"
    case createFeature = "features.create"
    case getFeature = "features.get"
    case listFeatures = "features.list"
    case updateFeature = "features.update"
    case deleteFeature = "features.delete"
    case createPlan = "plans.create"
    case getPlan = "plans.get"
    case listPlans = "plans.list"
    case updatePlan = "plans.update"
    case deletePlan = "plans.delete"
    case listInvoices = "invoices.list"
    case insertInvoices = "invoices.insert"
    case createReferralCode = "referrals.create_code"
    case redeemReferralCode = "referrals.redeem_code"
    case listRewards = "rewards.list"
    case redeemReward = "rewards.redeem"
    case mintKey = "keys.mint"
    case refreshKey = "keys.refresh"
    case revokeKey = "keys.revoke"
    case attachLicense = "licenses.attach"
    case releaseLicense = "licenses.release"
    case linkRevenueCat = "platform.link_revenuecat"
    case syncRevenueCat = "platform.sync_revenuecat"
    case getRevenueCatKeys = "platform.get_revenuecat_keys"

    /// What the caller must be allowed. A check that deducts needs `usageWrite` too.
    var scope: Scopes {
        switch self {
        case .check: .entitlementRead
        case .track, .trackTokens, .batchTrack, .finalize: .usageWrite
        case .getCustomer, .listCustomers, .getEntity, .listEntities, .listInvoices,
            .previewAttach, .previewMultiAttach, .previewUpdate, .previewMultiUpdate:
            .customersRead
        case .getOrCreateCustomer, .updateCustomer, .createBalance, .updateBalance,
            .deleteBalance, .recalculateBalances, .createEntity, .updateEntity, .deleteEntity:
            .customersWrite
        case .deleteCustomer: .customersErase
        case .attach, .multiAttach, .update, .multiUpdate, .createSchedule, .setupPayment,
            .openPortal, .insertInvoices, .attachLicense,
            .releaseLicense, .createReferralCode, .redeemReferralCode, .redeemReward:
            .attachWrite
        case .listEvents, .aggregateEvents: .usageRead
        case .getFeature, .listFeatures, .getPlan, .listPlans, .listRewards: .catalogRead
        case .createFeature, .updateFeature, .deleteFeature, .createPlan, .updatePlan,
            .deletePlan, .linkRevenueCat, .syncRevenueCat, .getRevenueCatKeys:
            .catalogWrite
        case .importSubscriptions: [.catalogWrite, .customersWrite, .attachWrite]
        case .mintKey, .revokeKey: .keysWrite
        // Its caller brings what is exchanged.
        case .refreshKey: []
        }
    }

    /// What says that it worked. A batch is said to be taken in, as its clients expect, though it
    /// is done by then.
    var success: Int { self == .batchTrack ? 202 : 200 }

    /// Why there is no such thing here; nil: there is.
    var absence: String? {
        switch self {
        case .attachLicense, .releaseLicense: "there are no licences; use entities"
        case .linkRevenueCat, .syncRevenueCat, .getRevenueCatKeys:
            "there is no connection to RevenueCat"
        default: nil
        }
    }
}
