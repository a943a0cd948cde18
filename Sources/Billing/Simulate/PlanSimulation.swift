/// A customer as it would have been on a plan: usage goes through the rules that bill, and every
/// payment succeeds at once. Nothing of it is kept.
package struct PlanSimulation: Sendable {
    /// Usage of a feature that the plan does not let pass whole.
    package struct Cut: Sendable, Equatable {
        package var feature: FeatureNumber
        /// What was used in those events.
        package var value = Quantity.zero
        /// What of it doesn't pass.
        package var rest = Quantity.zero
        package var events = 0
    }

    /// Invoices of one customer; beyond it the plan bills by the minute, and for years.
    package static let invoiceLimit = 1_000

    private var customer: CustomerState
    private let pricing: PricingState
    private var now: Timestamp
    private var effects = 0
    /// Oldest first.
    package private(set) var invoices: [Invoice] = []
    /// In order of the first event.
    package private(set) var cuts: [Cut] = []
    package private(set) var events = 0

    /// Buys the plan, as somebody who comes new, with a card on file.
    ///
    /// - Parameter quantities: of packs.
    package init(
        of id: CustomerID, on plan: PlanNumber, quantities: [AskedUnits], pricing: PricingState,
        at start: Timestamp
    ) throws(Refusal) {
        customer = CustomerState(id: id)
        self.pricing = pricing
        now = start
        try run(.create(CreateCustomer(name: "", email: "")))
        take([.methodSaved(PaymentMethod(token: "", brand: "", last4: ""))])
        let isThere = customer.subscriptions.contains {
            $0.plan.plan == plan && $0.status.grantsAccess
        }
        // Everybody starts with it.
        if isThere, quantities.isEmpty { return }
        var attach = AttachPlan(plan: plan, effectID: newEffectID())
        attach.quantities = quantities
        attach.schedule = .immediate
        try run(.attach(attach))
    }

    /// Lets time pass; what falls due does so at its moment and is paid there.
    ///
    /// - Parameter checkpoint: called now and then; what it throws ends the simulation.
    package mutating func advance(
        to time: Timestamp, checkpoint: () throws -> Void
    ) throws {
        while customer.nextDue <= time {
            try checkpoint()
            now = max(now, customer.nextDue)
            take(customer.advance(to: now, pricing: pricing, effectID: newEffectID()))
            pay()
        }
        now = max(now, time)
    }

    /// Uses something now, as far as the plan lets it.
    ///
    /// - Parameter entity: one that isn't there is the customer.
    package mutating func use(
        _ feature: FeatureNumber, _ value: Quantity, by entity: InlineText,
        _ properties: [EventProperty]
    ) {
        events += 1
        let found = customer.buckets.extras.entities.find(entity)
        let scope = found.map { Scope(entity: $0.number) } ?? .customer
        let kind = pricing.kind(of: feature)
        // What is held, or on or off, isn't drawn from anything.
        guard kind != .concurrency, kind != .boolean else { return }
        let demand = Demand(
            value: value, feature: feature, scope: scope, overage: .cap, properties: properties)
        let rest = customer.buckets.draw(demand, pricing, now).rest
        if rest > .zero { cut(feature, value, rest) }
        var usage = TrackUsage(
            feature: feature, value: value, overage: .cap,
            label: EventLabel(time: nil, properties: properties))
        if found != nil { usage.entity = entity }
        do throws(Refusal) {
            try run(.track(usage))
        } catch {
            if rest <= .zero { cut(feature, value, value) }
        }
    }

    /// Makes an entity now, if the plan has a seat for it.
    package mutating func add(_ entity: Entity) {
        try? run(
            .createEntity(CreateEntity(id: entity.id, feature: entity.feature, name: "")))
    }

    /// What usage would add to an invoice that came now.
    package var unbilled: [InvoiceLine] {
        let sheet = FactSheet(customer, pricing: pricing, now: now)
        var lines = customer.subscriptions
            .filter { $0.status.grantsAccess && !$0.isTrialing(at: now) }
            .flatMap { sheet.overageLines(of: $0, ending: true, seats: true) }
            .map { $0.described(pricing) }
        customer.tax(&lines, pricing)
        return lines
    }

    private mutating func run(_ command: Command) throws(Refusal) {
        let wanted = customer.topUps(for: command, pricing)
        take(try customer.decide(command, pricing: pricing, now: now).facts)
        take(
            customer.facts(
                toppingUp: wanted, pricing: pricing, now: now, effectID: newEffectID()))
        pay()
    }

    private mutating func pay() {
        guard let effect = customer.openEffect else { return }
        let paid = SettleEffect(
            effectID: effect.id, answer: effect.kind == .findTaxes ? .taxes(.none, nil) : .paid)
        take(customer.decideSettle(paid, pricing: pricing, now: now).facts)
    }

    private mutating func take(_ facts: [Fact]) {
        customer.apply(facts)
        for case .invoiceRaised(let invoice) in facts { invoices.append(invoice) }
    }

    private mutating func cut(_ feature: FeatureNumber, _ value: Quantity, _ rest: Quantity) {
        let index = cuts.firstIndex { $0.feature == feature } ?? cuts.count
        if index == cuts.count { cuts.append(Cut(feature: feature)) }
        cuts[index].value = cuts[index].value + value
        cuts[index].rest = cuts[index].rest + rest
        cuts[index].events += 1
    }

    private mutating func newEffectID() -> String {
        effects += 1
        return "simulated-\(effects)"
    }
}

extension Drawing {
    /// What doesn't happen of it.
    fileprivate var rest: Quantity { isWhole ? .zero : deduction.rest }
}
