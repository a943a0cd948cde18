@testable import Billing

/// A naive account of who paid for what, and until when: it reads invoices and nothing else of how
/// they came about.
struct PaidLedger {
    /// Where plans replace each other; add-ons and the like by the number of their subscription.
    private struct Place: Hashable {
        var entity: UInt32
        var group: String
        var standing: UInt32
    }

    private struct Key: Hashable {
        var subscription: UInt32
        var feature: FeatureNumber?
    }

    /// Something that was paid for, from a moment on and until another one.
    private struct Span {
        var key: Key
        var place: Place
        var quantity: Quantity
        var start: Timestamp
        /// Earlier than `bought` when it was given up.
        var end: Timestamp
        let bought: Timestamp
        /// In minor units.
        var paid: Double
        /// What it was paid with; 0: nothing.
        var invoice: UInt32
        /// How often what is left of it was rounded.
        var roundings = 1

        /// What is lost if it ends at a moment.
        func rest(at now: Timestamp) -> Double { worth(now, end) }

        /// What was paid for the time between two moments.
        func worth(_ from: Timestamp, _ to: Timestamp) -> Double {
            let time = min(to, end).milliseconds - max(from, start).milliseconds
            guard time > 0 else { return 0 }
            return paid * Double(time) / Double(end.milliseconds - start.milliseconds)
        }
    }

    private var spans: [Span] = []
    private var paid: [Key: Int64] = [:]
    private var returned: [Key: Int64] = [:]
    private var places: [UInt32: Place] = [:]
    /// Packs that aren't counted any more.
    private var loose: Set<Key> = []
    private var latest: UInt32 = 0
    private var total: Int64 = 0
    /// What cards paid, in minor units: of each order that was settled as paid, what was due.
    var cards: Int64 = 0
    /// What goes back to cards, or went, and what of it cards could not take.
    private var refunded: Int64 = 0
    private var failed: Int64 = 0
    /// Of each invoice: what it charged, what cards paid, what came back of it in any way.
    private var returns: [UInt32: (charged: Int64, due: Int64, credited: Int64, cards: Int64)] = [:]
    /// Invoices for what was given before they are paid.
    private var given: Set<UInt32> = []
    /// Lines of invoices that wait, by number.
    private var promised: [UInt32: [InvoiceLine]] = [:]
    /// Credits that wait for the next invoice: what they give back is spoken for.
    var waiting: [InvoiceLine] = []
    private(set) var fault: String?
    private var taxes = TaxLedger()
    /// Minor units that amounts are rounded to.
    private let grain: Int64

    init(_ pricing: PricingState) {
        // A price and its tax are rounded each.
        let roundings: Int64 = pricing.taxRates.isEmpty ? 1 : 2
        grain = (pricing.currency?.minorDigits == 3 ? 10 : 1) * roundings
    }

    /// What roundings of some lines come to.
    var slack: Double { Double(3 * grain) }

    /// What happened, in order.
    mutating func add(_ facts: [Fact], _ pricing: PricingState, at now: Timestamp) {
        for fact in facts {
            switch fact {
            case .subscriptionChanged(let subscription):
                let plan = pricing.plan(subscription.plan)
                places[subscription.number] = Place(
                    entity: subscription.entity, group: plan.group,
                    standing: plan.isMain ? 0 : subscription.number)
                // What is bought may have an end, with the group's default behind it.
                if subscription.status.grantsAccess { latest = max(latest, subscription.number) }
            case .invoiceRaised(let invoice), .invoiceChanged(let invoice):
                if let wrong = invoice.fault ?? invoice.taxFault { note(wrong) }
                promise(invoice)
                if invoice.status == .paid {
                    total += invoice.total.minorUnits
                    let charged = invoice.lines.reduce(0) { $0 + max($1.total.minorUnits, 0) }
                    returns[invoice.number] = (charged, invoice.due.minorUnits, 0, 0)
                    if let wrong = taxes.add(invoice) { note(wrong) }
                    add(invoice.lines, on: invoice.number, at: now)
                } else if given.contains(invoice.number), !invoice.status.isUnsettled {
                    // What it gave back of what was paid before is credit now.
                    let back = invoice.lines.filter { $0.kind == .credit && $0.invoice != 0 }
                    total += back.reduce(0) { $0 + $1.total.minorUnits }
                    add(back, at: now)
                }
            case .receivableSet(let receivable) where receivable.isGiven:
                given.insert(receivable.invoice)
            case .refundSet(let refund): add(refund)
            default: break
            }
        }
    }

