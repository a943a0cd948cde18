package import Billing
package import Repository
package import Wire

/// Sells plans.
package struct AttachService: Sendable {
    let environment: TallyEnvironment

    /// How often a purchase that finds another one in progress waits for it.
    static let patience = 8

    package init(_ environment: TallyEnvironment) {
        self.environment = environment
    }

    /// Buys or changes, and waits for what the provider says when a charge is due. Purchases of one
    /// customer queue: one that finds another under way waits for it, then decides anew.
    ///
    /// The wait ends with the caller's deadline, which cancels the task; the purchase goes on.
    package func execute(_ call: PurchaseCall) async throws(ExecuteFault) -> [UInt8] {
        try needProvider(call)
        guard !call.codes.isEmpty else { return try await claimed(call) }
        // What would be refused anyway redeems nothing.
        let codes = isRefused(call) ? [] : call.codes
        return try await environment.redeeming(codes, for: call.customer) {
            (reserved) async throws(ExecuteFault) in
            try await claimed(call.redeeming(reserved))
        }
    }

    /// With what the directory says of the plans' trials, where the customer has a fingerprint.
    private func claimed(_ call: PurchaseCall) async throws(ExecuteFault) -> [UInt8] {
        let command: Command
        switch call.deed {
        case .attach(let attach): command = .attach(attach)
        case .several(let several): command = .attachSeveral(several)
        case .schedule(let schedule): command = .createSchedule(schedule)
        case .change, .setup: return try await commit(call)
        }
        return try await environment.claimingTrials(
            for: call.customer, { $0.trials(of: command, pricing: $1) }
        ) { (claims) async throws(ExecuteFault) in
            var call = call
            call.deed.claim { claims[$0] }
            return try await commit(call)
        }
    }

    private func isRefused(_ call: PurchaseCall) -> Bool {
        let names = environment.directory.current
        do throws(ExecuteFault) {
            _ = try preview(call, names: names, in: Workspace())
            return false
        } catch {
            return true
        }
    }

    private func commit(_ call: PurchaseCall) async throws(ExecuteFault) -> [UInt8] {
        for _ in 0..<AttachService.patience {
            let effectID = environment.newEffectID()
            do {
                let (message, replayed) = try await environment.commit(
                    call.command(effectID: effectID), requesting: effectID, for: call.customer,
                    request: call.request)
                guard replayed, AttachService.isProcessing(message) else { return message }
                // A retry that came while the first call's charge was under way: its outcome is
                // remembered under the same request.
                guard await environment.waitForOpenEffect(of: call.customer) else { continue }
            } catch .refused(.purchaseInProgress) {
                _ = await environment.waitForOpenEffect(of: call.customer)
            }
        }
        throw .refused(.purchaseInProgress)
    }

    /// What tax is due where the customer is billed is asked first, should it be charged and not be
    /// known; nil: it needn't be.
    private func askForTaxes(
        _ call: PurchaseCall, names: PricingNames, in workspace: Workspace
    ) throws(ExecuteFault) -> Execution? {
        guard names.pricing.settings.automaticTax != .off else { return nil }
        let customers = environment.customers(of: call.customer)
        let command = call.command(effectID: "")
        let asks = try customers.read(call.customer, names: names, in: workspace) {
            (customer, names) -> Result<Bool, Refusal> in
            let now = customer.buckets.clock.time(at: customers.environmentTime)
            return Result { () throws(Refusal) in
                try customer.taxQuestion(
                    for: command, pricing: names.pricing, now: now, effectID: "") != nil
            }
        }.answer
        switch asks {
        case .failure(let refusal): throw .refused(refusal)
        case .success(false): return nil
        case .success(true):
            let execution = try customers.execute(
                .provider(.taxesWanted), for: call.customer, request: nil, names: names,
                in: workspace)
            if case .done = execution { return nil }
            return execution
        }
    }

    /// What it would do.
    package func preview(
        _ call: PurchaseCall, names: PricingNames, in workspace: Workspace
    ) throws(ExecuteFault) -> Execution {
        try needProvider(call)
        try environment.refuseUsedUp(call.codes, for: call.customer)
        if let asking = try askForTaxes(call, names: names, in: workspace) { return asking }
        let customers = environment.customers(of: call.customer)
        let (result, point) = try customers.read(call.customer, names: names, in: workspace) {
            (customer, names) -> Result<UnsafeRawBufferPointer, Refusal> in
            let now = customer.buckets.clock.time(at: customers.environmentTime)
            do throws(Refusal) {
                let mark = customer.account.fingerprint
                var deed = call.deed
                deed.claim {
                    environment.trialClaim(of: $0, for: call.customer, mark, names.pricing)
                }
                let preview =
                    switch deed {
                    case .attach(let attach):
                        try customer.preview(attach, pricing: names.pricing, now: now)
                    case .change(let change):
                        try customer.preview(change, pricing: names.pricing, now: now)
                    case .several(let several):
                        try customer.preview(several, pricing: names.pricing, now: now)
                    case .schedule(let schedule):
                        try customer.preview(schedule, pricing: names.pricing, now: now)
                    case .setup: preconditionFailure("a page for a card has no preview")
                    }
                let writer = ReplyWriter(arena: workspace.arena, names: names)
                return .success(writer.previewed(preview))
            } catch {
                return .failure(error)
            }
        }
        switch result {
        case .success(let message): return .done(Outcome(message: message, point: point))
        case .failure(let refusal): throw .refused(refusal)
        }
    }

    /// Moves a customer to a version of a plan, or says what that would do.
    package func migrate(
        _ call: MigrateCall, names: PricingNames, in workspace: Workspace
    ) throws(ExecuteFault) -> Execution {
        let customers = environment.customers(of: call.customer)
        guard call.isDryRun else {
            return try customers.execute(
                .migrate(call.migrate), for: call.customer, request: call.migrate.request,
                names: names, in: workspace)
        }
        let (result, point) = try customers.read(call.customer, names: names, in: workspace) {
            (customer, names) -> Result<UnsafeRawBufferPointer, Refusal> in
            let now = customer.buckets.clock.time(at: customers.environmentTime)
            do throws(Refusal) {
                let migrations = try customer.preview(
                    call.migrate, pricing: names.pricing, now: now)
                return .success(
                    ReplyWriter(arena: workspace.arena, names: names).migrated(migrations))
            } catch {
                return .failure(error)
            }
        }
        switch result {
        case .success(let message): return .done(Outcome(message: message, point: point))
        case .failure(let refusal): throw .refused(refusal)
        }
    }

    /// Nothing that costs something can be bought where nobody collects.
    private func needProvider(_ call: PurchaseCall) throws(ExecuteFault) {
        guard environment.provider == nil else { return }
        if case .setup = call.deed { throw .refused(.paymentProviderMissing) }
        let plans: [PlanNumber] =
            switch call.deed {
            case .attach(let attach): [attach.plan]
            case .several(let several): several.plans.map(\.plan)
            case .schedule(let schedule): schedule.phases.flatMap(\.plans).map(\.plan)
            case .change, .setup: []
            }
        let pricing = environment.directory.current.pricing
        guard plans.allSatisfy({ pricing.plan(pricing.latest($0)).isFree }) else {
            throw .refused(.paymentProviderMissing)
        }
    }

    /// Field 1 of `AttachResponse`, which comes first, says PROCESSING.
    private static func isProcessing(_ message: [UInt8]) -> Bool {
        message.starts(with: [1 << 3, AttachOutcome.processing.rawValue])
    }

    /// What a payment page shows, and the customer's time; nil: it is paid, replaced or never was.
    package func page(
        _ session: String
    ) -> (customer: CustomerID, name: String, order: Order, time: Timestamp)? {
        environment.checkout(session).map { ($0.customer, $0.name, $0.checkout.order, $0.time) }
    }

    /// What a plan costs in each of its cycles; nil: nothing, or once only.
    package func price(
        _ reference: PlanReference, for customer: CustomerID
    ) -> (money: Money, cycle: Cycle)? {
        let pricing = pricing(reference, for: customer)
        guard let price = pricing.plan(reference).price, price.cycle.interval != .oneOff,
            let currency = pricing.currency,
            let money = Money(price: price.amount, count: Quantity(units: 1), currency: currency)
        else { return nil }
        return (money, price.cycle)
    }

    /// The plan's name, for people.
    package func planName(_ reference: PlanReference) -> String {
        environment.directory.current.pricing.plan(reference).name
    }

    private func pricing(_ reference: PlanReference, for customer: CustomerID) -> PricingState {
        let published = environment.directory.current.pricing
        guard reference.isCustom else { return published }
        return environment.state(of: customer)?.pricing ?? published
    }

    /// Sends money of an invoice back to the card that paid it. Waits for a charge that is under
    /// way, and doesn't wait for the provider: the customer shows what becomes of it.
    package func refund(_ call: RefundCall) async throws(ExecuteFault) -> [UInt8] {
        for _ in 0..<AttachService.patience {
            do {
                return try await environment.commit(
                    call.command(effectID: environment.newEffectID()), for: call.customer,
                    request: call.refund.request
                ).message
            } catch .refused(.purchaseInProgress) {
                _ = await environment.waitForOpenEffect(of: call.customer)
            }
        }
        throw .refused(.purchaseInProgress)
    }

    /// Sends an invoice, marks it as paid, or takes it back; after a charge that is under way.
    package func change(_ call: InvoiceCall) async throws(ExecuteFault) -> [UInt8] {
        for _ in 0..<AttachService.patience {
            do {
                return try await environment.commit(
                    .invoice(call.command), for: call.customer, request: call.command.request
                ).message
            } catch .refused(.purchaseInProgress) {
                _ = await environment.waitForOpenEffect(of: call.customer)
            }
        }
        throw .refused(.purchaseInProgress)
    }

    /// Puts invoices of another system on record: nothing that a charge could be in the way of.
    package func record(_ call: RecordInvoicesCall) async throws(ExecuteFault) -> [UInt8] {
        try await environment.commit(
            .recordInvoices(call.record), for: call.customer, request: call.record.request
        ).message
    }

    /// Has the sandbox's provider do something with a payment, and report it.
    package func provoke(_ call: PaymentEventCall) async throws(ExecuteFault) -> [UInt8] {
        try await environment.provoke(call)
    }

    /// A page that puts a card on file got one that the provider accepted. Waits for the charge
    /// that follows where a plan is attached to a card.
    ///
    /// - Returns: what came of it.
    @discardableResult
    package func completeCheckout(
        _ session: String, customer: CustomerID, method: PaymentMethod
    ) async throws(ExecuteFault) -> AttachOutcome {
        let effectID = environment.newEffectID()
        let paid = CompleteCheckout(session: session, method: method, effectID: effectID)
        let message = try await environment.claimingTrials(
            for: customer, { $0.trials(of: .completeCheckout(paid), pricing: $1) }
        ) { (claims) async throws(ExecuteFault) in
            var paid = paid
            paid.trialClaim = claims.values.first
            return try await environment.commit(
                .completeCheckout(paid), requesting: effectID, for: customer, request: nil
            ).message
        }
        // Field 1 of `AttachResponse`, which comes first.
        let outcome = message.count > 1 ? AttachOutcome(rawValue: message[1]) : nil
        return outcome ?? .active
    }
}
