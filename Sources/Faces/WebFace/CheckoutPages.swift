internal import Attach
internal import Billing
internal import Payments
package import RPC
package import Repository

/// The sandbox's payment page: what is bought, for how much, and a card form for test cards.
///
///     GET  /checkout/{session}          the page
///     GET  /checkout/{session}?card=…   the same with that test card filled in
///     POST /checkout/{session}          form fields `card`, `expiry`, `cvc`, `name`: pays, then
///                                       thanks or goes to the success URL
///     POST /checkout/{session}          fields `token`, `expiry`, `authentication`: the bank's
///                                       answer to what a card with 3-D Secure shows first
///
/// Scripts may send `card` alone.
package struct CheckoutPages: Sendable {
    private let attach: AttachService

    package init(_ environment: TallyEnvironment) {
        attach = AttachService(environment)
    }

    /// nil: not one of these pages.
    package func respond(to request: PageRequest) async -> PageResponse? {
        let parts = request.path.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0].isEmpty, parts[1] == "checkout" else { return nil }
        let session = String(parts[2])
        guard let page = attach.page(session) else { return CheckoutPages.closed }
        let sale = Sale(
            session: session, plan: attach.planName(page.order.plan), order: page.order,
            customer: page.customer, name: page.name.isEmpty ? page.customer.text : page.name,
            renewal: attach.price(page.order.plan, for: page.customer), now: page.time)
        switch request.method {
        case "GET", "HEAD": return .html(200, Page.checkout(sale, form(request, sale)))
        case "POST": return await post(Form(request.body), sale)
        default: return PageResponse(status: 405, headers: [("allow", "GET, HEAD, POST")])
        }
    }

    private static var closed: PageResponse {
        .html(
            404,
            Page.notice(
                "This payment page is closed",
                "It was paid, or another one has replaced it. Nothing more is charged here."))
    }

    private func form(_ request: PageRequest, _ sale: Sale) -> CardForm {
        let wanted = Form((request.query ?? "").utf8)["card"]
        guard let card = wanted.flatMap({ TestCard(typed: $0) }) else { return CardForm() }
        return CardForm(showing: card, now: sale.now)
    }

    private func post(_ fields: Form, _ sale: Sale) async -> PageResponse {
        if let token = fields["token"], let card = TestCard(token: token), card.isChallenged {
            return await authenticated(fields, card, sale)
        }
        var form = CardForm(fields, now: sale.now)
        guard form.faults.isEmpty, let card = form.card else {
            return .html(422, Page.checkout(sale, form))
        }
        if let code = card.declineCode {
            form.problem = CheckoutPages.text(ofDecline: code)
            return .html(402, Page.checkout(sale, form))
        }
        if card.isChallenged { return .html(200, Page.challenge(sale, card, form)) }
        return await pay(sale, card, form)
    }

    /// The bank's answer.
    private func authenticated(
        _ fields: Form, _ card: TestCard, _ sale: Sale
    ) async -> PageResponse {
        var form = CardForm(authenticated: fields, now: sale.now)
        guard fields["authentication"] == "complete" else {
            form.problem =
                "Your bank could not confirm that it is you. Nothing was charged. Try again, or "
                + "use another card."
            return .html(402, Page.checkout(sale, form))
        }
        return await pay(sale, card, form)
    }

    private func pay(_ sale: Sale, _ card: TestCard, _ form: CardForm) async -> PageResponse {
        do {
            try await attach.completeCheckout(
                sale.session, customer: sale.customer, method: card.method(expiry: form.expiry))
        } catch {
            switch error {
            case .refused(.checkoutNotFound): return CheckoutPages.closed
            case .refused, .unavailable, .damaged:
                var form = form
                form.problem = "Something went wrong here, and nothing was charged. Try again."
                return .html(503, Page.checkout(sale, form))
            }
        }
        guard sale.order.successURL.isEmpty else {
            return PageResponse(status: 303, headers: [("location", sale.order.successURL)])
        }
        return .html(200, Page.paid(sale, card))
    }

    private static func text(ofDecline code: String) -> String {
        switch code {
        case "insufficient_funds":
            "Your card doesn't have enough funds. Nothing was charged. Try another card."
        default: "Your card was declined. Nothing was charged. Try another card."
        }
    }
}

/// What a payment page sells.
struct Sale {
    var session: String
    var plan: String
    var order: Order
    var customer: CustomerID
    /// What people know the customer by.
    var name: String
    /// What the plan costs later on; nil: nothing.
    var renewal: (money: Money, cycle: Cycle)?
    /// Customer time.
    var now: Timestamp
}