    /// What an invoice that is sent gives back, which counts once it is paid or given up.
    private mutating func promise(_ invoice: Invoice) {
        promised[invoice.number] = invoice.status.isUnsettled ? invoice.lines : []
    }

    /// Lines of what is settled; those of a whole that is 0 are on no invoice.
    mutating func add(_ lines: [InvoiceLine], on invoice: UInt32 = 0, at now: Timestamp) {
        if let wrong = taxes.giveBack(lines) { note(wrong) }
        var touched: Set<Key> = []
        for line in lines where line.kind == .charge {
            let key = key(of: line)
            guard let period = line.period, let place = places[key.subscription] else {
                note("a charge for nothing: \(line)")
                continue
            }
            touched.insert(key)
            // What hardly anything is left of may give nothing back, so that nothing tells its end.
            let start = period.lowerBound
            if !lines.contains(where: { $0.kind == .credit && self.key(of: $0) == key }) {
                spans.removeAll {
                    $0.key == key && start < $0.end
                        && $0.rest(at: start) < Double(grain) * Double($0.roundings)
                }
            }
            // What discounts have lowered to nothing isn't paid for.
            guard line.total.minorUnits > 0 else { continue }
            paid[key, default: 0] += line.total.minorUnits
            spans.append(
                Span(
                    key: key, place: place, quantity: line.quantity, start: period.lowerBound,
                    end: period.upperBound, bought: period.upperBound,
                    paid: Double(line.total.minorUnits), invoice: invoice))
        }
        for line in lines where line.kind == .credit && line.total.minorUnits < 0 {
            let key = key(of: line)
            touched.insert(key)
            returned[key, default: 0] -= line.total.minorUnits
            if var known = returns[line.invoice] {
                known.credited -= line.total.minorUnits
                returns[line.invoice] = known
                if known.credited + known.cards > known.charged {
                    note("\(known.credited) and \(known.cards) came back of \(known.charged)")
                }
            }
            let end = line.period?.upperBound
            let alike = spans.indices.filter { spans[$0].key == key && spans[$0].end == end }
            let index =
                alike.filter { spans[$0].quantity == line.quantity }
                .min { spans[$0].start < spans[$1].start }
                ?? alike.min { spans[$0].start < spans[$1].start }
            // A last invoice may be paid long after the plan has ended.
            let given = spans.indices.last { spans[$0].key == key && spans[$0].bought == end }
            guard let index = index ?? given, let time = line.period?.lowerBound else {
                // Or what hardly anything was left of gives that back all the same.
                if -line.total.minorUnits > grain { note("credit for what wasn't paid: \(line)") }
                continue
            }
            spans[index].paid -= spans[index].rest(at: time)
            spans[index].end = max(time, spans[index].start)
        }
        for key in touched where returned[key, default: 0] > paid[key, default: 0] {
            note("\(key): \(returned[key, default: 0]) came back of \(paid[key, default: 0])")
        }
    }

    /// Money leaves an invoice: all that it paid for is worth less by the same share.
    private mutating func add(_ refund: Refund) {
        let amount = refund.amount.minorUnits
        if refund.status == .failed {
            failed += amount
            // The card has it still, and its owner has credit.
            returns[refund.invoice]?.cards -= amount
            returns[refund.invoice]?.credited += amount
        }
        if let wrong = taxes.add(refund) { note(wrong) }
        guard refund.status == .pending else { return }
        refunded += amount
        guard var known = returns[refund.invoice] else { return }
        let kept = known.charged - known.credited - known.cards
        known.cards += amount
        returns[refund.invoice] = known
        if amount > kept || known.cards > known.due {
            note("\(amount) went back of \(kept), of \(known.due) that a card paid")
        }
        let credits = waiting.filter { $0.invoice == refund.invoice }
        let left = credits.reduce(kept) { $0 + $1.total.minorUnits }
        guard refund.reason == .requested, left > 0 else { return }
        for index in spans.indices where spans[index].invoice == refund.invoice {
            let span = spans[index]
            let isSpokenFor = credits.contains {
                key(of: $0) == span.key && $0.period?.upperBound == span.end
            }
            guard !isSpokenFor else { continue }
            spans[index].paid *= 1 - Double(amount) / Double(left)
            spans[index].roundings += 1
        }
    }

    /// What a subscription has paid for and not used yet, but for what an invoice that is open
    /// gives back.
    func rest(of number: UInt32, at now: Timestamp) -> Double {
        let back = promised.filter { given.contains($0.key) }.values.joined()
            .filter { $0.kind == .credit && $0.subscription == number }
            .reduce(0) { $0 - $1.total.minorUnits }
        return spans.filter { $0.key.subscription == number && !loose.contains($0.key) }
            .reduce(-Double(back)) { $0 + $1.rest(at: now) }
    }

