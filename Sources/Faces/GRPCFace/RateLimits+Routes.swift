internal import RPC
internal import Repository
internal import Wire

extension RateLimits {
    /// Counts a call, and refuses it where there were too many.
    func admit(
        _ access: Access, _ route: Route, _ message: UnsafeRawBufferPointer
    ) throws(RPCStatus) {
        let group = route.rateGroup
        var customer: CustomerField = .none
        if group?.isOfCustomer == true { customer = CustomerField(message) }
        let verdict =
            if case .one(let id) = customer {
                admit(group, of: access, about: id)
            } else {
                admit(group, of: access, about: nil)
            }
        guard let verdict, !verdict.isAllowed else { return }
        let unit = verdict.limit.seconds == 1 ? "second" : "minute"
        throw .refused(
            .resourceExhausted, "RATE_LIMITED",
            "no more than \(verdict.limit.count) such calls a \(unit)",
            retryAfterMilliseconds: verdict.reset * 1000)
    }
}

extension Route {
    /// nil: not limited.
    fileprivate var rateGroup: RateGroup? {
        switch self {
        case .check, .batchCheck, .explainCheck: .check
        case .track, .trackTokens, .settleHold, .extendHold: .track
        case .batchTrack, .batchTrackTokens: .batchTrack
        case .attach, .updateSubscription, .multiAttach, .createSchedule, .deleteSchedule,
            .setupPayment, .openCustomerPortal, .refundInvoice, .applyDiscount, .removeDiscount,
            .redeemCode, .createReferralCode, .redeemReferralCode, .finalizeInvoice,
            .markInvoicePaid, .voidInvoice, .recordExternalInvoices, .migrateCustomer:
            .billing
        case .previewAttach, .previewUpdateSubscription, .previewMultiAttach,
            .previewCreateSchedule:
            nil
        case .listEvents, .aggregateEvents: .events
        case .listCustomers, .countPlanCustomers: .customersList
        case .getEntity: .entitiesGet
        case .reflection, .reflectionAlpha, .healthCheck, .healthWatch, .streamTrack,
            .watchCustomer, .importCustomer:
            nil
        case .getOrCreateCustomer, .getCustomer, .updateCustomer, .eraseCustomer,
            .deleteCustomer, .publishCatalog, .getCatalog, .createBalance, .updateBalance,
            .deleteBalance, .recalculateBalances, .updateControls, .createEntity, .listEntities,
            .updateEntity, .deleteEntity, .advanceTestClock, .getTestClock, .reportPaymentEvent,
            .listWebhookEndpoints, .replayWebhooks, .getCustomerAsOf, .simulatePlan,
            .getPromotionCode, .createKey, .listKeys, .rotateKey, .revokeKey, .mintCustomerKey,
            .refreshCustomerKey, .revokeCustomerKeys, .getStatus:
            .general
        }
    }
}
