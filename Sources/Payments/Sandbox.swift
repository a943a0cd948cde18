package import Billing

/// The built-in provider for trying things out: its payment page is served by this process, its
/// cards are test cards, and no money moves.
///
/// It keeps books of pages, payments and refunds, over a restart too, and answers from them: who
/// asks again with the same id, after a crash, gets the same answer, and pays once. By key:
///
///     page/{session}     customer, currency, amount, pending|closed|paid, payments that came
///     charge/{effect}    paid, or why it was declined
///     payment/{id}       customer, currency, amount, what of it went back, card
///     refund/{id}        succeeded, pending, or why it failed
///     report/{payment}   customer, session, currency, amount, card, expiry; "heard" once it was
///                        acknowledged
package struct Sandbox: PaymentProvider {
    private let address: @Sendable () -> String
    private let books: SandboxBooks

    /// - Parameters:
    ///   - address: where the server's pages are, "https://localhost:7443"; asked for each page,
    ///     because the port may not be known before the server listens.
    ///   - file: of the books; nil: they are kept in memory.
    package init(address: @escaping @Sendable () -> String, file: String? = nil) {
        self.address = address
        books = SandboxBooks(path: file)
    }

    package func register(_ payer: Payer) async throws -> String? { nil }

    package func openCheckout(
        _ effect: Effect, _ context: PaymentContext
    ) async throws -> PageOutcome {
        try books.enter { entries in
            guard entries["page/\(effect.id)"] == nil else { return }
            entries["page/\(effect.id)"] =
                Page(customer: context.payer.id, due: effect.order.due).text
        }
        return .opened(url: "\(address())/checkout/\(effect.id)")
    }

    package func closeCheckout(_ session: String, of payer: Payer) async throws {
        try books.enter { entries in
            guard var page = Page(entries["page/\(session)"]), page.state == .pending
            else { return }
            page.state = .closed
            entries["page/\(session)"] = page.text
        }
    }

    package func collect(
        _ effect: Effect, with method: PaymentMethod, _ context: PaymentContext
    ) async throws -> CollectOutcome {
        let card = TestCard(token: method.token)
        let (answer, isNew) = try books.enter { entries in
            if let known = entries["charge/\(effect.id)"] { return (known, false) }
            let isExpired = method.expiry?.isPast(at: context.time) ?? false
            let answer =
                card.map { isExpired ? "expired_card" : $0.laterDeclineCode ?? "paid" }
                ?? "card_declined"
            entries["charge/\(effect.id)"] = answer
            if answer == "paid" {
                entries["payment/\(effect.id)"] =
                    Payment(
                        customer: context.payer.id, amount: effect.order.due, token: method.token
                    ).text
            }
            return (answer, true)
        }
        if isNew, let card { try await Task.sleep(for: card.delay) }
        return answer == "paid" ? .paid(payment: effect.id) : .declined(code: answer)
    }

    package func refund(_ refund: Refund, to payer: Payer) async throws -> RefundOutcome {
        let (answer, delay) = try books.enter { entries in
            let known = entries["refund/\(refund.id)"]
            if let known, known != "pending" { return (known, Duration.zero) }
            guard var payment = Payment(entries["payment/\(refund.payment)"]) else {
                entries["refund/\(refund.id)"] = "resource_missing"
                return ("resource_missing", .zero)
            }
            let card = TestCard(token: payment.token)
            let left = payment.amount.minorUnits - payment.refunded
            var answer = card?.refundFailureCode ?? "succeeded"
            if known == nil, card?.refundsLater == true { answer = "pending" }
            if refund.amount.minorUnits > left { answer = "charge_already_refunded" }
            if answer == "succeeded" {
                payment.refunded += refund.amount.minorUnits
                entries["payment/\(refund.payment)"] = payment.text
            }
            entries["refund/\(refund.id)"] = answer
            return (answer, card?.delay ?? .zero)
        }
        try await Task.sleep(for: delay)
        switch answer {
        case "succeeded": return .succeeded
        case "pending": return .pending
        default: return .failed(code: answer)
        }
    }

    // MARK: What happens at its page

    /// A card was accepted there. nil: the page is closed, or was paid already, and nothing is
    /// charged; but a bank that has confirmed the payment has paid it.
    ///
    /// - Parameter sale: whose page it is, for how much, should it be from before there were books.
    package func pay(
        _ session: String, with method: PaymentMethod, isConfirmed: Bool,
        sale: (customer: CustomerID, due: Money)?
    ) throws -> PagePayment? {
        try books.enter { entries in
            let known = Page(entries["page/\(session)"])
            let asked = sale.map { Page(customer: $0.customer, due: $0.due) }
            guard var page = known ?? asked, page.state == .pending || isConfirmed
            else { return nil }
            page.payments += 1
            if page.state == .pending { page.state = .paid }
            let paid = PagePayment(
                customer: page.customer, session: session,
                payment: "\(session)_\(page.payments)", amount: page.due, method: method)
            entries["page/\(session)"] = page.text
            entries["payment/\(paid.payment)"] =
                Payment(customer: page.customer, amount: page.due, token: method.token).text
            entries["report/\(paid.payment)"] = paid.text
            return paid
        }
    }

    package func unheardReports(now: Timestamp, home: String) async throws -> [ProviderReport] {
        try books.enter { entries in
            entries.keys(from: "report/").compactMap { key in
                let payment = String(key.dropFirst("report/".count))
                return PagePayment(entries[key], payment: payment).map { .pagePaid($0) }
            }
        }
    }

    /// Each payment is acknowledged of its own.
    package func haveHeard() {}

    package func acknowledge(_ payment: PagePayment) throws {
        try books.enter { $0["report/\(payment.payment)"] = "heard" }
    }

    // MARK: What somebody does there

    /// Sends money of a payment back, without being asked to. False: so much isn't left.
    package func refund(_ amount: Money, of payment: String, id: String) throws -> Bool {
        try books.enter { entries in
            if entries["refund/\(id)"] != nil { return true }
            guard var known = Payment(entries["payment/\(payment)"]),
                known.refunded + amount.minorUnits <= known.amount.minorUnits
            else { return false }
            known.refunded += amount.minorUnits
            entries["payment/\(payment)"] = known.text
            entries["refund/\(id)"] = "succeeded"
            return true
        }
    }

    /// A refund of a payment as it is reported.
    ///
    /// - Parameter asked: those that it was asked for, and may not have made yet.
    package func report(
        of id: String, _ amount: Money, of payment: String, asked: [String]
    ) throws -> ReportedRefund {
        try books.enter { entries in
            ReportedRefund(
                id: id, payment: payment, amount: amount,
                total: Payment(entries["payment/\(payment)"])?.refunded ?? 0,
                ours: asked.filter { entries["refund/\($0)"] == "succeeded" })
        }
    }
}

