internal import Billing
internal import RPC
internal import Repository
internal import Wire

extension RateLimits {
    /// - Parameter document: the body; nil: it is none that can be read.
    func admit(
        _ caller: Access, _ request: PageRequest, _ document: JSONValue?
    ) -> RateVerdict? {
        let name = String(request.path.dropFirst("/v1/".count))
        guard let route = Route(rawValue: name) else {
            let (group, customer) = RateLimits.older(request, document)
            return admit(group, of: caller, about: customer)
        }
        return admit(route.rateGroup, of: caller, about: RateLimits.customer(document))
    }

    private static func customer(_ document: JSONValue?) -> CustomerID? {
        guard case .string(let id)? = document?["customer_id"] else { return nil }
        return CustomerID(id)
    }

    /// Of the routes that came before.
    private static func older(
        _ request: PageRequest, _ document: JSONValue?
    ) -> (RateGroup?, CustomerID?) {
        let parts = request.path.split(separator: "/").dropFirst().map(String.init)
        let named = customer(document)
        switch (parts.first ?? "", parts.count) {
        case ("check", 1), ("entitled", 1): return (.check, named)
        case ("track", 1), ("events", 1), ("usage", 1), ("track_tokens", 1): return (.track, named)
        case ("attach", 1), ("checkout", 1), ("cancel", 1), ("setup_payment", 1),
            ("billing_portal", 1), ("referrals", 2):
            return (.billing, named)
        case ("query", 1), ("events", 2): return (.events, named)
        case ("customers", 1) where request.method == "GET": return (.customersList, nil)
        case ("customers", 4) where request.method == "GET" && parts[2] == "entities":
            return (.entitiesGet, CustomerID(parts[1]))
        default: return (.general, nil)
        }
    }
}

extension Route {
    /// nil: not limited.
    fileprivate var rateGroup: RateGroup? {
        switch self {
        case .check: .check
        case .track, .trackTokens, .finalize: .track
        case .batchTrack: .batchTrack
        case .attach, .multiAttach, .update, .multiUpdate, .createSchedule, .setupPayment,
            .openPortal, .importSubscriptions, .insertInvoices, .createReferralCode,
            .redeemReferralCode, .redeemReward:
            .billing
        case .previewAttach, .previewMultiAttach, .previewUpdate, .previewMultiUpdate: nil
        case .listEvents, .aggregateEvents: .events
        case .listCustomers: .customersList
        case .getEntity: .entitiesGet
        default: .general
        }
    }
}

extension RateVerdict {
    /// As IETF's draft 6 has them.
    var headers: [(name: String, value: String)] {
        [
            ("ratelimit-limit", "\(limit.count)"),
            ("ratelimit-policy", "\(limit.count);w=\(limit.seconds)"),
            ("ratelimit-remaining", "\(remaining)"), ("ratelimit-reset", "\(reset)"),
        ]
    }

    var problem: JSONProblem {
        let unit = limit.seconds == 1 ? "second" : "minute"
        return JSONProblem(
            429, "rate_limit_exceeded", "no more than \(limit.count) such calls a \(unit)")
    }
}
