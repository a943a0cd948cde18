internal import Billing
internal import Repository

/// What customers see of their plans, card and invoices.
extension Page {
    static func portal(_ visit: PortalVisit, _ path: String, done: String?) -> String {
        document(
            "Your billing",
            """
            \(head(visit))
            \(told(done))
            \(owed(visit, path))
            \(plans(visit, path))
            \(method(visit, path))
            \(invoices(visit, path))
            """, kind: "portal")
    }

    static var missing: String {
        notice(
            "There is no such page",
            "The address is not complete, or it is of another time. Go back to where you came "
                + "from and open your billing page from there.")
    }

    static func expired(returnURL: String) -> String {
        document(
            "This page has expired",
            """
            <section class="card notice">
            <h1>This page has expired</h1>
            <p>Addresses of billing pages work for an hour. Open yours again from where you came \
            from.</p>
            \(returnURL.isEmpty ? "" : "<p>\(back(to: returnURL))</p>")
            </section>
            """)
    }

    static func failed(_ path: String) -> String {
        document(
            "That did not work",
            """
            <section class="card notice">
            <h1>That did not work</h1>
            <p>Something went wrong here, and nothing has changed. Try again in a moment.</p>
            <p><a href="\(escaped(path))">Back to your billing page</a></p>
            </section>
            """)
    }

    /// Who it is, and the way back.
    private static func head(_ visit: PortalVisit) -> String {
        let account = visit.customer.account
        let name = account.name.isEmpty ? visit.link.customer.text : account.name
        let email = account.email.isEmpty ? "" : "<p class=\"soft\">\(escaped(account.email))</p>"
        let link =
            visit.link.returnURL.isEmpty ? "" : "<nav>\(back(to: visit.link.returnURL))</nav>"
        return """
            <header>
            \(link)
            <h1>\(escaped(name))</h1>
            \(email)
            </header>
            """
    }

    private static func back(to address: String) -> String {
        let host = address.split(separator: "/", maxSplits: 2).dropFirst().first ?? ""
        return "<a href=\"\(escaped(address))\">&larr; Back to \(escaped(String(host)))</a>"
    }

    /// What has just been done.
    private static func told(_ done: String?) -> String {
        let text: String? =
            switch done {
            case "canceled": "Your plan is cancelled. You keep it until what you paid for is over."
            case "resumed": "Your plan goes on."
            case "card": "Your card is on file."
            case "unpaid": "Your card is on file. It was declined for what is open."
            case "paid": "Thank you. The invoice is paid, and your card is on file."
            default: nil
            }
        return text.map { "<p class=\"told\" role=\"status\">\($0)</p>" } ?? ""
    }

    private static func owed(_ visit: PortalVisit, _ path: String) -> String {
        visit.customer.account.invoices.filter { $0.status == .open }.map { invoice in
            """
            <div \(isLate(invoice, at: visit.now) ? alarm : reminder)>
            <p>\(why(invoice, at: visit.now))</p>
            <a class="button" href="\(escaped(path))/invoices/\(invoice.number)/pay">\
            Pay \(invoice.due.text)</a>
            </div>
            """
        }.joined(separator: "\n")
    }

    private static let alarm = "class=\"problem owed\" role=\"alert\""
    private static let reminder = "class=\"told due owed\" role=\"status\""

    /// It was declined, or isn't paid in time: an invoice that was only sent is no alarm.
    private static func isLate(_ invoice: Invoice, at now: Timestamp) -> Bool {
        invoice.dueTime == .never || invoice.dueTime <= now
    }

    /// Why something is to be paid.
    private static func why(_ invoice: Invoice, at now: Timestamp) -> String {
        guard invoice.dueTime != .never else {
            return "The payment of \(invoice.due.text) failed. We will try again; to keep your "
                + "plan, pay with another card."
        }
        return "Invoice \(invoice.number) for \(invoice.due.text) "
            + (isLate(invoice, at: now) ? "was due on" : "is due on")
            + " \(invoice.dueTime.dayText)."
    }

    // MARK: Plans

    private static func plans(_ visit: PortalVisit, _ path: String) -> String {
        let shown = visit.customer.subscriptions.filter { $0.status != .ended }
        let rows = shown.map { plan($0, visit, path) }
        return """
            <section class="card" aria-labelledby="plans">
            <h2 id="plans">Plans</h2>
            \(rows.isEmpty ? "<p class=\"soft\">You have no plan.</p>" : list(rows))
            </section>
            """
    }

    private static func list(_ rows: [String]) -> String {
        "<ul class=\"rows\">\n" + rows.map { "<li>\($0)</li>" }.joined(separator: "\n") + "\n</ul>"
    }

