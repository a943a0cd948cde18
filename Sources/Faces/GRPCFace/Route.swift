internal import RPC
internal import Repository

/// The API's methods, in the order of their numbers within this process.
enum Route: Int, CaseIterable {
    case check
    case track
    case attach
    case previewAttach
    case updateSubscription
    case previewUpdateSubscription
    case migrateCustomer
    case getOrCreateCustomer
    case getCustomer
    case updateCustomer
    case listCustomers
    case eraseCustomer
    case deleteCustomer
    case publishCatalog
    case getCatalog
    case streamTrack
    case watchCustomer
    case listEvents
    case aggregateEvents
    case settleHold
    case extendHold
    case batchCheck
    case explainCheck
    case batchTrack
    case trackTokens
    case batchTrackTokens
    case createBalance
    case updateBalance
    case deleteBalance
    case recalculateBalances
    case updateControls
    case createEntity
    case getEntity
    case listEntities
    case updateEntity
    case deleteEntity
    case advanceTestClock
    case getTestClock
    case refundInvoice
    case reportPaymentEvent
    case listWebhookEndpoints
    case replayWebhooks
    case getCustomerAsOf
    case simulatePlan
    case countPlanCustomers
    case getStatus
    case setupPayment
    case openCustomerPortal
    case applyDiscount
    case removeDiscount
    case redeemCode
    case getPromotionCode
    case multiAttach
    case previewMultiAttach
    case createSchedule
    case previewCreateSchedule
    case deleteSchedule
    case finalizeInvoice
    case markInvoicePaid
    case voidInvoice
    case recordExternalInvoices
    case createReferralCode
    case redeemReferralCode
    case createKey
    case listKeys
    case rotateKey
    case revokeKey
    case mintCustomerKey
    case refreshCustomerKey
    case revokeCustomerKeys
    case importCustomer
    case reflection
    case reflectionAlpha
    case healthCheck
    case healthWatch

    /// Services that are served but not described by our own descriptors.
    static let otherServices = [
        "grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection",
        "grpc.reflection.v1alpha.ServerReflection",
    ]

