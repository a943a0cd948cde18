@testable import Billing
@testable import Wire

/// A fact of every kind, for seeds.
enum SampleFacts {
    private static let time = Timestamp(milliseconds: 1_790_000_000_000)
    private static let plan = PlanReference(plan: PlanNumber(rawValue: 1), revision: 1)
    private static let feature = FeatureNumber(rawValue: 1)

    static func record(_ facts: [Fact]) -> CustomerRecord? {
        guard let customer = CustomerID("c1") else { return nil }
        let request = RequestID("r1").map { RequestMark(id: $0, method: 1, fingerprint: 7) }
        return CustomerRecord(
            customer: customer, time: time, catalogSequence: 1,
            previousPosition: 80, facts: facts, request: request, reply: [8, 1])
    }

    static var all: [Fact] {
        [
            .deducted(bucket: 1, amount: Quantity(units: 3)),
            .usageRecorded(feature: feature, value: Quantity(units: 3)),
            .bucketReset(bucket: 1, balance: Quantity(units: 9), nextReset: .never),
            .bucketClosed(bucket: 1), .bucketOpened(bucket),
            .customerCreated(name: "Acmé", email: "a@example.com", time: time),
            .profileChanged(name: "A", email: ""), .subscriptionChanged(subscription),
            .subscriptionDropped(number: 1), .invoiceDropped(number: 1),
            .customerErased(key: 1), .metadataChanged([MetadataEntry("k", "v")]),
            .customerDeleted, .clockMoved(TestClock(offset: 1, held: time)),
            .reminded(.trialEnding(subscription: 1, plan: plan, entity: 2, end: time)),
            .reminded(
                .methodExpiring(
                    CardLabel(brand: "visa", last4: "4242"), CardExpiry(year: 2030, month: 2))),
            .codeRedeemed(Redemption(id: "red_1", code: "SPRING", time: time)),
            .referralCodeSet(ReferralCode(programmeID: "p", code: "ABC123", created: time)),
            .fingerprintSet(FingerprintMark(rawValue: 1)), .phaseBegan(time: time),
            .payerSet(reference: "cus_1"), .methodRemoved, .taxRateSet(id: "vat"),
            .profileOwed(turn: 3), .addressSet(nil),
            .taxesFound(TaxFinding(.failed, code: "x", time: time)),
            .takeoverSet(
                Takeover(source: "sub_1", subscriptions: [1], status: .pending, until: time)),
            .trialUsed(TrialMark(plan: plan.plan, entity: 2)),
            .schedulesSet([
                PhaseSchedule(
                    owners: [0], phases: [.init(start: time, begins: [2], ends: [1])])
            ]),
            .referralSet(
                Referral(
                    id: "red_2", .redeemer, programmeID: "p", code: "ABC123",
                    other: CustomerID("x") ?? .empty,
                    rewardID: "a", .coupon, created: time, reward: .waiting)),
        ] + payments
    }

    private static var bucket: Bucket {
        Bucket(
            number: 1, feature: feature, subscription: 1, plan: plan.plan,
            granted: Quantity(units: 10), balance: Quantity(units: 9),
            cycle: Cycle(.month, count: 1),
            anchor: time, nextReset: time, created: time, flags: [])
    }

    private static var subscription: Subscription {
        Subscription(
            number: 1, plan: plan, status: .active, addOn: false, start: time, anchor: time,
            periodStart: time, periodEnd: time)
    }

