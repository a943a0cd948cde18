package import Wire

/// What Stripe says has happened. Only what it is about is taken from it: how that stands is asked
/// of Stripe, so that an event that is told twice, late, or after a later one changes nothing.
package struct StripeEvent: Sendable {
    package var id: String
    package var type: String
    /// Seconds since the Unix epoch.
    package var created: Int64
    package var isLive: Bool
    /// Of somebody else's account that is connected to ours; nil: it is our own.
    package var account: String?
    var object: JSONValue
    /// What the object was before.
    var before: JSONValue

    /// nil: it is none.
    package init?(_ json: JSONValue) {
        guard json.text("object") == "event", let id = json.text("id"), Stripe.isID(id),
            let type = json.text("type"), let created = json.number("created"),
            let isLive = json.flag("livemode"), let object = json["data", "object"],
            case .object = object
        else { return nil }
        (self.id, self.type, self.created, self.isLive) = (id, type, created, isLive)
        self.object = object
        account = json.text("account")
        before = json["data", "previous_attributes"] ?? .null
    }

    /// Those that are listened to: what starts at Stripe, and can't be learnt from an answer.
    package static let types = [
        "checkout.session.completed", "checkout.session.async_payment_succeeded",
        "checkout.session.async_payment_failed", "checkout.session.expired",
        "charge.refunded", "refund.created", "refund.updated", "refund.failed",
        "charge.dispute.created", "charge.dispute.updated", "charge.dispute.closed",
        "charge.dispute.funds_withdrawn", "charge.dispute.funds_reinstated",
        "payment_method.updated", "payment_method.automatically_updated",
        "payment_method.detached", "customer.deleted",
    ]

    package var isKnown: Bool { StripeEvent.types.contains(type) }
}

/// How far the list of Stripe's events was read.
struct StripeWatch: Sendable {
    private static let limit = 20_000
    /// Events may be listed a little out of order.
    private static let overlap: Int64 = 60

    let lookBackDays: Int
    private var cursor: Int64?
    private var next: Int64?
    /// Heard, by a webhook or by the list.
    private var heard: Set<String> = []
    private var older: Set<String> = []
    private var reading: [String] = []

    init(lookBackDays: Int) {
        self.lookBackDays = lookBackDays
    }

    /// Seconds from which on events are read.
    func start(now: Int64) -> Int64 {
        cursor.map { $0 - StripeWatch.overlap } ?? now - Int64(lookBackDays) * 86_400
    }

    func isNew(_ id: String) -> Bool { !heard.contains(id) && !older.contains(id) }

    mutating func hear(_ id: String) {
        heard.insert(id)
        guard heard.count >= StripeWatch.limit else { return }
        older = heard
        heard = []
    }

    mutating func read(_ events: [StripeEvent], now: Int64) {
        reading = events.map(\.id)
        next = max(cursor ?? 0, events.map(\.created).max() ?? 0)
        // Of an account where nothing happens: not from the beginning each time.
        if events.isEmpty { next = max(next ?? 0, start(now: now) + StripeWatch.overlap) }
    }

    mutating func haveHeard() {
        for id in reading { hear(id) }
        reading = []
        cursor = next ?? cursor
    }
}
