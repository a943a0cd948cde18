internal import Billing
internal import Logging
internal import Payments
internal import Wire

/// Compares a provider's books with what is on record, and puts right what can be: by the commands
/// that webhooks lead to, so that doing it twice is doing it once. What can't is named.
struct Reconciliation {
    /// A charge usually has an answer within seconds.
    private static let patience: Int64 = 3_600_000

    let environment: TallyEnvironment
    let provider: any PaymentProvider
    let since: Timestamp
    /// Nothing is changed, only told.
    let isDry: Bool
    private(set) var found: [Discrepancy] = []
    /// A charge under way kept something from being recorded.
    private(set) var isUnfinished = false

    init(
        _ environment: TallyEnvironment, _ provider: any PaymentProvider, since: Timestamp,
        isDry: Bool
    ) {
        self.environment = environment
        self.provider = provider
        self.since = since
        self.isDry = isDry
    }

    /// - Returns: false: the provider keeps no books that could differ.
    mutating func run() async throws -> Bool {
        guard let books = try await provider.books(since: since, home: environment.home)
        else { return false }
        // The oldest first, as they were made.
        for sale in books.sales.reversed() { try await compare(sale) }
        for sale in books.open { try await compare(sale) }
        for (object, reports) in books.returns {
            for report in reports {
                // That a page was paid was compared above.
                guard case .news = report else { continue }
                try await hear(report, object)
            }
        }
        var seen: [String: Money] = [:]
        for sale in books.sales { seen[sale.payment] = sale.amount }
        for repository in environment.partitions.map(\.customers) {
            for id in repository.identifiers {
                guard let holder = holder(id) else { continue }
                try await compare(holder, seen: seen)
                try await compareRefunds(of: holder, books.refunds)
            }
        }
        return true
    }

    // MARK: A customer, as it stands here

    private struct Holder {
        var id: CustomerID
        var account: Account
        var time: Timestamp
        var hasOldInvoices: Bool

        var openEffect: Effect? { account.effects.first }
    }

    /// nil: there is none.
    private func holder(_ id: CustomerID) -> Holder? {
        let repository = environment.customers(of: id)
        let time = repository.environmentTime
        let found = try? repository.read(
            id, names: environment.directory.current, in: Workspace()
        ) { customer, _ in
            Holder(
                id: id, account: customer.account,
                time: customer.buckets.clock.time(at: time),
                hasOldInvoices: (customer.account.invoices.first?.number ?? 1) > 1)
        }
        return found?.answer
    }

    /// Whether a payment is on record; nil: the log doesn't go back so far.
    private func isKnown(_ payment: String, to holder: Holder) -> Bool? {
        let account = holder.account
        let isThere =
            account.invoices.contains { $0.payment == payment }
            || account.closedCheckouts.contains { $0.payments.contains(payment) }
            || account.refunds.contains { $0.payment == payment && $0.reason == .closedPage }
        if isThere || !holder.hasOldInvoices { return isThere }
        let read = try? environment.customers(of: holder.id).read(
            holder.id, names: environment.directory.current, in: Workspace()
        ) { customer, _ in
            try? environment.invoices(of: customer, in: since..<Timestamp.never, checkpoint: {})
        }
        guard let past = read?.answer else { return nil }
        if past.invoices.contains(where: { $0.payment == payment }) { return true }
        return past.isWhole ? false : nil
    }

    // MARK: Money that came, and pages that are over

    private mutating func compare(_ sale: PastSale) async throws {
        guard let holder = holder(sale.customer) else {
            guard !sale.payment.isEmpty, sale.amount.minorUnits > sale.refunded else { return }
            return note(
                sale,
                "there is no such customer here: delete the customer at the provider, too, if it "
                    + "was deleted here; else give the money back there")
        }
        let account = holder.account
        // Its worker looks it up, and its answer is on its way.
        if holder.openEffect?.id == sale.effect { return }
        if account.checkout?.session == sale.effect || !sale.wasHeard {
            for report in sale.reports { try await hear(report, sale.object) }
            return
        }
        guard !sale.payment.isEmpty, sale.amount.minorUnits > sale.refunded else { return }
        switch isKnown(sale.payment, to: holder) {
        case true?: return
        case nil: return note(sale, "the log doesn't go back so far: look it up in a backup")
        case false?: try await rebuild(sale, holder)
        }
    }

    /// Of before an older backup was restored. A charge that is asked for again and waits is the
    /// one that was paid; whatever else it was becomes credit.
    private mutating func rebuild(_ sale: PastSale, _ holder: Holder) async throws {
        guard holder.account.payer == sale.payer || holder.account.payer.isEmpty else {
            return note(
                sale,
                "it was paid by another customer who had the same id; give credit, or give it "
                    + "back at the provider")
        }
        if let effect = holder.openEffect {
            guard environment.gate.isClosed else { return note(sale, "a charge is under way") }
            let isSame =
                effect.kind == .collect && effect.order.due == sale.amount && sale.refunded == 0
            if !isDry {
                let answer: SettleEffect.Answer =
                    isSame ? .paid : .declined(code: "paid_before_restore")
                try await commit(
                    .settle(
                        SettleEffect(
                            effectID: effect.id, answer: answer,
                            payment: isSame ? sale.payment : nil)), holder.id)
            }
            if isSame { return note(sale) }
        }
        let command = Command.provider(
            .found(
                FoundMoney(
                    payment: sale.payment, amount: sale.amount, refunded: sale.refunded)))
        if changes(command, holder.id) == false {
            return note(sale, "it can't become credit: the customer pays in another currency")
        }
        // A charge that began this moment may be for the same.
        if !isDry, try await !commit(command, holder.id) { return try await compare(sale) }
        note(sale)
    }

