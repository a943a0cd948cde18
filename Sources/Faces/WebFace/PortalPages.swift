internal import Attach
internal import Billing
internal import Payments
package import RPC
package import Repository

/// A customer's own pages. Who has the address may do all of it, so nobody can guess, make or
/// change one, and it expires.
///
///     GET  /portal/{token}                        plans, card, invoices
///     GET  /portal/{token}/plans/{number}/cancel  what cancelling does; POST: cancels at the end
///     POST /portal/{token}/plans/{number}/resume  it goes on after all
///     GET  /portal/{token}/card                   a card form; POST: another card is on file
///     GET  /portal/{token}/invoices/{number}      an invoice, to be printed
///     GET  /portal/{token}/invoices/{number}/pay  a card form; POST: pays what is open with it
///
/// What is done leads back by 303. 404: no such token, plan or invoice. 410: it has expired. 403: a
/// form of another site.
package struct PortalPages: Sendable {
    private let services: [(service: AttachService, takesTestCards: Bool)]

    /// - Parameter environments: a token says which one it is of.
    package init(_ environments: [TallyEnvironment]) {
        services = environments.map { (AttachService($0), $0.provider is Sandbox) }
    }

    /// nil: not one of these pages.
    package func respond(to request: PageRequest) async -> PageResponse? {
        let parts = request.path.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count >= 3, parts[0].isEmpty, parts[1] == "portal" else { return nil }
        guard request.isOfThisSite else {
            return .html(
                403,
                Page.notice(
                    "This came from another site", "Open your billing page and do it there."))
        }
        let token = String(parts[2])
        for (service, takesTestCards) in services {
            switch service.door(token) {
            case .missing: continue
            case .expired(let link):
                return .html(410, Page.expired(returnURL: link.returnURL), leads: false)
            case .open(let visit):
                let desk = PortalDesk(
                    service: service, visit: visit, path: "/portal/\(token)",
                    takesTestCards: takesTestCards)
                return await desk.respond(to: request, parts.dropFirst(3).map(String.init))
            }
        }
        return .html(404, Page.missing, leads: false)
    }
}

/// One request of one visit.
struct PortalDesk {
    let service: AttachService
    let visit: PortalVisit
    let path: String
    /// False: cards are entered on a page of the provider's.
    let takesTestCards: Bool
    /// It is the page of one invoice, and of nothing else.
    var isOfInvoice = false

    func respond(to request: PageRequest, _ parts: [String]) async -> PageResponse {
        let isPost = request.method == "POST"
        guard isPost || request.method == "GET" || request.method == "HEAD" else {
            return PageResponse(status: 405, headers: [("allow", "GET, HEAD, POST")])
        }
        let number = parts.count > 1 ? UInt32(parts[1]) : nil
        switch (parts.first, number, parts.dropFirst(2).first, parts.count) {
        case (nil, _, _, _) where !isPost:
            let done = Form((request.query ?? "").utf8)["done"]
            return .html(200, Page.portal(visit, path, done: done), leads: false)
        case ("card", _, _, 1): return await card(request, of: nil)
        case ("plans", let number?, "cancel", 3): return await cancel(number, isPost)
        case ("plans", let number?, "resume", 3) where isPost:
            return await change(number, .undo, done: "resumed")
        case ("invoices", let number?, nil, 2) where !isPost:
            guard let invoice = invoice(number), invoice.status != .draft else { return missing }
            return .html(200, Page.invoice(invoice, of: visit, path), leads: false)
        case ("invoices", let number?, "pay", 3):
            guard let invoice = invoice(number) else { return missing }
            guard invoice.status == .open else { return .see("\(path)/invoices/\(number)") }
            return await card(request, of: invoice)
        default: return missing
        }
    }

    var missing: PageResponse { .html(404, Page.missing, leads: false) }

    private func invoice(_ number: UInt32) -> Invoice? {
        visit.customer.account.invoices.first { $0.number == number }
    }

    // MARK: Plans

