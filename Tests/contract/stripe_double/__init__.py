"""A double of Stripe for tests: stateful, on 127.0.0.1 only, with nothing but Python's library.

    cd Tests/contract && python -m stripe_double --port 0    prints {"port": …, "url": …}
    double = stripe_double.server.Double().start(); double.url; double.stop()

As Stripe: form-encoded bodies, Bearer or Basic keys (`sk_test_double`), the one API version of
`world.API_VERSION`, error bodies and statuses, idempotency keys, pages, expansions, searches,
signed webhooks. What the double doesn't serve it refuses (`parameter_unknown`, 404): it ignores
nothing. Note what that version renamed: `allowed_payment_method_types`, `ui_mode` hosted_page, no
`paid` or `payment_intent` on an invoice (expand `payments.data.payment.payment_intent`). No
invoice moves on by itself (`auto_advance` must be false).

The control API speaks JSON and needs no key. Moments are seconds, durations as named.

    GET    /_control/clock                  {"now", "ahead"}
    POST   /_control/clock                  {"advance": s} or {"to": s}: ahead only. Sessions and
                                            keys expire, due webhooks are tried again
    POST   /_control/settings               {"search_delay_seconds": s,
                                            "automatic_tax_percent": {"DE": 19}}

    POST   /_control/subscriptions          {"customer", "items": [{"price", "quantity"}],
                                            "start", "trial_end", …}: one that runs since then;
                                            {"many": […]}: {"ids"} of so many.
                                            Subscriptions renew as the clock moves

    What customers do. `card` is a test card's number (4242… if none), or `payment_method` an id
    or a name such as pm_card_visa; `authenticate` answers the bank: true, false, or nothing yet.
    POST   /_control/checkout/ID/pay        {"card", "authenticate", "email", "name", "address"}
                                            {"answer_only": true, "authenticate"}: the bank asked
                                            before. Gives {"session", "error" as the page says it}
    POST   /_control/checkout/ID/expire
    POST   /_control/invoices/ID/pay        {"card", "authenticate"}: the hosted invoice page
    POST   /_control/invoices/ID/authenticate   {"succeed": true}: after requires_action
    POST   /_control/payment_intents/ID/authenticate, /_control/setup_intents/ID/authenticate
    The pages themselves are at a session's `url` and an invoice's `hosted_invoice_url`.

    What banks do.
    POST   /_control/payment_methods/ID     {"charge": "insufficient_funds" | "generic_decline" |
                                            … | null, "ask": "never" | "always" | "unsaved" |
                                            "on_session", "expiry": [month, year], "last4",
                                            "takes_days": true: a charge is processing until
    POST   /_control/payment_intents/ID/arrive  {"succeed": true}; a page's payment too, whose
                                            `pay` was given "takes_days"}
    POST   /_control/disputes               {"charge" or "payment_intent", "reason", "amount",
                                            "inquiry": false}
    POST   /_control/disputes/ID            {"status": "won" | "lost" | "warning_closed"}
    POST   /_control/refunds/ID             {"status": "failed" | "succeeded"}

    Webhooks. Deliveries go out in order, one at a time. A failed one is tried again once the clock
    has moved past its backoff (60 s, 5 min, …), or by `retry`.
    GET    /_control/webhooks               every delivery: event, state, attempts; rules
    POST   /_control/webhooks/hold          from now on they are held back
    POST   /_control/webhooks/release       {"order": "in_order" | "reversed" | "shuffled" |
                                            [event ids or types], "only": […], "drop": […],
                                            "copies": 1, "keep_holding": false}
    POST   /_control/webhooks/lose          {"type": "invoice.paid" or none, "count": 1; -1: all}
    POST   /_control/webhooks/repeat        {"type", "count", "copies": 2}
    POST   /_control/webhooks/redeliver     {"event": ID, "endpoint": ID}: also a lost one
    POST   /_control/webhooks/forge         {"event": {…}, "endpoint", "secret", "header",
                                            "cut_bytes", "sign_seconds_ago"}: what Stripe never
                                            sent; it shows among the deliveries
    POST   /_control/webhooks/retry         every failed one, now
    POST   /_control/webhooks/pace          {"delay_milliseconds", "sign_seconds_ago"}
    POST   /_control/webhooks/settle        {"seconds": 10}: waits until none is under way;
                                            {"settled": bool, "counts": {state: n}}
    POST   /_control/webhook_endpoints/ID/roll  {"keep_seconds": 86400}: {"secret"}; the old one
                                            signs, too, until then

    Faults: see faults.py. Each is taken by the next call that fits.
    POST   /_control/faults                 {"do": "answer" | "cut" | "slow", "acts": bool,
                                            "status", "should_retry", "saves", "milliseconds",
                                            "method", "path": regex, "count": 1, "skip": 0}
    GET, DELETE /_control/faults
    DELETE /_control/idempotency            {"key"} or all: Stripe has forgotten

    GET    /_control/log?after=N            every request: method, path, body, answer, replayed,
                                            fault; DELETE empties it
    GET    /_control/broken                 {"broken": […]}: tracebacks of the double itself
"""
