package import Billing
internal import Synchronization
internal import Wire

/// What has happened at Stripe, as it stands there now.
extension Stripe {
    /// nil: it is of a kind that nobody listens to. Empty: it is none of ours, or changes nothing.
    ///
    /// - Parameter home: names our data folder.
    package func reports(of event: StripeEvent, home: String) async throws -> [ProviderReport]? {
        guard event.isKnown else { return nil }
        guard let id = event.object.text("id"), Stripe.isID(id) else { return [] }
        do {
            switch event.type.split(separator: ".").first {
            case "checkout": return try await pageReports(try await page(id), home)
            case "refund":
                let refund = try await client.get("/v1/refunds/\(id)")
                return try await refundReports(refund.reference("payment_intent"), home)
            case "payment_method": return try await methodReports(id, event, home)
            case "customer": return try await customerReports(id, event, home)
            default:
                guard event.object.text("object") == "dispute" else {
                    let charge = try await client.get("/v1/charges/\(id)")
                    return try await refundReports(charge.reference("payment_intent"), home)
                }
                return try await disputeReports(id, home)
            }
        } catch StripeFault.missing {
            return []
        }
    }

    // MARK: Pages

    private func page(_ id: String) async throws -> JSONValue {
        try await client.get(
            "/v1/checkout/sessions/\(id)",
            ["expand": ["payment_intent.payment_method", "setup_intent.payment_method"]])
    }

    func pageReports(_ page: JSONValue, _ home: String) async throws -> [ProviderReport] {
        guard let customer = Stripe.customer(of: page, home),
            let session = page.metadata("tally_effect")
        else { return [] }
        if page.text("status") == "expired" {
            return [.news(.provider(.pageClosed(session: session)), customer)]
        }
        let isSetup = page.text("mode") == "setup"
        // A method that takes days has said no: nothing can be paid on this page any more.
        let refused = ["requires_payment_method", "canceled"]
        if page.text("status") == "complete", page.text("payment_status") == "unpaid",
            refused.contains(page["payment_intent"]?.text("status") ?? "")
        {
            return [.news(.provider(.pageClosed(session: session)), customer)]
        }
        guard page.text("status") == "complete", isSetup || page.text("payment_status") == "paid",
            let intent = page[isSetup ? "setup_intent" : "payment_intent"],
            let method = intent["payment_method"].flatMap(PaymentMethod.init),
            let amount = StripeAmount.money(
                isSetup ? 0 : page.number("amount_total") ?? 0, page.text("currency") ?? "usd")
        else { return [] }
        var paid = PagePayment(
            customer: customer, session: session,
            payment: isSetup ? session : try Stripe.id(intent), amount: amount, method: method)
        paid.wasHeard = intent.metadata("tally_heard") != nil
        return [.pagePaid(paid)]
    }

    // MARK: Money that goes back

    /// Whose payment it is, and what is to be heard before anything that became of it: a page that
    /// was paid is paid before its payment goes back, whichever is told first.
    private func payment(
        _ id: String?, _ home: String
    ) async throws -> (id: String, customer: CustomerID, before: [ProviderReport])? {
        guard let id, Stripe.isID(id) else { return nil }
        let intent = try await client.get("/v1/payment_intents/\(id)", ["expand": ["customer"]])
        guard
            let customer = intent["customer"].flatMap({ Stripe.customer(of: $0, home) })
                ?? Stripe.customer(of: intent, home)
        else { return nil }
        guard intent.metadata("tally_effect") != nil else { return (id, customer, []) }
        let pages = try await client.get("/v1/checkout/sessions", ["payment_intent": .text(id)])
        guard let found = pages.data.first else { return (id, customer, []) }
        return (id, customer, try await pageReports(try await page(try Stripe.id(found)), home))
    }

    func refundReports(_ payment: String?, _ home: String) async throws
        -> [ProviderReport]
    {
        guard let payment = try await self.payment(payment, home) else { return [] }
        let given = GivenBack(
            try await refunds(of: payment.id), payment: payment.id,
            isOurs: { Stripe.customer(of: $0, home) == payment.customer })
        return payment.before + given.commands.map { .news($0, payment.customer) }
    }

