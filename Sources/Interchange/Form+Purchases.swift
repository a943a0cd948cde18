internal import Billing
internal import Wire

/// What was bought, what is to be paid, what was charged.
extension Form {
    mutating func effect(_ value: inout Effect) throws(FormFault) {
        try text("id", &value.id)
        try word(
            "kind", &value.kind,
            [
                (.openCheckout, "open_checkout"), (.collect, "collect"),
                (.findTaxes, "find_taxes"),
            ])
        try order(&value.order)
        let empty = RequestMark(id: .empty, method: 0, fingerprint: 0)
        try part("request", &value.request, empty: empty) { (form, mark) throws(FormFault) in
            try form.id("id", &mark.id)
            try form.number("method", &mark.method)
            try form.number("fingerprint", &mark.fingerprint)
        }
        try since(5) { form throws(FormFault) in try form.text("closes_page", &value.closesPage) }
    }

    mutating func order(_ value: inout Order) throws(FormFault) {
        try whole("order", &value, empty: .empty) { (form, order) throws(FormFault) in
            try form.content(&order)
        }
    }

    /// Of several plans `lines` are those of none of the parts, which have their own.
    private mutating func content(_ order: inout Order) throws(FormFault) {
        try word(
            "purpose", &order.purpose,
            [
                (.purchase, "purchase"), (.renewal, "renewal"), (.change, "change"),
                (.setup, "setup"), (.switch, "switch"), (.several, "several"),
                (.topUp, "top_up"), (.schedule, "schedule"),
            ])
        let isNamed = isReading ? has("plan") : order.plan != .none
        if isNamed || order.purpose != .setup { try revision(&order.plan) }
        try subscriptions(&order)
        order.lines = Array(order.ownLines)
        try lines("lines", &order.lines)
        try money("total", &order.total)
        order.lines.take(order.total.currency)
        // Versions that know none refuse a line that has them.
        if isReading ? has("custom") : !order.custom.isEmpty {
            try lines("custom", &order.custom)
            order.custom.take(order.total.currency)
        }
        try text("success_url", &order.successURL)
        try since(4) { form throws(FormFault) in
            try form.number("entity", &order.entity)
            try form.bought(&order.bought)
            try form.flag("starts_cycle", &order.startsCycle)
            try form.time("trial_end", &order.trialEnd)
            try form.lines("pending", &order.pending)
            try form.number("credit", &order.credit)
            try form.time("time", &order.time)
            try form.number("invoice", &order.invoice)
            try form.features("carried_balances", &order.carriedBalances)
            try form.features("carried_usages", &order.carriedUsages)
        }
        try since(5) { form throws(FormFault) in
            try form.discounts(&order.discounts)
            try form.time("starts", &order.starts)
            try form.time("ends", &order.ends)
        }
        try since(6) { form throws(FormFault) in try form.netDays(&order.netDays) }
        try since(7) { form throws(FormFault) in
            try form.flag("reverts", &order.reverts, unless: false)
        }
        try taxRateID(&order.taxRate)
        let isOfSeveral = order.purpose == .several || order.purpose == .schedule
        guard isOfSeveral || order.startsLater || isReading && has("starts_later")
        else { return }
        try since(6) { form throws(FormFault) in try form.several(&order) }
    }

    /// Only orders of several plans have these, and their parts.
    private mutating func several(_ order: inout Order) throws(FormFault) {
        try flag("starts_later", &order.startsLater)
        var removed = order.removed.map { Numbered(number: $0) }
        try list("removed", &removed, empty: Numbered(number: 0)) {
            (form, numbered) throws(FormFault) in
            try form.number("number", &numbered.number)
        }
        order.removed = removed.map(\.number)
        try list("parts", &order.parts, empty: .empty) { (form, part) throws(FormFault) in
            try form.content(&part)
        }
        order.lines += order.parts.flatMap(\.lines)
    }

    mutating func invoice(_ value: inout Invoice) throws(FormFault) {
        try number("number", &value.number)
        try word(
            "status", &value.status,
            [
                (.open, "open"), (.paid, "paid"), (.uncollectible, "uncollectible"),
                (.draft, "draft"), (.void, "void"),
            ])
        try time("time", &value.time)
        try money("total", &value.total)
        try lines("lines", &value.lines)
        value.lines.take(value.total.currency)
        try since(4) { form throws(FormFault) in try form.number("credit", &value.credit) }
        try since(5) { form throws(FormFault) in try form.returns(&value) }
        try since(5) { form throws(FormFault) in
            let empty = CardLabel(brand: "", last4: "")
            try form.part("card", &value.card, empty: empty) { (form, card) throws(FormFault) in
                try form.text("brand", &card.brand)
                try form.text("last4", &card.last4)
            }
        }
        try since(6) { form throws(FormFault) in try form.sent(&value) }
    }

    private mutating func features(
        _ key: String, _ value: inout [FeatureNumber]
    ) throws(FormFault) {
        try list(key, &value, empty: FeatureNumber(rawValue: 0)) {
            (form, feature) throws(FormFault) in
            try form.feature("feature", &feature)
        }
    }

    mutating func debts(_ value: inout [Debt]) throws(FormFault) {
        let empty = Debt(
            invoice: 0, order: .empty, since: .epoch, attempts: 0, next: .epoch)
        try list("debts", &value, empty: empty) { (form, debt) throws(FormFault) in
            try form.number("invoice", &debt.invoice)
            try form.order(&debt.order)
            try form.time("since", &debt.since)
            try form.number("attempts", &debt.attempts)
            try form.time("next", &debt.next)
        }
    }