// Entries of the books, as words with blanks between them.

private struct Page {
    enum State: String { case pending, closed, paid }

    var customer: CustomerID
    var due: Money
    var state = State.pending
    var payments = 0

    init(customer: CustomerID, due: Money) {
        self.customer = customer
        self.due = due
    }

    init?(_ text: String?) {
        let words = text?.split(separator: " ") ?? []
        guard words.count == 5, let customer = CustomerID(String(words[0])),
            let due = Money(words[1], words[2]), let state = State(rawValue: String(words[3])),
            let payments = Int(words[4])
        else { return nil }
        (self.customer, self.due, self.state, self.payments) = (customer, due, state, payments)
    }

    var text: String {
        "\(customer.text) \(due.currency.code) \(due.minorUnits) \(state) \(payments)"
    }
}

private struct Payment {
    var customer: CustomerID
    var amount: Money
    var refunded: Int64 = 0
    var token: String

    init(customer: CustomerID, amount: Money, token: String) {
        self.customer = customer
        self.amount = amount
        self.token = token
    }

    init?(_ text: String?) {
        let words = text?.split(separator: " ") ?? []
        guard words.count == 5, let customer = CustomerID(String(words[0])),
            let amount = Money(words[1], words[2]), let refunded = Int64(words[3])
        else { return nil }
        (self.customer, self.amount, self.refunded) = (customer, amount, refunded)
        token = String(words[4])
    }

    var text: String {
        "\(customer.text) \(amount.currency.code) \(amount.minorUnits) \(refunded) \(token)"
    }
}

extension PagePayment {
    /// nil: it was heard.
    fileprivate init?(_ text: String?, payment: String) {
        let words = text?.split(separator: " ") ?? []
        guard words.count == 6, let customer = CustomerID(String(words[0])),
            let amount = Money(words[2], words[3]), let card = TestCard(token: String(words[4]))
        else { return nil }
        let expiry = words[5].split(separator: "-").compactMap { UInt32($0) }
        self.init(
            customer: customer, session: String(words[1]), payment: payment, amount: amount,
            method: card.method(
                expiry: expiry.count == 2 ? CardExpiry(year: expiry[0], month: expiry[1]) : nil))
    }

    fileprivate var text: String {
        let expiry = method.expiry.map { "\($0.year)-\($0.month)" } ?? "-"
        return "\(customer.text) \(session) \(amount.currency.code) \(amount.minorUnits) "
            + "\(method.token) \(expiry)"
    }
}

extension Money {
    fileprivate init?(_ code: Substring, _ minorUnits: Substring) {
        guard let currency = Currency(code: String(code)), let minorUnits = Int64(minorUnits)
        else { return nil }
        self.init(minorUnits: minorUnits, currency: currency)
    }
}