    func disputeReports(_ id: String, _ home: String) async throws -> [ProviderReport] {
        let dispute = try await client.get("/v1/disputes/\(id)")
        let status: Dispute.Status
        switch dispute.text("status") {
        case "won": status = .won
        case "lost": status = .lost
        case "needs_response", "under_review": status = .open
        // The bank only asks, or it came to nothing: no money has moved.
        default: return []
        }
        guard
            let payment = try await self.payment(dispute.reference("payment_intent"), home),
            let amount = StripeAmount.money(
                dispute.number("amount") ?? 0, dispute.text("currency") ?? "")
        else { return [] }
        let report = ReportedDispute(id: id, payment: payment.id, amount: amount, status: status)
        return payment.before + [.news(.refund(.disputed(report)), payment.customer)]
    }

    // MARK: Methods and customers

    private func methodReports(
        _ id: String, _ event: StripeEvent, _ home: String
    ) async throws -> [ProviderReport] {
        let json = try await client.get("/v1/payment_methods/\(id)")
        if let owner = json.reference("customer") {
            guard let customer = try await customer(owner, home),
                let method = PaymentMethod(json)
            else { return [] }
            return [.news(.provider(.methodChanged(method)), customer)]
        }
        guard let owner = event.before.text("customer"), Stripe.isID(owner),
            let customer = try await customer(owner, home)
        else { return [] }
        return [.news(.provider(.methodRemoved(token: id)), customer)]
    }

    /// What is deleted has lost its metadata; the event still shows it.
    private func customerReports(
        _ id: String, _ event: StripeEvent, _ home: String
    ) async throws -> [ProviderReport] {
        guard try await client.get("/v1/customers/\(id)").flag("deleted") == true,
            let customer = Stripe.customer(of: event.object, home)
        else { return [] }
        return [.news(.provider(.forgotten(reference: id)), customer)]
    }

    private func customer(_ id: String, _ home: String) async throws -> CustomerID? {
        Stripe.customer(of: try await client.get("/v1/customers/\(id)"), home)
    }

    /// nil: it is none of this data folder's.
    static func customer(of object: JSONValue, _ home: String) -> CustomerID? {
        guard object.metadata("tally_home") == home else { return nil }
        return object.metadata("tally_customer").flatMap { CustomerID($0) }
    }

    // MARK: What was lost

    /// A webhook told it, and it is on record.
    package func heard(_ event: StripeEvent) {
        watch.withLock { $0.hear(event.id) }
    }

    /// Stripe keeps its events for 30 days, and so a webhook that was lost, or came while nobody
    /// listened, is made up for.
    package func unheardReports(now: Timestamp, home: String) async throws -> [ProviderReport] {
        let seconds = now.milliseconds / 1000
        let start = watch.withLock { $0.start(now: seconds) }
        let events = try await events(since: start)
        let new = watch.withLock { watch in
            defer { watch.read(events, now: seconds) }
            return events.filter { watch.isNew($0.id) }
        }
        var reports: [ProviderReport] = []
        var seen: Set<String> = []
        for event in new.reversed() {
            // Several are of one object, which is asked for once.
            let id = event.object.text("id") ?? event.id
            guard seen.insert("\(event.type)/\(id)").inserted else { continue }
            reports += try await self.reports(of: event, home: home) ?? []
        }
        return reports
    }

    package func haveHeard() { watch.withLock { $0.haveHeard() } }

    /// The latest first.
    private func events(since start: Int64) async throws -> [StripeEvent] {
        var events: [StripeEvent] = []
        var after: String?
        repeat {
            var query: StripeForm = [
                "created": .form(["gte": .text(String(start))]), "limit": "100",
                "types": .list(StripeEvent.types.map { .text($0) }),
            ]
            if let after { query.append("starting_after", after) }
            let page = try await client.get("/v1/events", query)
            events += page.data.compactMap { StripeEvent($0) }
            after =
                page.flag("has_more") == true ? try page.data.last.map { try Stripe.id($0) } : nil
        } while after != nil
        return events
    }
}

extension PaymentMethod {
    init?(_ json: JSONValue) {
        guard let token = json.text("id"), let type = json.text("type"), let card = json[type]
        else { return nil }
        self.init(
            token: token, brand: card.text("brand") ?? type, last4: card.text("last4") ?? "")
        if let year = card.number("exp_year"), let month = card.number("exp_month"),
            1...12 ~= month, 0...9999 ~= year
        {
            expiry = CardExpiry(year: UInt32(year), month: UInt32(month))
        }
    }
}