    /// Before there could be several there was one, 0: none.
    private mutating func subscriptions(_ value: inout Order) throws(FormFault) {
        var numbers = value.subscriptions.map { Numbered(number: $0) }
        if !isReading || !has("subscription") {
            try list("subscriptions", &numbers, empty: Numbered(number: 0)) {
                (form, numbered) throws(FormFault) in
                try form.number("number", &numbered.number)
            }
        } else {
            var one: UInt32 = 0
            try number("subscription", &one)
            numbers = one == 0 ? [] : [Numbered(number: one)]
        }
        value.subscriptions = numbers.map(\.number)
    }

    mutating func bought(_ value: inout [BoughtUnits]) throws(FormFault) {
        let empty = BoughtUnits(feature: FeatureNumber(rawValue: 0), units: .zero)
        try list("bought", &value, empty: empty) { (form, units) throws(FormFault) in
            try form.feature("feature", &units.feature)
            try form.quantity("units", &units.units)
            try form.optional("next", &units.next, empty: .zero) {
                (form, next) throws(FormFault) in
                try form.quantity("next", &next)
            }
        }
    }

    mutating func charges(_ value: inout [PaidCharge]) throws(FormFault) {
        try list("charges", &value, empty: .empty) { (form, charge) throws(FormFault) in
            try form.pricePart(&charge.part)
            try form.quantity("quantity", &charge.quantity)
            try form.period(&charge.period)
            try form.money("paid", &charge.paid)
            try form.number("returned", &charge.returned)
            try form.since(5) { form throws(FormFault) in
                try form.number("invoice", &charge.invoice)
                try form.number("disputed", &charge.disputed)
            }
            try form.tax(&charge.tax)
        }
    }

    private mutating func pricePart(_ value: inout PricePart) throws(FormFault) {
        try plan("plan", &value.plan.plan)
        try number("revision", &value.plan.revision)
        try optional("feature", &value.feature, empty: FeatureNumber(rawValue: 0)) {
            (form, feature) throws(FormFault) in
            try form.feature("feature", &feature)
        }
    }

    private mutating func period(_ value: inout Range<Timestamp>) throws(FormFault) {
        var (start, end) = (value.lowerBound, value.upperBound)
        try time("start", &start)
        try time("end", &end)
        guard start <= end else { throw fault("end", "is before start") }
        value = start..<end
    }

    mutating func lines(_ key: String, _ value: inout [InvoiceLine]) throws(FormFault) {
        try list(key, &value, empty: .empty) { (form, line) throws(FormFault) in
            try form.text("description", &line.description)
            try form.line(&line)
        }
    }

    private mutating func line(_ value: inout InvoiceLine) throws(FormFault) {
        guard isSince(4) else { return try oldLine(&value) }
        try word(
            "kind", &value.kind,
            [
                (.charge, "charge"), (.credit, "credit"), (.overage, "overage"),
                (.oneOff, "one_off"), (.custom, "custom"),
            ])
        try pricePart(&value.part)
        try number("subscription", &value.subscription)
        try quantity("quantity", &value.quantity)
        try part("period", &value.period, empty: .empty) { (form, period) throws(FormFault) in
            try form.period(&period)
        }
        try money("subtotal", &value.subtotal)
        try list("discounts", &value.discounts, empty: AppliedDiscount(rewardID: "", minorUnits: 0))
        { (form, discount) throws(FormFault) in
            try form.text("reward", &discount.rewardID)
            try form.number("amount", &discount.minorUnits)
            try form.since(5) { form throws(FormFault) in
                try form.number("holder", &discount.holder)
            }
        }
        try since(5) { form throws(FormFault) in try form.number("invoice", &value.invoice) }
        try tax(&value.tax)
    }

    /// It was a period or overage.
    private mutating func oldLine(_ value: inout InvoiceLine) throws(FormFault) {
        try number("amount", &value.subtotal.minorUnits)
        try plan("plan", &value.part.plan.plan)
        try optional("feature", &value.part.feature, empty: FeatureNumber(rawValue: 0)) {
            (form, feature) throws(FormFault) in
            try form.feature("feature", &feature)
        }
        if value.part.feature != nil { value.kind = .overage }
    }
}

struct Numbered {
    var number: UInt32
}

extension Order {
    static var empty: Order {
        Order(
            purpose: .purchase, plan: .empty, subscriptions: [], lines: [], total: .empty,
            time: .epoch)
    }
}

extension Effect {
    static var empty: Effect { Effect(id: "", kind: .collect, order: .empty, request: nil) }
}

extension Invoice {
    static var empty: Invoice {
        Invoice(number: 0, status: .open, lines: [], total: .empty, time: .never)
    }
}

extension [InvoiceLine] {
    /// What it says is for lines that don't: those of before there were discounts.
    fileprivate mutating func take(_ currency: Currency) {
        for index in indices { self[index].subtotal.currency = currency }
    }
}

extension Range<Timestamp> {
    static var empty: Range<Timestamp> { .epoch..<Timestamp.epoch }
}

extension PricePart {
    static var empty: PricePart { PricePart(plan: .empty) }
}

extension PaidCharge {
    static var empty: PaidCharge {
        PaidCharge(part: .empty, quantity: .zero, period: .empty, paid: .empty)
    }
}

extension InvoiceLine {
    static var empty: InvoiceLine { InvoiceLine(.charge, .empty, subtotal: .empty) }
}