    private func cancel(_ number: UInt32, _ isPost: Bool) async -> PageResponse {
        guard let subscription = visit.customer.subscription(number),
            visit.customer.canCancel(subscription)
        else { return missing }
        if isPost { return await change(number, .atEnd, done: "canceled") }
        var change = ChangeSubscription()
        change.number = number
        change.cancel = .atEnd
        let preview = try? visit.customer.preview(
            change, pricing: visit.pricing, now: visit.now)
        guard let preview else { return missing }
        return .html(
            200, Page.cancellation(of: subscription, preview, visit, path), leads: false)
    }

    private func change(
        _ number: UInt32, _ cancel: ChangeSubscription.Cancel, done: String
    ) async -> PageResponse {
        do {
            try await service.change(number, cancel, on: visit)
            return .see("\(path)?done=\(done)")
        } catch {
            switch error {
            case .refused(.subscriptionNotFound), .refused(.invalid): return missing
            case .refused, .unavailable, .damaged:
                return .html(503, Page.failed(path), leads: false)
            }
        }
    }

    // MARK: The card

    func card(_ request: PageRequest, of invoice: Invoice?) async -> PageResponse {
        let place =
            isOfInvoice
            ? "\(path)/pay" : invoice.map { "\(path)/invoices/\($0.number)/pay" } ?? "\(path)/card"
        guard takesTestCards else { return await cardElsewhere(request, place, invoice) }
        func page(_ status: Int, _ form: CardForm) -> PageResponse {
            .html(
                status, Page.card(visit, path, at: place, of: invoice, form), leads: false)
        }
        guard request.method == "POST" else {
            return page(
                200, CardForm.asked(by: request.query.map(String.init), now: visit.now))
        }
        switch CardEntry(Form(request.body), now: visit.now) {
        case .again(let status, let form): return page(status, form)
        case .asked(let card, let form):
            let question = Page.challenge(
                at: place, amount: invoice?.due.text,
                purpose: invoice.map { "Invoice \($0.number)" } ?? "Your new card", card, form)
            return .html(200, question, leads: false)
        case .accepted(let card, var form):
            do {
                let method = card.method(expiry: form.expiry)
                if let invoice, invoice.dueTime != .never {
                    try await service.pay(invoice.number, with: method, on: visit)
                } else {
                    try await service.save(method, on: visit)
                }
            } catch {
                form.problem = "Something went wrong here, and nothing was charged. Try again."
                return page(503, form)
            }
            return saved(invoice) { page(402, $0) }
        }
    }

    /// With the new card, what was open was charged: it says so when that failed.
    private func saved(
        _ invoice: Invoice?, failed page: (CardForm) -> PageResponse
    ) -> PageResponse {
        let now = service.again(visit).customer.account
        let isOpen = now.invoices.contains {
            $0.status == .open
                && (invoice == nil ? $0.dueTime == .never : $0.number == invoice?.number)
        }
        guard isOpen else {
            if isOfInvoice { return .see(path) }
            return .see("\(path)?done=\(invoice == nil ? "card" : "paid")")
        }
        guard invoice != nil else { return .see("\(path)?done=unpaid") }
        var form = CardForm()
        form.problem =
            "This card is on file now, but it was declined for the open invoice. Nothing was "
            + "charged. Try another card."
        return page(form)
    }
}

extension CustomerState {
    /// It is paid for again and again, and nobody has cancelled it.
    func canCancel(_ subscription: Subscription) -> Bool {
        subscription.isBilled && subscription.status.grantsAccess
            && subscription.canceled == .never && !isReverting(subscription)
    }
}

extension Subscription {
    /// It was cancelled, and hasn't ended yet.
    var canBeResumed: Bool { status.grantsAccess && canceled != .never }
}

extension PageRequest {
    /// Not a form that another site has sent: browsers tell where one comes from. The address is a
    /// secret that other sites don't know; this holds should one have leaked.
    var isOfThisSite: Bool {
        guard method == "POST" else { return true }
        if let site = header("sec-fetch-site"), site != "same-origin", site != "none" {
            return false
        }
        // "null" where no referrer is sent, as from our own pages.
        guard let origin = header("origin"), origin != "null" else { return true }
        guard let host = header("host") else { return false }
        return origin == "https://\(host)" || origin == "http://\(host)"
    }
}
