internal import Wire

/// What an account of Stripe's needs so that Tally can collect with it, looked at and made.
package struct StripeSetup: Sendable {
    package enum Endpoint: String, Sendable {
        case found, made, changed
        /// Its secret could be kept nowhere.
        case missing
    }

    package var account = ""
    package var isLive = false
    package var endpoint = Endpoint.missing
    package var endpointID = ""
    /// Of an endpoint that was made: it is shown this once.
    package var secret: String?
    /// What somebody has to do, for people.
    package var missing: [String] = []

    private static let listLimit = "100"

    /// Twice it is the same.
    ///
    /// - Parameters:
    ///   - url: where webhooks are to go.
    ///   - hasSecret: one is known already.
    ///   - mayMake: an endpoint's secret can be kept.
    package static func run(
        _ client: StripeClient, url: String, hasSecret: Bool, mayMake: Bool
    ) async throws(StripeFault) -> StripeSetup {
        var setup = StripeSetup()
        setup.isLive = client.isLive
        let account = try await client.get("/v1/account")
        setup.account = account.text("id") ?? ""
        if account.flag("charges_enabled") != true {
            setup.missing.append(
                "the account can't take payments yet: finish its activation in Stripe's dashboard")
        }
        try await setup.findEndpoint(client, url)
        if setup.endpoint == .missing {
            if mayMake {
                try await setup.makeEndpoint(client, url)
            } else {
                setup.missing.append(
                    "there is no webhook endpoint for \(url), and nowhere to keep its secret")
            }
        } else if !hasSecret {
            setup.missing.append(
                "the endpoint's secret is not known here: reveal it in Stripe's dashboard, or "
                    + "delete the endpoint there and run this again")
        }
        return setup
    }

    private mutating func findEndpoint(
        _ client: StripeClient, _ url: String
    ) async throws(StripeFault) {
        let list = try await client.get(
            "/v1/webhook_endpoints", ["limit": .text(Self.listLimit)])
        guard let found = list.data.first(where: { $0.text("url") == url }),
            let id = found.text("id"), Stripe.isID(id)
        else { return }
        (endpointID, endpoint) = (id, .found)
        var events: Set<String> = []
        if case .array(let values)? = found["enabled_events"] {
            for case .string(let text) in values { events.insert(text) }
        }
        let isWhole = events.contains("*") || events.isSuperset(of: StripeEvent.types)
        guard !isWhole || found.text("status") != "enabled" else { return }
        let all = events.union(StripeEvent.types).sorted()
        _ = try await client.post(
            "/v1/webhook_endpoints/\(id)",
            ["enabled_events": .list(all.map { .text($0) }), "disabled": "false"], key: nil)
        endpoint = .changed
    }

    private mutating func makeEndpoint(
        _ client: StripeClient, _ url: String
    ) async throws(StripeFault) {
        let made = try await client.post(
            "/v1/webhook_endpoints",
            [
                "url": .text(url), "api_version": .text(StripeClient.version),
                "description": "Tally",
                "enabled_events": .list(StripeEvent.types.map { .text($0) }),
            ], key: nil)
        (endpointID, endpoint) = (made.text("id") ?? "", .made)
        secret = made.text("secret")
    }
}
