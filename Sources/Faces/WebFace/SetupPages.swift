internal import Attach
internal import Billing
internal import Payments
internal import RPC
internal import Repository

/// A page that puts a card on file, after which a plan may be attached. It has the address of a
/// payment page, `/checkout/{session}`, and takes the same forms.
struct SetupPages {
    let attach: AttachService

    func respond(to request: PageRequest, _ session: String) async -> PageResponse {
        guard let page = attach.setup(session) else { return CheckoutPages.closed }
        switch request.method {
        case "GET", "HEAD":
            let form = CardForm.asked(by: request.query.map(String.init), now: page.time)
            return .html(200, Page.setup(page, session, form))
        case "POST": return await post(Form(request.body), page, session)
        default: return PageResponse(status: 405, headers: [("allow", "GET, HEAD, POST")])
        }
    }

    private func post(_ fields: Form, _ page: SetupOffer, _ session: String) async -> PageResponse {
        switch CardEntry(fields, now: page.time) {
        case .again(let status, let form): return .html(status, Page.setup(page, session, form))
        case .asked(let card, let form):
            let question = Page.challenge(
                at: "/checkout/\(session)", amount: page.due.map(\.text), purpose: page.title,
                card, form, hidden: [("due", page.dueText)])
            return .html(200, question)
        case .accepted(let card, var form):
            // Nobody pays what they weren't shown. A script that sends no sum has seen none.
            if let shown = fields["due"], shown != page.dueText {
                form.problem = "The price has changed meanwhile. Look at it, and try again."
                return .html(409, Page.setup(page, session, form))
            }
            return await save(card, form, page, session)
        }
    }

    private func save(
        _ card: TestCard, _ form: CardForm, _ page: SetupOffer, _ session: String
    ) async -> PageResponse {
        let outcome: AttachOutcome
        do {
            outcome = try await attach.completeCheckout(
                session, customer: page.customer, method: card.method(expiry: form.expiry))
        } catch {
            switch error {
            case .refused(.checkoutNotFound): return CheckoutPages.closed
            case .refused, .unavailable, .damaged:
                var form = form
                form.problem = "Something went wrong here, and nothing was charged. Try again."
                return .html(503, Page.setup(page, session, form))
            }
        }
        if outcome == .declined { return .html(402, Page.setupDeclined(page, card)) }
        guard page.order.successURL.isEmpty else { return .see(page.order.successURL) }
        return .html(200, Page.setupDone(page, card))
    }
}

extension SetupOffer {
    /// What it is called.
    var title: String { plan.map { "Card for \($0)" } ?? "Your card" }

    var dueText: String { due?.text ?? "" }
}

extension Page {
    static func setup(_ page: SetupOffer, _ session: String, _ form: CardForm) -> String {
        let action = "/checkout/\(session)"
        return document(
            page.title,
            """
            \(summary(page))
            <section class="card">
            <h2>Save a card</h2>
            \(cardForm(
                at: action, deed: page.due.map { "Save the card and pay \($0.text)" }
                    ?? "Save the card", form, hidden: [("due", page.dueText)]))
            <p class="fine">\(terms(page))</p>
            \(testCards(at: action))
            </section>
            """)
    }

    private static func summary(_ page: SetupOffer) -> String {
        let lines =
            (page.invoice?.lines ?? []).map { line in
                "<tr><td>\(escaped(line.description))</td><td>\(line.discounted.text)</td></tr>"
            } + taxes(page.invoice?.lines ?? [])
        let amount = page.due.map { "<p class=\"amount\">\($0.text)</p>" } ?? ""
        let table =
            lines.isEmpty
            ? ""
            : "<table>\(lines.joined(separator: "\n"))<tr class=\"total\"><td>Due once the card "
                + "is saved</td><td>\(page.dueText)</td></tr></table>"
        return """
            <section class="summary">
            <h1>\(escaped(page.plan ?? "A card for your account"))</h1>
            \(amount)
            <p class="soft">for \(escaped(page.name))</p>
            \(table)
            </section>
            """
    }

    private static func terms(_ page: SetupOffer) -> String {
        guard let plan = page.plan else {
            return "Nothing is charged now. The card is kept on file for later purchases."
        }
        let price = page.renewal.map { ", at \($0.money.text) \($0.cycle.text)" } ?? ""
        return "Once the card is saved \(escaped(plan)) starts\(price). The card is kept on file "
            + "for that."
    }

    static func setupDone(_ page: SetupOffer, _ card: TestCard) -> String {
        let plan = page.plan.map { " \(escaped($0)) is yours." } ?? ""
        let charge = page.due.map { " \($0.text) was charged to it." } ?? ""
        return document(
            "Saved",
            """
            <section class="card notice">
            \(tick)
            <h1>Saved</h1>
            <p>\(card.name) is on file.\(charge)\(plan)</p>
            <p class="soft">You can close this page.</p>
            </section>
            """)
    }

    static func setupDeclined(_ page: SetupOffer, _ card: TestCard) -> String {
        notice(
            "The payment was declined",
            "\(card.name) is on file, but it was declined for \(page.plan ?? "the plan"). Nothing "
                + "was charged, and the plan has not started. Go back to where you came from to "
                + "try another card.")
    }
}
