// Discounts of what is charged (billing §8.2): each line is lowered once, when it is invoiced.
extension CustomerState {
    /// What lowers lines: of each subscription its own discounts or, if it has none that count, the
    /// customer's.
    ///
    /// - Parameters:
    ///   - added: what the subscriptions get with it.
    ///   - heirs: subscriptions that have taken over the discounts of others that ended.
    func discounts(
        on lines: [InvoiceLine], at time: Timestamp, with added: [HeldDiscount] = [],
        heirs: [UInt32: UInt32] = [:]
    ) -> [Discount] {
        var owners: [(holder: UInt32, lines: [UInt32])] = []
        for line in lines {
            let holder = heirs[line.subscription] ?? line.subscription
            if let index = owners.firstIndex(where: { $0.holder == holder }) {
                if !owners[index].lines.contains(line.subscription) {
                    owners[index].lines.append(line.subscription)
                }
            } else {
                owners.append((holder, [line.subscription]))
            }
        }
        var found: [Discount] = []
        var others: [UInt32] = []
        for owner in owners {
            let held = (subscription(owner.holder)?.discounts ?? []).merged(with: added)
            let own = held.filter { $0.counts(at: time) }
            found += own.map { $0.discount(of: owner.holder, on: owner.lines) }
            if own.isEmpty { others += owner.lines }
        }
        guard !others.isEmpty else { return found }
        return found + customersDiscounts(at: time, on: others)
    }

    /// What lowers a purchase: what the new subscription has, or else the customer's.
    func discounts(ofNew held: [HeldDiscount], at time: Timestamp) -> [Discount] {
        let own = held.filter { $0.counts(at: time) }
        guard own.isEmpty else {
            return own.map { $0.discount(of: AppliedDiscount.newSubscription) }
        }
        return customersDiscounts(at: time, on: nil)
    }

    func customersDiscounts(
        at time: Timestamp, on subscriptions: [UInt32]?
    ) -> [Discount] {
        account.discounts.filter { $0.counts(at: time) }
            .map { $0.discount(of: 0, on: subscriptions) }
    }
}

extension [InvoiceLine] {
    /// Takes discounts off what is charged.
    mutating func lower(by discounts: [Discount]) {
        if !discounts.isEmpty { apply(discounts) }
    }

    /// Something was taken off.
    var isDiscounted: Bool { contains { !$0.discounts.isEmpty } }
}

extension FactSheet {
    /// What an invoice took of discounts is gone: those that count once, and credits.
    ///
    /// - Parameter started: the subscription that paying started.
    mutating func countDiscounts(of lines: [InvoiceLine], started: UInt32?) {
        guard lines.isDiscounted else { return }
        var taken: [UInt32: [String: Int64]] = [:]
        for applied in lines.flatMap(\.discounts) {
            let isNew = applied.holder == AppliedDiscount.newSubscription
            let holder = isNew ? started ?? 0 : applied.holder
            var sums = taken[holder] ?? [:]
            sums[applied.rewardID] = (sums[applied.rewardID] ?? 0) + applied.minorUnits
            taken[holder] = sums
        }
        for holder in taken.keys.sorted() {
            count(taken[holder] ?? [:], of: holder)
        }
    }

    /// - Parameter holder: 0: the customer.
    private mutating func count(_ taken: [String: Int64], of holder: UInt32) {
        func rest(_ held: [HeldDiscount]) -> [HeldDiscount] {
            held.compactMap { $0.after(taking: taken[$0.couponID] ?? 0) }
        }
        guard holder != 0 else {
            let left = rest(customer.account.discounts)
            guard left != customer.account.discounts else { return }
            emit(.discountsSet(left))
            return closeCheckout(lowering: taken, of: holder)
        }
        guard var subscription = customer.subscription(holder) else { return }
        let left = rest(subscription.discounts)
        guard left != subscription.discounts else { return }
        subscription.discounts = left
        emit(.subscriptionChanged(subscription))
        closeCheckout(lowering: taken, of: holder)
    }

    /// A page that offers once more what is gone is given up.
    private mutating func closeCheckout(lowering taken: [String: Int64], of holder: UInt32) {
        func offers(_ order: Order) -> Bool {
            order.lines.flatMap(\.discounts).contains {
                $0.holder == holder && taken[$0.rewardID] != nil
            }
        }
        voidWaiting(where: offers)
        guard let open = customer.account.checkout, offers(open.order) else { return }
        closeCheckout()
    }

    /// Codes of what somebody gets are redeemed by that.
    mutating func redeem(_ added: [HeldDiscount]) {
        for held in added where !held.redemption.isEmpty {
            emit(
                .codeRedeemed(
                    Redemption(id: held.redemption, code: held.code, time: now)))
        }
    }
}