    private static func plan(
        _ subscription: Subscription, _ visit: PortalVisit, _ path: String
    ) -> String {
        let plan = visit.pricing.plan(subscription.plan)
        let place = "\(escaped(path))/plans/\(subscription.number)"
        var action = ""
        if visit.customer.canCancel(subscription) {
            action = "<a class=\"button small second\" href=\"\(place)/cancel\">Cancel plan</a>"
        } else if subscription.canBeResumed {
            action =
                "<form method=\"post\" action=\"\(place)/resume\">"
                + "<button class=\"small\">Keep plan</button></form>"
        }
        return """
            <div class="what"><p class="name">\(escaped(plan.name)) \
            \(badge(subscription, at: visit.now))</p>
            <p class="price">\(price(of: subscription, visit))</p>
            \(details(subscription, visit).map { "<p class=\"soft\">\($0)</p>" }
                .joined(separator: "\n"))</div>
            <div class="deed">\(action)</div>
            """
    }

    private static func badge(_ subscription: Subscription, at now: Timestamp) -> String {
        let (kind, word): (String, String) =
            switch subscription.shownStatus {
            case .paused: ("quiet", "Paused")
            case .scheduled: ("quiet", "Starts later")
            case .pastDue:
                ("wrong", subscription.netDays == 0 ? "Payment failed" : "Payment overdue")
            case .canceling: ("quiet", "Cancelled")
            case .active, .renewing:
                subscription.isTrialing(at: now) ? ("right", "Trial") : ("right", "Active")
            case .ended: ("quiet", "Ended")
            }
        return "<span class=\"badge \(kind)\">\(word)</span>"
    }

    /// "20.00 USD each month, and what is used beyond what is included".
    static func price(of subscription: Subscription, _ visit: PortalVisit) -> String {
        let costs = visit.pricing.recurringCosts(of: subscription).map {
            "\($0.money.text) \($0.cycle.text)"
        }
        let usage = visit.pricing.chargesUsage(subscription.plan) ? ["use beyond the plan"] : []
        let parts = costs + usage
        if parts.isEmpty {
            return visit.pricing.plan(subscription.plan).isFree ? "Free" : "Paid once"
        }
        return parts.joined(separator: " + ")
    }

    /// When it renews or ends, for whom it is, and what was bought with it.
    private static func details(
        _ subscription: Subscription, _ visit: PortalVisit
    ) -> [String] {
        var lines: [String] = []
        if subscription.entity != 0 {
            let entity = visit.customer.buckets.extras.entities.entity(subscription.entity)
            let name = entity.map { $0.name.isEmpty ? $0.id.text : $0.name } ?? ""
            lines.append("For \(escaped(name))")
        }
        let plan = visit.pricing.plan(subscription.plan)
        for bought in subscription.bought {
            let feature = visit.pricing.feature(bought.feature)
            let included = plan.items.first { $0.featureID == feature.id }?.included ?? .zero
            lines.append("\((included + bought.units).text) \(escaped(feature.name))")
        }
        if let line = dates(subscription, visit) { lines.append(line) }
        return lines
    }

    private static func dates(_ subscription: Subscription, _ visit: PortalVisit) -> String? {
        if subscription.status == .scheduled { return "Starts on \(subscription.start.dayText)" }
        if subscription.end != .never { return "Yours until \(subscription.end.dayText)" }
        guard subscription.isBilled else { return nil }
        if visit.customer.isReverting(subscription) {
            return "Free until \(subscription.trialEnd.dayText), then your own plan goes on"
        }
        if subscription.isTrialing(at: visit.now) {
            let end = subscription.trialEnd.dayText
            return visit.customer.account.method == nil
                ? "Free until \(end). Add a card to keep it."
                : "Free until \(end), then it is paid for"
        }
        return subscription.status == .pastDue
            ? nil : "Renews on \(subscription.periodEnd.dayText)"
    }

    static func cancellation(
        of subscription: Subscription, _ preview: PurchasePreview, _ visit: PortalVisit,
        _ path: String
    ) -> String {
        let name = visit.pricing.plan(subscription.plan).name
        let end = preview.outgoing.first { $0.plan == subscription.plan }?.time
        let next = preview.incoming.first.map { visit.pricing.plan($0.plan).name }
        let until = end.map {
            "You keep it until <b>\($0.dayText)</b>, and can undo this until then."
        }
        let then = next.map { "After that you are on \(escaped($0))." } ?? "It won't renew."
        let usage =
            visit.pricing.chargesUsage(subscription.plan)
            ? " What you use beyond it until then is charged at its end." : ""
        return document(
            "Cancel \(name)",
            """
            <section class="card notice">
            <h1>Cancel \(escaped(name))?</h1>
            <p>\(until ?? "It ends now.") \(then)\(usage)</p>
            <form method="post" action="\(escaped(path))/plans/\(subscription.number)/cancel">
            <button type="submit">Cancel \(escaped(name))</button>
            </form>
            <p><a class="button second" href="\(escaped(path))">Keep it</a></p>
            </section>
            """)
    }

    // MARK: The card

