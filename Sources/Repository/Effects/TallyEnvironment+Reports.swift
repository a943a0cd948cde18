package import Billing
internal import Logging
package import Payments
package import Wire

/// What payment providers report of their own, told once or several times: a page was paid, money
/// went back, a payment is disputed. A webhook's handler calls these, and answers the provider
/// when they return.
extension TallyEnvironment {
    /// How often a report that finds a charge under way waits for it.
    private static let patience = 8
    private static let unheardPause = Duration.seconds(30)

    /// Records a report durably, after a charge that is under way. None ends before the books were
    /// compared with a backup's, which reports itself: then it isn't waited for.
    @discardableResult
    package func report(
        _ command: Command, of customer: CustomerID
    ) async throws(ExecuteFault) -> (reply: Reply, message: [UInt8]) {
        for _ in 0..<TallyEnvironment.patience {
            do {
                let (reply, message, _) = try await commit(command, for: customer, request: nil)
                return (reply, message)
            } catch .refused(.purchaseInProgress) where !gate.isClosed {
                _ = await waitForOpenEffect(of: customer)
            }
        }
        throw .refused(.purchaseInProgress)
    }

    /// A page was paid.
    ///
    /// - Returns: false: it was closed before, or paid before by another payment, and this one goes
    ///   back.
    package func report(_ paid: PagePayment) async throws(ExecuteFault) -> Bool {
        let command = CompleteCheckout(
            session: paid.session, method: paid.method, payment: paid.payment,
            effectID: newEffectID())
        var reply = Reply.paidLate
        do {
            reply = try await claimingTrials(
                for: paid.customer, { $0.trials(of: .completeCheckout(command), pricing: $1) }
            ) { (claims) async throws(ExecuteFault) in
                var command = command
                command.trialClaim = claims.values.first
                return try await report(.completeCheckout(command), of: paid.customer).reply
            }
        } catch .refused(.checkoutNotFound), .refused(.customerNotFound) {
            try await giveBack(paid)
        }
        // Told again, it would be the same.
        try? await provider?.acknowledge(paid)
        return reply != .paidLate
    }

    /// Of a page that nobody remembers here, or of somebody deleted: no record can be made of it.
    private func giveBack(_ paid: PagePayment) async throws(ExecuteFault) {
        guard paid.amount.minorUnits > 0 else { return }
        guard !paid.wasHeard else {
            logger.notice(
                "a payment that was on record before is not known here, and is left alone",
                metadata: ["payment": "\(paid.payment)", "customer": "\(paid.customer.text)"])
            return
        }
        let refund = Refund(
            id: "refund_\(paid.payment)", payment: paid.payment, invoice: 0, amount: paid.amount,
            reason: .closedPage, time: now)
        do {
            let outcome = try await provider?.refund(
                refund, to: Payer(id: paid.customer, home: home))
            logger.warning(
                "a payment for a page that is not known here is refunded",
                metadata: [
                    "payment": "\(paid.payment)", "outcome": "\(String(describing: outcome))",
                ])
        } catch {
            throw .unavailable(.unavailable("the payment provider does not answer: \(error)"))
        }
    }

    /// Records what a provider reports.
    package func hear(_ report: ProviderReport) async throws(ExecuteFault) {
        switch report {
        case .pagePaid(let paid): _ = try await self.report(paid)
        case .news(let command, let customer):
            do {
                try await self.report(command, of: customer)
            } catch .refused(.customerNotFound) {
                logger.notice(
                    "a payment provider reports of a customer who is not here",
                    metadata: ["customer": "\(customer.text)"])
            }
        }
    }

    /// What a stop, a fault, or a webhook that was lost has kept from being recorded.
    func hearReports() async {
        guard let provider else { return }
        while !Task.isCancelled {
            do {
                var problem: (any Error)?
                for report in try await provider.unheardReports(now: now, home: home) {
                    // One that can't be recorded keeps none of the others waiting.
                    do { try await hear(report) } catch { problem = error }
                }
                if let problem { throw problem }
                provider.haveHeard()
            } catch {
                logger.warning(
                    "what a payment provider reports could not be recorded yet",
                    metadata: ["error": "\(error)"])
            }
            try? await Task.sleep(for: TallyEnvironment.unheardPause)
        }
    }
}

/// What the sandbox's provider does when it is told to.
extension TallyEnvironment {
    /// Does it, and has it reported.
    package func provoke(_ call: PaymentEventCall) async throws(ExecuteFault) -> [UInt8] {
        guard name == "sandbox", let sandbox = provider as? Sandbox else {
            throw .refused(.providerNotOfSandbox)
        }
        let (payment, asked) = try payment(of: call)
        switch call.event {
        case .refund(let id, let amount):
            guard try books({ try sandbox.refund(amount, of: payment, id: id) }) else {
                throw .refused(
                    .refundTooLarge(left: Money(minorUnits: 0, currency: amount.currency)))
            }
            let report = try books {
                try sandbox.report(of: id, amount, of: payment, asked: asked)
            }
            return try await self.report(.refund(.reported(report)), of: call.customer).message
        case .dispute(let id, let amount, let status):
            let report = ReportedDispute(
                id: id, payment: payment, amount: amount, status: status)
            return try await self.report(.refund(.disputed(report)), of: call.customer).message
        }
    }

    /// Of the call's invoice, and the refunds that have no outcome yet.
    private func payment(
        of call: PaymentEventCall
    ) throws(ExecuteFault) -> (payment: String, asked: [String]) {
        let (invoice, asked) = try customers(of: call.customer).read(
            call.customer, names: directory.current, in: Workspace()
        ) { customer, _ in
            let open = customer.account.refunds.filter { $0.status == .pending }
            return (customer.invoice(call.invoice), open.map(\.id))
        }.answer
        guard let invoice else { throw .refused(.invoiceNotFound(call.invoice)) }
        let currency = invoice.total.currency
        let amount =
            switch call.event {
            case .refund(_, let amount), .dispute(_, let amount, _): amount
            }
        guard amount.currency == currency, amount.minorUnits <= invoice.due.minorUnits,
            !invoice.payment.isEmpty
        else {
            let paid = invoice.payment.isEmpty ? 0 : invoice.due.minorUnits
            throw .refused(.refundTooLarge(left: Money(minorUnits: paid, currency: currency)))
        }
        return (invoice.payment, asked)
    }

    private func books<Result>(
        _ deed: () throws -> Result
    ) throws(ExecuteFault) -> Result {
        do {
            return try deed()
        } catch {
            throw .unavailable(.unavailable("the sandbox's books cannot be kept: \(error)"))
        }
    }
}

extension TallyEnvironment {
    /// Its payment provider runs subscriptions, and can be told to end them.
    package var takesOver: Bool { provider is any TakeoverProvider }
}
