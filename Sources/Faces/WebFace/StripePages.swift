internal import Billing
package import Logging
package import Payments
package import RPC
package import Repository
internal import Synchronization
internal import Wire

/// Where Stripe reports to.
///
///     POST /webhooks/stripe/{environment}   an event, signed
///     POST /stripe/{environment}/reconcile  compares the books: see Reconciliations
///
/// 200: it is on record, was before, or is of a kind that nobody listens to. 400: it isn't
/// Stripe's, is too old, or of another account; nothing has changed. 500: it could not be recorded
/// now, and Stripe sends it again.
package final class StripePages: Sendable {
    /// An environment whose provider is Stripe.
    package struct Place: Sendable {
        let environment: TallyEnvironment
        let provider: Stripe
        let secrets: [StripeSecret]

        package init(
            environment: TallyEnvironment, provider: Stripe, secrets: [StripeSecret]
        ) {
            self.environment = environment
            self.provider = provider
            self.secrets = secrets
        }
    }

    /// What became of events.
    package enum Outcome: String, Sendable, CaseIterable {
        case recorded, unknown, refused, failed
    }

    /// Stripe's events are far below.
    private static let bodyLimit = 256 << 10

    private let places: [Place]
    private let counts = Mutex<[String: [Outcome: Int]]>([:])
    private let logger: Logger

    package init(_ places: [Place], logger: Logger) {
        self.places = places
        self.logger = logger
    }

    /// How many events there were, by environment; all of them where there is Stripe.
    package var report: [(environment: String, outcome: Outcome, count: Int)] {
        let counts = counts.withLock { $0 }
        return places.flatMap { place in
            Outcome.allCases.map { outcome in
                let name = place.environment.name
                return (name, outcome, counts[name]?[outcome] ?? 0)
            }
        }
    }

    /// When the books were compared last, and what remained; by environment.
    package var reconciliations: [(environment: String, status: ReconciliationStatus?)] {
        places.map { ($0.environment.name, $0.environment.reconciliation) }
    }

    /// nil: not one of these pages.
    package func respond(to request: PageRequest) async -> PageResponse? {
        let parts = request.path.split(separator: "/", omittingEmptySubsequences: false)
        if parts.count == 4, parts[0].isEmpty, parts[1] == "stripe", parts[3] == "reconcile",
            let place = places.first(where: { $0.environment.name == parts[2] })
        {
            return await reconcile(request, place.environment)
        }
        guard parts.count == 4, parts[0].isEmpty, parts[1] == "webhooks", parts[2] == "stripe",
            let place = places.first(where: { $0.environment.name == parts[3] })
        else { return nil }
        guard request.method == "POST" else {
            return PageResponse(status: 405, headers: [("allow", "POST")])
        }
        let (outcome, words) = await take(request, place)
        counts.withLock { $0[place.environment.name, default: [:]][outcome, default: 0] += 1 }
        if outcome == .refused || outcome == .failed {
            logger.warning(
                "a webhook of Stripe is \(outcome.rawValue)",
                metadata: [
                    "environment": "\(place.environment.name)", "reason": "\(words)",
                ])
        }
        switch outcome {
        case .recorded, .unknown: return .text(200, words)
        case .refused: return .text(400, words)
        case .failed: return .text(500, "it could not be recorded now; send it again")
        }
    }

    private func take(
        _ request: PageRequest, _ place: Place
    ) async -> (outcome: Outcome, words: String) {
        guard request.body.count <= StripePages.bodyLimit else {
            return (.refused, "the body is too large")
        }
        do {
            try StripeSignature.verify(
                request.header("stripe-signature"), of: request.body, secrets: place.secrets,
                now: SystemClock.wall.milliseconds / 1000)
        } catch {
            switch error {
            case .unreadable: return (.refused, "there is no signature that can be read")
            case .forged: return (.refused, "the signature is by none of the secrets")
            case .stale: return (.refused, "the signature is too old, or a clock is wrong")
            }
        }
        guard let json = try? JSONParser.parse(request.body), let event = StripeEvent(json) else {
            return (.refused, "this is no event")
        }
        guard event.account == nil, event.isLive == place.provider.isLive else {
            return (.refused, "this is of another account")
        }
        return await record(event, place)
    }

    private func record(
        _ event: StripeEvent, _ place: Place
    ) async -> (outcome: Outcome, words: String) {
        do {
            let home = place.environment.home
            guard let reports = try await place.provider.reports(of: event, home: home) else {
                return (.unknown, "nobody listens to \(event.type)")
            }
            for report in reports { try await place.environment.hear(report) }
            place.provider.heard(event)
            return (.recorded, "recorded")
        } catch {
            return (.failed, "\(error)")
        }
    }
}
