internal import JSONFace
internal import RPC
internal import Repository
internal import Synchronization
internal import WebFace
internal import Webhooks

/// `GET /metrics`, for Prometheus: needs an API key, of whichever environment.
final class MetricsPage: PageHandler {
    private let environments: [TallyEnvironment]
    private let webhooks: [String: WebhookDesk]
    private let stripe: StripePages?
    private let json: JSONMeter?
    /// Pages are made before the server that shows them.
    private let server = Mutex<RPCServer?>(nil)

    init(
        environments: [TallyEnvironment], webhooks: [String: WebhookDesk], stripe: StripePages?,
        json: JSONMeter?
    ) {
        self.environments = environments
        self.webhooks = webhooks
        self.stripe = stripe
        self.json = json
    }

    func show(_ server: RPCServer) { self.server.withLock { $0 = server } }

    func respond(to request: PageRequest) async -> PageResponse {
        guard isAllowed(request.header("authorization")) else {
            return PageResponse(
                status: 401, headers: [("www-authenticate", "Bearer")],
                body: Array("an API key is needed: authorization: Bearer tally_sk_…\n".utf8))
        }
        guard request.method == "GET", let server = server.withLock({ $0 }) else {
            return .text(405, "only GET")
        }
        var page = PrometheusPage()
        page.add(await server.metrics())
        json?.add(to: &page)
        page.add(environments)
        page.addSizes(environments)
        page.addProcess()
        page.add(webhooks)
        if let stripe { page.add(stripe) }
        return PageResponse(
            status: 200,
            headers: [("content-type", "text/plain; version=0.0.4; charset=utf-8")],
            body: Array(page.text.utf8))
    }

    private func isAllowed(_ authorization: String?) -> Bool {
        let scheme = "Bearer "
        guard let authorization, authorization.hasPrefix(scheme) else { return false }
        let key = Array(authorization.dropFirst(scheme.count).utf8)
        return key.withUnsafeBytes { bytes in
            environments.contains { $0.keys.scopes(of: bytes) != nil }
        }
    }
}