    var path: String {
        switch self {
        case .check: "/tally.v1.EntitlementService/Check"
        case .track: "/tally.v1.UsageService/Track"
        case .attach: "/tally.v1.AttachService/Attach"
        case .previewAttach: "/tally.v1.AttachService/PreviewAttach"
        case .updateSubscription: "/tally.v1.AttachService/UpdateSubscription"
        case .previewUpdateSubscription: "/tally.v1.AttachService/PreviewUpdateSubscription"
        case .migrateCustomer: "/tally.v1.AttachService/MigrateCustomer"
        case .getOrCreateCustomer: "/tally.v1.CustomerService/GetOrCreateCustomer"
        case .getCustomer: "/tally.v1.CustomerService/GetCustomer"
        case .updateCustomer: "/tally.v1.CustomerService/UpdateCustomer"
        case .listCustomers: "/tally.v1.CustomerService/ListCustomers"
        case .deleteCustomer: "/tally.v1.CustomerService/DeleteCustomer"
        case .eraseCustomer: "/tally.v1.CustomerService/EraseCustomer"
        case .publishCatalog: "/tally.v1.CatalogService/PublishCatalog"
        case .getCatalog: "/tally.v1.CatalogService/GetCatalog"
        case .streamTrack: "/tally.v1.UsageService/StreamTrack"
        case .watchCustomer: "/tally.v1.EntitlementService/WatchCustomer"
        case .listEvents: "/tally.v1.UsageService/ListEvents"
        case .aggregateEvents: "/tally.v1.UsageService/AggregateEvents"
        case .settleHold: "/tally.v1.EntitlementService/SettleHold"
        case .extendHold: "/tally.v1.EntitlementService/ExtendHold"
        case .batchCheck: "/tally.v1.EntitlementService/BatchCheck"
        case .explainCheck: "/tally.v1.EntitlementService/ExplainCheck"
        case .batchTrack: "/tally.v1.UsageService/BatchTrack"
        case .trackTokens: "/tally.v1.UsageService/TrackTokens"
        case .batchTrackTokens: "/tally.v1.UsageService/BatchTrackTokens"
        case .createBalance: "/tally.v1.CustomerService/CreateBalance"
        case .updateBalance: "/tally.v1.CustomerService/UpdateBalance"
        case .deleteBalance: "/tally.v1.CustomerService/DeleteBalance"
        case .recalculateBalances: "/tally.v1.CustomerService/RecalculateBalances"
        case .updateControls: "/tally.v1.CustomerService/UpdateControls"
        case .createEntity: "/tally.v1.CustomerService/CreateEntity"
        case .getEntity: "/tally.v1.CustomerService/GetEntity"
        case .listEntities: "/tally.v1.CustomerService/ListEntities"
        case .updateEntity: "/tally.v1.CustomerService/UpdateEntity"
        case .deleteEntity: "/tally.v1.CustomerService/DeleteEntity"
        case .advanceTestClock: "/tally.v1.TestClockService/AdvanceTestClock"
        case .getTestClock: "/tally.v1.TestClockService/GetTestClock"
        case .refundInvoice: "/tally.v1.AttachService/RefundInvoice"
        case .reportPaymentEvent: "/tally.v1.SandboxService/ReportPaymentEvent"
        case .listWebhookEndpoints: "/tally.v1.WebhookService/ListWebhookEndpoints"
        case .replayWebhooks: "/tally.v1.WebhookService/ReplayWebhooks"
        case .getCustomerAsOf: "/tally.v1.CustomerService/GetCustomerAsOf"
        case .simulatePlan: "/tally.v1.CatalogService/SimulatePlan"
        case .countPlanCustomers: "/tally.v1.CatalogService/CountPlanCustomers"
        case .getStatus: "/tally.v1.SystemService/GetStatus"
        case .setupPayment: "/tally.v1.AttachService/SetupPayment"
        case .openCustomerPortal: "/tally.v1.AttachService/OpenCustomerPortal"
        case .applyDiscount: "/tally.v1.RewardService/ApplyDiscount"
        case .removeDiscount: "/tally.v1.RewardService/RemoveDiscount"
        case .redeemCode: "/tally.v1.RewardService/RedeemCode"
        case .getPromotionCode: "/tally.v1.RewardService/GetPromotionCode"
        case .multiAttach: "/tally.v1.AttachService/MultiAttach"
        case .previewMultiAttach: "/tally.v1.AttachService/PreviewMultiAttach"
        case .createSchedule: "/tally.v1.AttachService/CreateSchedule"
        case .previewCreateSchedule: "/tally.v1.AttachService/PreviewCreateSchedule"
        case .deleteSchedule: "/tally.v1.AttachService/DeleteSchedule"
        case .finalizeInvoice: "/tally.v1.AttachService/FinalizeInvoice"
        case .markInvoicePaid: "/tally.v1.AttachService/MarkInvoicePaid"
        case .voidInvoice: "/tally.v1.AttachService/VoidInvoice"
        case .recordExternalInvoices: "/tally.v1.AttachService/RecordExternalInvoices"
        case .createReferralCode: "/tally.v1.RewardService/CreateReferralCode"
        case .redeemReferralCode: "/tally.v1.RewardService/RedeemReferralCode"
        case .createKey: "/tally.v1.KeyService/CreateKey"
        case .listKeys: "/tally.v1.KeyService/ListKeys"
        case .rotateKey: "/tally.v1.KeyService/RotateKey"
        case .revokeKey: "/tally.v1.KeyService/RevokeKey"
        case .mintCustomerKey: "/tally.v1.KeyService/MintCustomerKey"
        case .refreshCustomerKey: "/tally.v1.KeyService/RefreshCustomerKey"
        case .revokeCustomerKeys: "/tally.v1.KeyService/RevokeCustomerKeys"
        case .importCustomer: "/tally.v1.ImportService/ImportCustomer"
        case .reflection: "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"
        case .reflectionAlpha: "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"
        case .healthCheck: "/grpc.health.v1.Health/Check"
        case .healthWatch: "/grpc.health.v1.Health/Watch"
        }
    }

