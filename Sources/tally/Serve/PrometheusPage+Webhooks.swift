internal import Billing
internal import RPC
internal import Repository
internal import WebFace
internal import Webhooks
internal import Wire

extension PrometheusPage {
    /// How each receiver of webhooks stands. Nothing where there are none.
    mutating func add(_ desks: [String: WebhookDesk]) {
        let reports = desks.sorted { $0.key < $1.key }.flatMap { environment, desk in
            desk.reports.map { (environment, $0) }
        }
        guard !reports.isEmpty else { return }
        func each(
            _ name: String, _ kind: String, _ help: String, _ value: (EndpointReport) -> Double
        ) {
            family(name, kind, help)
            for (environment, report) in reports {
                sample(
                    "environment=\"\(environment)\",endpoint=\"\(report.name)\"", value(report))
            }
        }
        each("tally_webhooks_delivered_total", "counter", "Notifications that were accepted.") {
            Double($0.delivered)
        }
        each("tally_webhooks_failed_attempts_total", "counter", "Attempts that weren't.") {
            Double($0.failedAttempts)
        }
        each("tally_webhooks_given_up_total", "counter", "Not accepted for three days.") {
            Double($0.givenUp)
        }
        each("tally_webhooks_lag_seconds", "gauge", "How long the oldest has waited.") {
            Double($0.lagMilliseconds) / 1000
        }
        each("tally_webhooks_disabled", "gauge", "1: it answered 410 Gone.") {
            $0.isDisabled ? 1 : 0
        }
    }

    /// What became of Stripe's webhooks.
    mutating func add(_ stripe: StripePages) {
        family("tally_stripe_events_total", "counter", "Webhooks of Stripe that came.")
        for (environment, outcome, count) in stripe.report {
            sample(
                "environment=\"\(environment)\",outcome=\"\(outcome.rawValue)\"", Double(count))
        }
        family(
            "tally_stripe_discrepancies", "gauge",
            "Differences from Stripe's books that somebody has to look at, at the last comparison.")
        for case let (environment, status?) in stripe.reconciliations {
            sample("environment=\"\(environment)\"", Double(status.remaining))
        }
        family(
            "tally_stripe_reconcile_timestamp_seconds", "gauge",
            "When Stripe's books were compared last.")
        for case let (environment, status?) in stripe.reconciliations {
            sample("environment=\"\(environment)\"", Double(status.time.milliseconds) / 1000)
        }
    }
}
