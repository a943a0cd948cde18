import Stories

@testable import Billing

/// Everything of a customer that the log restores, comparable.
struct StateView: Equatable {
    let nextDue: Timestamp
    let buckets: [Bucket]
    let last: [UInt32]
    let subscriptions: [Subscription]
    let account: Account
    let extras: Extras

    init(_ customer: CustomerState) {
        nextDue = customer.nextDue
        buckets = customer.allBuckets
        last = [customer.lastBucket, customer.lastSubscription, customer.lastInvoice]
        subscriptions = customer.subscriptions
        account = customer.account
        extras = customer.buckets.extras
    }
}

extension CustomerState {
    var allBuckets: [Bucket] { (0..<buckets.count).map { buckets[$0] } }
}

/// One customer and a clock: commands go in as the repository would put them, what is due first.
struct Desk {
    let pricing: PricingState
    var customer = CustomerState(id: "customer")
    var now: Timestamp
    /// Every fact so far, in order.
    private(set) var facts: [Fact] = []
    private var effectCount = 0
    /// The provider's, by payment.
    var books: [String: ProviderBook] = [:]
    /// What cards have paid for seats that were taken, in minor units.
    private(set) var paidForSeats: Int64 = 0
    /// What a test compares with: how many facts there were, and how subscriptions stood.
    private(set) var noted: (facts: Int, subscriptions: [Subscription]) = (0, [])

    static let visa = PaymentMethod(token: "token", brand: "visa", last4: "4242")

    init(_ pricing: PricingState, at now: Timestamp = .utc(2027, 1, 10)) {
        self.pricing = pricing
        self.now = now
    }

    /// What follows is one commit.
    mutating func note() { noted = (facts.count, customer.subscriptions) }

    mutating func apply(_ facts: [Fact]) {
        customer.apply(facts)
        self.facts += facts
    }

    /// A charge's id is new each time.
    private mutating func nextEffectID() -> String {
        effectCount += 1
        return "effect-\(effectCount)"
    }

    @discardableResult
    mutating func advance(to time: Timestamp) -> [Fact] {
        now = max(now, time)
        let id = nextEffectID()
        let due = customer.advance(to: now, pricing: pricing, effectID: id)
        apply(due)
        return due
    }

    @discardableResult
    mutating func run(_ command: Command) throws(Refusal) -> Decision {
        advance(to: now)
        if try askForTaxes(command) { return try run(command) }
        let wanted = customer.topUps(for: command, pricing)
        do {
            var decision = try customer.decide(command, pricing: pricing, now: now)
            if command.takesSeats, try paySeats(for: &decision) { return try run(command) }
            apply(decision.facts)
            topUp(wanted)
            return decision
        } catch {
            topUp(wanted)
            throw error
        }
    }

    /// - Returns: it was asked first what tax is due.
    @discardableResult
    mutating func askForTaxes(_ command: Command) throws(Refusal) -> Bool {
        guard pricing.settings.automaticTax != .off else { return false }
        let id = nextEffectID()
        let question = try customer.taxQuestion(
            for: command, pricing: pricing, now: now, effectID: id)
        guard let question else { return false }
        apply([.effectRequested(question)])
        try answerTaxes()
        return true
    }

    /// It is billed there from now on.
    mutating func move(to country: String, _ state: String = "") throws(Refusal) {
        var address = PostalAddress()
        (address.country, address.state) = (country, state)
        var update = UpdateCustomer()
        update.address = address
        try run(.update(update))
    }

    /// As the sandbox does.
    mutating func answerTaxes() throws(Refusal) {
        let address = customer.account.address ?? PostalAddress()
        guard let effect = customer.openEffect else { preconditionFailure("nothing is asked") }
        let answer = Desk.taxes[address.country + address.state] ?? .none
        try run(.settle(SettleEffect(effectID: effect.id, answer: .taxes(answer, address))))
    }

    private static func rate(_ raw: Int128) -> TaxAnswer {
        .due(TaxRate(id: "x", name: "VAT", percentage: Quantity(raw: raw * Quantity.scale / 100)))
    }

    private static let taxes: [String: TaxAnswer] = [
        "DE": rate(1900), "CH": rate(810), "USCA": rate(725), "USNY": rate(400),
        "US": .addressInsufficient,
    ]

    /// - Returns: something was paid first: to be run again.
    private mutating func paySeats(for decision: inout Decision) throws(Refusal) -> Bool {
        let token = nextEffectID()
        let change = try customer.seatChange(
            by: decision.facts, pricing: pricing, now: now, token: token)
        switch change {
        case .none: return false
        case _ where customer.openEffect != nil: throw .purchaseInProgress
        case .settled(let facts):
            decision.facts += facts
            return false
        case .owed(let order):
            guard customer.account.method != nil else {
                throw .seatsDeclined(code: "payment_method_missing")
            }
            apply(
                customer.facts(charging: order, pricing: pricing, now: now, effectID: token))
            try settle(.paid)
            paidForSeats += order.due.minorUnits
            return true
        }
    }