    private static var payments: [Fact] {
        guard let currency = Currency(code: "usd") else { return [] }
        let total = Money(minorUnits: 2000, currency: currency)
        let part = PricePart(plan: plan, feature: feature)
        var line = InvoiceLine(
            .charge, part, subscription: 1, description: "Pro", quantity: Quantity(units: 3),
            period: time..<time.adding(milliseconds: 1), subtotal: total)
        line.discounts = [AppliedDiscount(rewardID: "r", minorUnits: 5)]
        var order = Order(
            purpose: .purchase, plan: plan, subscriptions: [1, 2], lines: [line], total: total,
            credit: -30, time: time, successURL: "https://example.com")
        order.bought = [BoughtUnits(feature: feature, units: Quantity(units: 3), next: .zero)]
        order.pending = [line]
        var whole = subscription
        whole.entity = 3
        whole.trialEnd = time
        whole.bought = order.bought
        whole.pending = [line]
        whole.charges = [
            PaidCharge(
                part: part, quantity: .zero, period: time..<time.adding(milliseconds: 1),
                paid: total, returned: 7)
        ]
        whole.charges[0].invoice = 1
        return [
            .externalInvoiceSet(ExternalInvoice(.stripe, "in_1", .paid, total: total, time: time)),
            .effectRequested(Effect(id: "e", kind: .openCheckout, order: order, request: nil)),
            .effectSettled(id: "e", outcome: .declined(code: "no_funds")),
            .checkoutOpened(Checkout(session: "s", url: "https://example.com", order: order)),
            .checkoutClosed(session: "s", paid: true, payment: "p", due: total),
            .methodSaved(PaymentMethod(token: "t", brand: "visa", last4: "4242")),
            .invoiceRaised(
                Invoice(number: 1, status: .paid, lines: [line], total: total, time: time)),
            .subscriptionChanged(whole), .creditChanged(total),
        ] + returned(total) + discounted(order, whole, total) + sent(order, whole, total)
            + taxed(order, whole, total)
    }

    private static func taxed(
        _ order: Order, _ subscription: Subscription, _ total: Money
    ) -> [Fact] {
        let rate = TaxRate(id: "vat", name: "VAT", percentage: Quantity(units: 19))
        var (order, subscription) = (order, subscription)
        order.lines[0].tax = LineTax(rate: rate, minorUnits: 380)
        subscription.taxRate = "vat"
        subscription.charges[0].tax = ChargeTax(rate: rate, charged: 380, returned: 1)
        var refund = Refund(
            id: "g", payment: "p", invoice: 3, amount: total, reason: .requested, time: time)
        refund.tax = 9
        let invoice = Invoice(
            number: 3, status: .paid, lines: order.lines, total: total, time: time)
        return [
            .effectRequested(Effect(id: "g", kind: .collect, order: order, request: nil)),
            .subscriptionChanged(subscription), .invoiceRaised(invoice),
            .invoiceChanged(invoice), .refundSet(refund),
            .invoiceReturned(number: 3, InvoiceReturns(refunded: 1, tax: 1)),
        ]
    }

    private static func sent(
        _ order: Order, _ subscription: Subscription, _ total: Money
    ) -> [Fact] {
        var (order, subscription) = (order, subscription)
        (order.netDays, subscription.netDays) = (30, 30)
        var invoice = Invoice(
            number: 2, status: .open, lines: order.lines, total: total, time: time)
        (invoice.page, invoice.dueTime) = ("acme/secret", time)
        return [
            .invoiceRaised(invoice), .invoiceChanged(invoice), .invoiceOverdue(invoice),
            .subscriptionChanged(subscription),
            .receivableSet(
                Receivable(invoice: 2, order: order, netDays: 30, isGiven: true, next: time)),
        ]
    }

    private static func discounted(
        _ order: Order, _ subscription: Subscription, _ total: Money
    ) -> [Fact] {
        var order = order
        order.discounts = discounts(total)
        var subscription = subscription
        subscription.discounts = order.discounts
        return [
            .effectRequested(Effect(id: "f", kind: .openCheckout, order: order, request: nil)),
            .checkoutOpened(Checkout(session: "f", url: "https://example.com", order: order)),
            .discountsSet(order.discounts), .subscriptionChanged(subscription),
        ]
    }

    private static func returned(_ money: Money) -> [Fact] {
        var refund = Refund(
            id: "f", payment: "p", invoice: 1, amount: money, reason: .requested, time: time)
        refund.failureCode = "expired_or_canceled_card"
        return [
            .refundSet(refund), .refundDropped(id: "f"),
            .invoiceReturned(number: 1, InvoiceReturns(refunded: 1, credited: 2, disputed: 3)),
            .disputeSet(
                Dispute(
                    id: "d", payment: "p", invoice: 1, amount: money, status: .open, time: time)),
            .disputeDropped(id: "d"),
        ]
    }

    private static func discounts(_ total: Money) -> [HeldDiscount] {
        var part = HeldDiscount(couponID: "a", .percentage(Quantity(units: 20)))
        part.plans = [plan.plan]
        part.end = time
        part.code = "SPRING"
        part.redemption = "red_1"
        var amount = HeldDiscount(couponID: "b", .amount(total))
        amount.once = true
        var credits = HeldDiscount(couponID: "c", .credits(total))
        credits.usageOnly = true
        return [part, amount, credits]
    }
}