    private mutating func note(_ sale: PastSale, _ advice: String = "") {
        var discrepancy = Discrepancy(
            .paymentUnknown, sale.customer, sale.payment, there: sale.amount,
            isRepaired: advice.isEmpty)
        discrepancy.there?.minorUnits -= sale.refunded
        discrepancy.advice = advice
        found.append(discrepancy)
    }

    // MARK: What could still be paid

    private mutating func compare(_ sale: OpenSale) async throws {
        let account = holder(sale.customer)?.account
        guard account?.checkout?.session != sale.effect,
            account?.effects.contains(where: { $0.id == sale.effect }) != true
        else { return }
        if !isDry { try await provider.close(sale) }
        found.append(
            Discrepancy(
                .leftOpen, sale.customer, sale.object, there: sale.amount, isRepaired: true))
    }

    // MARK: What a webhook would have told

    private mutating func hear(_ report: ProviderReport, _ object: String) async throws {
        let (command, id): (Command?, CustomerID) =
            switch report {
            case .news(let command, let id): (command, id)
            case .pagePaid(let paid): (nil, paid.customer)
            }
        if let command {
            guard let changes = changes(command, id) else { return isUnfinished = true }
            guard changes else { return }
        }
        do {
            if !isDry { try await environment.hear(report) }
        } catch ExecuteFault.refused(.purchaseInProgress) {
            return isUnfinished = true
        }
        found.append(Discrepancy(.newsUnheard, id, object, isRepaired: true))
    }

    /// It would say something new; nil: that can't be known before a charge under way has ended.
    private func changes(_ command: Command, _ id: CustomerID) -> Bool? {
        let repository = environment.customers(of: id)
        let time = repository.environmentTime
        let read = try? repository.read(
            id, names: environment.directory.current, in: Workspace()
        ) { customer, names -> Bool? in
            do throws(Refusal) {
                let decision = try customer.decide(
                    command, pricing: names.pricing, now: customer.buckets.clock.time(at: time))
                return !decision.facts.isEmpty
            } catch .purchaseInProgress {
                return nil
            } catch {
                return false
            }
        }
        return read == nil ? false : read?.answer
    }

    /// - Returns: false: not while a charge is under way.
    @discardableResult
    private func commit(_ command: Command, _ id: CustomerID) async throws -> Bool {
        do {
            _ = try await environment.commit(command, for: id, request: nil)
            return true
        } catch ExecuteFault.refused(.purchaseInProgress) {
            return false
        }
    }

    /// Whether the customer has the money can't be known here, and so nothing is sent again.
    private mutating func compareRefunds(
        of holder: Holder, _ known: Set<String>
    ) async throws {
        for refund in holder.account.refunds
        where refund.status == .succeeded && refund.time >= since && !known.contains(refund.id) {
            guard try await !provider.knows(refund) else { continue }
            var missing = Discrepancy(
                .refundMissing, holder.id, refund.id, here: refund.amount, isRepaired: false)
            missing.advice =
                "it is on record as given back of \(refund.payment), where there is no such "
                + "refund: if the customer never got it, give it back there, or give credit"
            found.append(missing)
        }
    }

    // MARK: What is on record here

    private mutating func compare(_ holder: Holder, seen: [String: Money]) async throws {
        let account = holder.account
        if let effect = holder.openEffect,
            effect.order.time.adding(milliseconds: Self.patience) < holder.time
        {
            var late = Discrepancy(
                .noOutcome, holder.id, effect.id, here: effect.order.due, isRepaired: false)
            late.advice = "the provider has not answered for an hour: the log says why"
            found.append(late)
        }
        for invoice in account.invoices
        where invoice.status == .paid && invoice.time >= since && !invoice.payment.isEmpty {
            guard !invoice.lines.isEmpty, invoice.payment.hasPrefix("pi_") else { continue }
            var received = seen[invoice.payment]
            if received == nil { received = try await provider.received(by: invoice.payment) }
            guard received != invoice.due else { continue }
            var odd = Discrepancy(
                received == nil ? .paymentMissing : .amountDiffers, holder.id, invoice.payment,
                here: invoice.due, there: received, isRepaired: false)
            odd.advice = "compare invoice inv_\(invoice.number) with the payment there"
            found.append(odd)
        }
        guard let method = account.method, !account.payer.isEmpty else { return }
        var payer = Payer(id: holder.id, home: environment.home)
        payer.reference = account.payer
        for report in try await provider.reports(of: method, payer: payer) {
            try await hear(report, method.token)
        }
    }
}