    private func isPromisedBack(_ key: Key) -> Bool {
        promised.values.joined().contains { $0.kind == .credit && self.key(of: $0) == key }
    }

    private func key(of line: InvoiceLine) -> Key {
        Key(
            subscription: line.subscription == 0 ? latest : line.subscription,
            feature: line.part.feature)
    }

    /// Fewer packs of a feature, perhaps without money for those that go.
    mutating func giveUp(
        _ feature: FeatureNumber, of subscription: Subscription, at now: Timestamp
    ) {
        let key = Key(subscription: subscription.number, feature: feature)
        // What is on the next invoice may be for more.
        guard !subscription.pending.contains(where: { $0.part.feature == feature }) else {
            loose.insert(key)
            return
        }
        // An invoice that is open gives back what goes.
        guard !isPromisedBack(key) else { return }
        let units = subscription.units(of: feature)
        let paidFor = spans.filter { $0.key == key && now < $0.end }
            .reduce(Quantity.zero) { $0 + $1.quantity }
        guard units < paidFor else { return }
        let share = Double(units.raw) / Double(paidFor.raw)
        for index in spans.indices where spans[index].key == key {
            spans[index].paid *= share
            spans[index].quantity.raw = Int128(Double(spans[index].quantity.raw) * share)
        }
        spans.removeAll { $0.key == key && $0.quantity == .zero }
    }

    /// A subscription has ended. Unless its owner wanted nothing, nothing that it paid is lost.
    mutating func end(_ number: UInt32, at now: Timestamp, isForfeit: Bool) {
        let rest = rest(of: number, at: now)
        if rest > slack, !isForfeit { note("\(rest) of what \(number) paid is lost at \(now)") }
        for index in spans.indices where spans[index].key.subscription == number {
            spans[index].end = min(spans[index].end, max(now, spans[index].start))
        }
    }

    /// Nothing is paid for twice, and the money adds up.
    mutating func check(_ customer: CustomerState, at now: Timestamp) {
        let balance = customer.account.credit?.minorUnits ?? 0
        // What goes back leaves the invoices too; what could not is the customer's.
        let drawn = customer.account.receivables.reduce(0) { $0 + $1.order.credit }
        let (paid, due) = (cards - refunded + failed, total - refunded + drawn)
        if balance != paid - due {
            note("a balance of \(balance), but cards paid \(paid) of \(due)")
        }
        for (index, span) in spans.enumerated() where counts(span.key) {
            for other in spans[..<index]
            where other.place == span.place && counts(other.key)
                && min(other.worth(span.start, span.end), span.worth(other.start, other.end))
                    > Double(grain)
            {
                if other.key.subscription != span.key.subscription {
                    note("\(other.key) and \(span.key) are both paid for")
                } else if other.key == span.key, span.key.feature == nil {
                    note("\(span.key) is paid for twice")
                }
            }
        }
        for subscription in customer.subscriptions where subscription.status.grantsAccess {
            checkUnits(of: subscription, at: now)
        }
    }

    /// An invoice that is open gives back what it replaces.
    private func counts(_ key: Key) -> Bool { !loose.contains(key) && !isPromisedBack(key) }

    /// No more packs are paid for than there are.
    private mutating func checkUnits(of subscription: Subscription, at now: Timestamp) {
        var quantities: [FeatureNumber: Quantity] = [:]
        for span in spans
        where span.key.subscription == subscription.number && span.start <= now && now < span.end {
            // What was given back to the card isn't paid for.
            guard let feature = span.key.feature, counts(span.key), span.paid > 0,
                !subscription.pending.contains(where: { $0.part.feature == feature })
            else { continue }
            quantities[feature] = (quantities[feature] ?? .zero) + span.quantity
        }
        for (feature, quantity) in quantities where quantity > subscription.units(of: feature) {
            note(
                "\(quantity.text) of \(feature.rawValue) are paid for, of "
                    + "\(subscription.units(of: feature).text) in \(subscription.number)")
        }
    }

    /// What was given for an invoice is taken away again, as nobody pays it.
    func givesUp(_ facts: [Fact]) -> Bool {
        facts.contains { fact in
            guard case .invoiceChanged(let invoice) = fact else { return false }
            return given.contains(invoice.number)
                && (invoice.status == .void || invoice.status == .uncollectible)
        }
    }

    mutating func note(_ words: String) { fault = fault ?? words }
}