    /// Most requests are a few hundred bytes; a catalog may be long, and so may metadata.
    var maxMessageBytes: Int {
        switch self {
        case .publishCatalog, .simulatePlan, .importCustomer: 1 << 20
        // Addresses may be long.
        case .recordExternalInvoices: 512 << 10
        case .getOrCreateCustomer, .updateCustomer: 64 << 10
        case .batchTrack, .batchTrackTokens: 512 << 10
        case .updateControls, .createEntity, .batchCheck: 64 << 10
        // A plan may be customized.
        case .attach, .updateSubscription, .previewAttach, .previewUpdateSubscription: 64 << 10
        case .multiAttach, .previewMultiAttach, .createSchedule, .previewCreateSchedule:
            256 << 10
        default: 16 << 10
        }
    }

    /// What the caller must be allowed. A check that deducts needs `usageWrite` too.
    var scope: Scopes {
        switch self {
        case .check, .batchCheck, .explainCheck, .watchCustomer: .entitlementRead
        case .track, .streamTrack, .batchTrack, .trackTokens, .batchTrackTokens, .settleHold,
            .extendHold:
            .usageWrite
        case .listEvents, .aggregateEvents: .usageRead
        case .attach, .updateSubscription, .refundInvoice, .reportPaymentEvent, .setupPayment,
            .openCustomerPortal, .applyDiscount, .removeDiscount, .redeemCode,
            .migrateCustomer, .multiAttach, .createSchedule, .deleteSchedule, .finalizeInvoice,
            .markInvoicePaid, .voidInvoice, .recordExternalInvoices,
            .createReferralCode, .redeemReferralCode:
            .attachWrite
        case .previewAttach, .previewUpdateSubscription, .previewMultiAttach,
            .previewCreateSchedule:
            .customersRead
        case .getOrCreateCustomer, .updateCustomer, .createBalance, .updateBalance, .deleteBalance,
            .recalculateBalances, .updateControls, .createEntity, .updateEntity, .deleteEntity,
            .advanceTestClock:
            .customersWrite
        case .getCustomer, .listCustomers, .getEntity, .listEntities, .getTestClock,
            .getCustomerAsOf:
            .customersRead
        case .simulatePlan: [.catalogRead, .usageRead, .customersRead]
        case .eraseCustomer, .deleteCustomer: .customersErase
        case .publishCatalog: .catalogWrite
        case .importCustomer: [.catalogWrite, .customersWrite, .attachWrite]
        case .getCatalog, .getPromotionCode, .countPlanCustomers, .getStatus: .catalogRead
        case .listWebhookEndpoints: .webhooksRead
        case .replayWebhooks: .webhooksWrite
        case .listKeys: .keysRead
        case .createKey, .rotateKey, .revokeKey, .mintCustomerKey, .revokeCustomerKeys: .keysWrite
        // Its caller brings what is exchanged.
        case .refreshCustomerKey: []
        case .reflection, .reflectionAlpha, .healthCheck, .healthWatch: []
        }
    }

    /// Needs no key.
    var isOpen: Bool { self == .healthCheck || self == .healthWatch }

    /// Reads files, or looks through all customers, for as long as that takes: runs on the server's
    /// pool.
    var isSlow: Bool {
        switch self {
        case .listEvents, .aggregateEvents, .listCustomers, .listWebhookEndpoints,
            .replayWebhooks, .getCustomerAsOf, .simulatePlan, .countPlanCustomers:
            true
        default: isAboutKeys
        }
    }

    var isAboutKeys: Bool {
        switch self {
        case .createKey, .listKeys, .rotateKey, .revokeKey, .mintCustomerKey,
            .refreshCustomerKey, .revokeCustomerKeys:
            true
        default: false
        }
    }

    var kind: CallKind {
        switch self {
        case .watchCustomer, .healthWatch: .serverStreaming
        case .streamTrack, .reflection, .reflectionAlpha: .bidirectional
        default: .unary
        }
    }
}
