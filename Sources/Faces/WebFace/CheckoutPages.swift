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
    private let environment: TallyEnvironment
    /// The provider whose page it is; nil: it has another one.
    private let sandbox: Sandbox?

    package init(_ environment: TallyEnvironment) {
        attach = AttachService(environment)
        self.environment = environment
        sandbox = environment.provider as? Sandbox
    }

    /// nil: not one of these pages.
    package func respond(to request: PageRequest) async -> PageResponse? {
        let parts = request.path.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0].isEmpty, parts[1] == "checkout" else { return nil }
        let session = String(parts[2])
        // Whose pages are somewhere else takes no test cards.
        guard sandbox != nil else { return .html(200, CheckoutPages.elsewhere) }
        guard let page = attach.page(session) else {
            guard request.method == "POST" else { return CheckoutPages.closed }
            return await postLate(Form(request.body), session)
        }
        if page.order.purpose == .setup {
            return await SetupPages(attach: attach).respond(to: request, session)
        }
        let sale = sale(session, page.order, page.customer, page.name, now: page.time)
        switch request.method {
        case "GET", "HEAD": return .html(200, Page.checkout(sale, form(request, sale)))
        case "POST": return await post(Form(request.body), sale)
        default: return PageResponse(status: 405, headers: [("allow", "GET, HEAD, POST")])
        }
    }

    private func sale(
        _ session: String, _ order: Order, _ customer: CustomerID, _ name: String, now: Timestamp
    ) -> Sale {
        let parts = order.parts.isEmpty ? [order] : order.parts.filter { !$0.startsLater }
        let renewing = parts.filter { attach.price($0.plan, for: customer) != nil }
        // Phases that come later are not what is paid for here.
        let sold = order.parts.isEmpty || parts.isEmpty ? [order] : order.parts
        let names = (order.purpose == .schedule && !parts.isEmpty ? parts : sold)
            .map { attach.planName($0.plan) }
        return Sale(
            session: session, plan: Page.listed(names), isOfSeveral: names.count > 1, order: order,
            customer: customer, name: name.isEmpty ? customer.text : name,
            renewals: sums(renewing.compactMap { attach.price($0.plan, for: customer) }),
            trialEnd: renewing.contains { $0.trialEnd == .never } ? .never : order.trialEnd,
            now: now)
    }

    /// What comes at the same times is one charge.
    private func sums(
        _ prices: [(money: Money, cycle: Cycle)]
    ) -> [(money: Money, cycle: Cycle)] {
        prices.reduce(into: []) { sums, price in
            if let index = sums.firstIndex(where: { $0.cycle == price.cycle }) {
                sums[index].money.minorUnits += price.money.minorUnits
            } else {
                sums.append(price)
            }
        }
    }

    static var closed: PageResponse {
        .html(
            404,
            Page.notice(
                "This payment page is closed",
                "It was paid, or another one has replaced it. Nothing more is charged here."))
    }

    private func form(_ request: PageRequest, _ sale: Sale) -> CardForm {
        CardForm.asked(by: request.query.map(String.init), now: sale.now)
    }

    private func post(_ fields: Form, _ sale: Sale) async -> PageResponse {
        switch CardEntry(fields, now: sale.now) {
        case .again(let status, let form): return .html(status, Page.checkout(sale, form))
        case .asked(let card, let form):
            let question = Page.challenge(
                at: "/checkout/\(sale.session)", amount: sale.order.due.text, purpose: sale.plan,
                card, form)
            return .html(200, question)
        // The bank of a card that is asked about has confirmed the payment by then.
        case .accepted(let card, let form):
            return await pay(sale, card, form, isConfirmed: card.isChallenged)
        }
    }

    /// An old tab. Nothing can be paid there any more, but a bank that has just confirmed a payment
    /// has paid it.
    private func postLate(_ fields: Form, _ session: String) async -> PageResponse {
        guard let token = fields["token"], let card = TestCard(token: token), card.isChallenged,
            fields["authentication"] == "complete"
        else { return CheckoutPages.closed }
        return await take(session, card.method(expiry: nil), isConfirmed: true, nil)
            ?? CheckoutPages.late
    }

    private func pay(
        _ sale: Sale, _ card: TestCard, _ form: CardForm, isConfirmed: Bool
    ) async -> PageResponse {
        let fault = await take(
            sale.session, card.method(expiry: form.expiry), isConfirmed: isConfirmed,
            (sale.customer, sale.order.due))
        if let fault { return fault }
        guard sale.order.successURL.isEmpty else {
            return PageResponse(status: 303, headers: [("location", sale.order.successURL)])
        }
        return .html(200, Page.paid(sale, card))
    }

    /// The provider takes the money and reports it. nil: it is paid.
    private func take(
        _ session: String, _ method: PaymentMethod, isConfirmed: Bool,
        _ sale: (customer: CustomerID, due: Money)?
    ) async -> PageResponse? {
        guard
            let paid = try? sandbox?.pay(
                session, with: method, isConfirmed: isConfirmed, sale: sale)
        else { return CheckoutPages.closed }
        do throws(ExecuteFault) {
            return try await environment.report(paid) ? nil : CheckoutPages.late
        } catch {
            return CheckoutPages.unheard
        }
    }

    /// Where customers come back to from a page of another provider.
    private static var elsewhere: String {
        Page.notice(
            "Thank you", "What you bought will be there in a moment. You can close this page.")
    }

    private static var late: PageResponse {
        .html(
            409,
            Page.notice(
                "This payment came too late",
                "The page was closed, or paid already, before your bank confirmed. What was "
                    + "charged goes back to your card."))
    }

    private static var unheard: PageResponse {
        .html(
            503,
            Page.notice(
                "Your payment is being recorded",
                "Your card was charged. You needn't pay again; what you bought will be there "
                    + "soon."))
    }
}

/// What a payment page sells.
struct Sale {
    var session: String
    /// The plan, or all of them.
    var plan: String
    var isOfSeveral: Bool
    var order: Order
    var customer: CustomerID
    /// What people know the customer by.
    var name: String
    /// What the plans cost later on; empty: nothing.
    var renewals: [(money: Money, cycle: Cycle)]
    /// Until then none of them costs anything; `.never`: one does.
    var trialEnd: Timestamp
    /// Customer time.
    var now: Timestamp
}