    private static func method(_ visit: PortalVisit, _ path: String) -> String {
        let method = visit.customer.account.method
        let shown =
            method.map { method in
                let isPast = method.expiry?.isPast(at: visit.now) ?? false
                let badge = isPast ? " <span class=\"badge wrong\">Expired</span>" : ""
                return """
                    <p class="name">\(escaped(name(brand: method.brand, last4: method.last4)))\
                    \(badge)</p>
                    \(method.expiry.map { "<p class=\"soft\">Expires \(text($0))</p>" } ?? "")
                    """
            } ?? "<p class=\"soft\">There is no card on file.</p>"
        return """
            <section class="card" aria-labelledby="method">
            <h2 id="method">Payment method</h2>
            <ul class="rows"><li><div class="what">\(shown)</div>
            <div class="deed"><a class="button small second" href="\(escaped(path))/card">\
            \(method == nil ? "Add a card" : "Change card")</a></div></li></ul>
            </section>
            """
    }

    /// "12 / 2049".
    private static func text(_ expiry: CardExpiry) -> String {
        "\(expiry.month < 10 ? "0" : "")\(expiry.month) / \(expiry.year)"
    }

    static func card(
        _ visit: PortalVisit, _ path: String, at place: String, of invoice: Invoice?,
        _ form: CardForm
    ) -> String {
        let title = invoice == nil ? "Your card" : "Pay invoice \(invoice?.number ?? 0)"
        // Others that were sent are paid one by one.
        let open = visit.customer.account.invoices.filter {
            $0.status == .open && ($0.dueTime == .never || $0.number == invoice?.number)
        }
        let owed = open.map { "<b>\($0.due.text)</b>" }.joined(separator: " and ")
        let kept =
            visit.customer.account.method == nil
            ? "The card is kept on file. " : "It takes the place of the card on file. "
        let fine =
            kept
            + (open.isEmpty ? "Nothing is charged now." : "What is open, \(owed), is charged now.")
        return document(
            title,
            """
            <section class="card single">
            <p><a href="\(escaped(path))">&larr; Back</a></p>
            <h1>\(title)</h1>
            \(invoice.map { "<p class=\"amount\">\($0.due.text)</p>" } ?? "")
            \(cardForm(
                at: place, deed: invoice.map { "Pay \($0.due.text)" } ?? "Save the card", form))
            <p class="fine">\(fine)</p>
            \(testCards(at: place))
            </section>
            """)
    }

    // MARK: Invoices

    private static func invoices(_ visit: PortalVisit, _ path: String) -> String {
        let sent = visit.customer.account.invoices.filter { $0.status != .draft }
        let own = sent.reversed().map { invoice in
            (
                invoice.time,
                """
                <tr><td><a href="\(escaped(path))/invoices/\(invoice.number)">Invoice \
                \(invoice.number)</a><br><span class="soft">\(invoice.time.dayText)</span></td>
                <td>\(badge(invoice, at: visit.now))</td><td>\(invoice.total.text)</td></tr>
                """
            )
        }
        let rows = (own + externalRows(visit)).enumerated().sorted {
            ($1.element.0, $0.offset) < ($0.element.0, $1.offset)
        }.map(\.element.1)
        let table =
            rows.isEmpty
            ? "<p class=\"soft\">There are no invoices yet.</p>"
            : "<table class=\"invoices\">\(rows.joined(separator: "\n"))</table>"
        return """
            <section class="card" aria-labelledby="invoices">
            <h2 id="invoices">Invoices</h2>
            \(credit(visit))
            \(table)
            </section>
            """
    }

    private static func credit(_ visit: PortalVisit) -> String {
        guard let credit = visit.customer.account.credit, credit.minorUnits != 0 else { return "" }
        guard credit.minorUnits < 0 else {
            return
                "<p>Your credit: <b>\(credit.text)</b>. The next invoices are paid out of it.</p>"
        }
        let owed = Money(minorUnits: -credit.minorUnits, currency: credit.currency)
        return "<p><b>\(owed.text)</b> comes on top of your next invoice.</p>"
    }

    static func badge(_ invoice: Invoice, at now: Timestamp) -> String {
        switch invoice.status {
        case .open where invoice.dueTime <= now: "<span class=\"badge wrong\">Overdue</span>"
        case .open where invoice.dueTime != .never:
            "<span class=\"badge quiet\">Due \(invoice.dueTime.dayText)</span>"
        case .draft: "<span class=\"badge quiet\">Draft</span>"
        case .void: "<span class=\"badge quiet\">Taken back</span>"
        case .open: "<span class=\"badge wrong\">Open</span>"
        case .paid where invoice.total.minorUnits < 0: "<span class=\"badge quiet\">Credit</span>"
        case .paid: "<span class=\"badge right\">Paid</span>"
        case .uncollectible: "<span class=\"badge quiet\">Not paid</span>"
        }
    }
}