    private mutating func topUp(_ wanted: [AutoTopUp]) {
        guard !wanted.isEmpty else { return }
        let id = nextEffectID()
        apply(customer.facts(toppingUp: wanted, pricing: pricing, now: now, effectID: id))
    }

    @discardableResult
    mutating func create() throws(Refusal) -> Decision {
        try run(.create(CreateCustomer(name: "Acme", email: "acme@example.com")))
    }

    mutating func saveMethod() {
        apply([.methodSaved(Desk.visa)])
    }

    @discardableResult
    mutating func track(
        _ featureID: String, _ value: Quantity, _ overage: OverageBehavior = .cap
    ) throws(Refusal) -> TrackReply {
        let feature = pricing.number(ofFeature: featureID)
        let usage = TrackUsage(feature: feature, value: value, overage: overage)
        guard case .track(let reply) = try run(.track(usage)).reply else {
            preconditionFailure("a track replies with a track")
        }
        return reply
    }

    mutating func checkAndDeduct(
        _ featureID: String, _ required: Quantity
    ) throws(Refusal) -> CheckAnswer {
        let query = CheckQuery(feature: pricing.number(ofFeature: featureID), required: required)
        return try checkAndDeduct(query)
    }

    mutating func checkAndDeduct(_ query: CheckQuery) throws(Refusal) -> CheckAnswer {
        guard case .check(let answer) = try run(.checkAndDeduct(query)).reply else {
            preconditionFailure("a check replies with a check")
        }
        return answer
    }

    func check(_ featureID: String, _ required: Quantity = 1) -> CheckAnswer {
        do {
            return try check(featureID, required, of: .empty)
        } catch {
            preconditionFailure("a check of the customer itself is never refused")
        }
    }

    func check(
        _ featureID: String, _ required: Quantity, of entity: InlineText,
        _ properties: [EventProperty] = []
    ) throws(Refusal) -> CheckAnswer {
        var query = CheckQuery(feature: pricing.number(ofFeature: featureID), required: required)
        query.entity = entity
        query.properties = properties
        return try customer.check(query, pricing: pricing, now: now)
    }

    func balance(_ featureID: String) -> BalanceView? {
        customer.balance(of: pricing.number(ofFeature: featureID))
    }

    /// The customer's latest subscription to a plan.
    func subscription(_ planID: String) -> Subscription? {
        let number = pricing.number(ofPlan: planID)
        return customer.subscriptions.last { $0.plan.plan == number }
    }
}

extension Desk {
    @discardableResult
    mutating func attach(
        _ planID: String, successURL: String = ""
    ) throws(Refusal) -> AttachReply {
        let id = nextEffectID()
        let attach = AttachPlan(
            plan: pricing.number(ofPlan: planID), successURL: successURL, effectID: id,
            request: nil)
        return Desk.attachReply(try run(.attach(attach)))
    }

    /// Answers the open effect.
    @discardableResult
    mutating func settle(_ answer: SettleEffect.Answer) throws(Refusal) -> AttachReply {
        guard let effect = customer.openEffect else { preconditionFailure("no effect is open") }
        return Desk.attachReply(
            try run(.settle(SettleEffect(effectID: effect.id, answer: answer))))
    }

    @discardableResult
    mutating func completeCheckout() throws(Refusal) -> AttachReply {
        guard let checkout = customer.account.checkout else {
            preconditionFailure("no payment page is open")
        }
        let paid = CompleteCheckout(session: checkout.session, method: Desk.visa)
        let decision = try run(.completeCheckout(paid))
        // Its time may have been over: the money goes back.
        if case .paidLate = decision.reply { throw .checkoutNotFound }
        return Desk.attachReply(decision)
    }

    /// Attaches a plan and pays for it with a card on file.
    @discardableResult
    mutating func buy(_ planID: String) throws(Refusal) -> AttachReply {
        if customer.account.method == nil { saveMethod() }
        let reply = try attach(planID)
        return reply.outcome == .processing ? try settle(.paid) : reply
    }

    private static func attachReply(_ decision: Decision) -> AttachReply {
        guard case .attach(let reply) = decision.reply else {
            preconditionFailure("an attach replies with an attach")
        }
        return reply
    }

    /// Totals of the paid invoices, in cents.
    var paidTotals: [Int64] {
        customer.account.invoices.filter { $0.status == .paid }.map(\.total.minorUnits)
    }
}
