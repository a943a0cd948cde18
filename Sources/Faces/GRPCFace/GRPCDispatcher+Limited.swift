internal import Billing
internal import RPC
internal import Repository
internal import Wire

/// Callers whose keys may do less than their scopes say.
extension GRPCDispatcher {
    /// A key for one customer is good for calls about that one, and a publishable key for three
    /// questions (entitlements §10.1).
    func checkReach(
        _ access: Access, _ route: Route, _ message: UnsafeRawBufferPointer
    ) throws(RPCStatus) {
        switch access.kind {
        case .secret: return
        case .publishable:
            guard route.isPublic else {
                throw .refused(
                    .permissionDenied, "KEY_PUBLISHABLE",
                    "a publishable key may ask Check, GetCustomer and GetCatalog alone; "
                        + "use a secret key, on a server")
            }
        case .refresh:
            guard route == .refreshCustomerKey else {
                throw .refused(
                    .unauthenticated, "KEY_IS_REFRESH_TOKEN",
                    "a refresh token is good for RefreshCustomerKey alone")
            }
        case .customer:
            if route.isAboutNobody { return }
            guard route.isAboutOneCustomer else {
                throw .refused(
                    .permissionDenied, "KEY_OF_CUSTOMER",
                    "a key of one customer can't make this call; use a secret key")
            }
            guard let own = self.access.customer(of: access) else {
                throw .refused(
                    .unauthenticated, "KEY_UNKNOWN", "the API key is unknown or was revoked")
            }
            guard case .one(let asked) = CustomerField(message), asked == own else {
                throw .refused(
                    .permissionDenied, "KEY_OF_CUSTOMER",
                    "the key is customer \"\(own.text)\"'s: customer_id must say so")
            }
            try checkUsage(route, message)
        }
    }

    /// Whoever has to pay for usage mustn't take it back.
    private func checkUsage(
        _ route: Route, _ message: UnsafeRawBufferPointer
    ) throws(RPCStatus) {
        let lowers =
            switch route {
            case .track: GivenUsage.lowers(track: message)
            case .batchTrack: GivenUsage.lowers(batch: message)
            case .check: GivenUsage.lowers(check: message)
            case .settleHold: GivenUsage.isNegative(3, of: message)
            default: false
            }
        guard lowers else { return }
        throw .refused(
            .permissionDenied, "KEY_CANNOT_LOWER_USAGE",
            "a key of one customer can't give back or set usage; use a secret key")
    }
}

extension Route {
    /// Open to publishable keys.
    var isPublic: Bool {
        switch self {
        case .check, .getCustomer, .getCatalog: true
        default: false
        }
    }

    /// Names no customer, and shows nothing of any.
    var isAboutNobody: Bool { self == .getCatalog || self == .getPromotionCode }

    /// Field 1 of the request is the customer's id, and nobody else's things are in it.
    var isAboutOneCustomer: Bool {
        switch self {
        case .check, .batchCheck, .explainCheck, .track, .batchTrack, .trackTokens,
            .batchTrackTokens, .settleHold, .extendHold, .getCustomer, .getCustomerAsOf,
            .getEntity, .listEntities, .getTestClock:
            true
        default: false
        }
    }
}
