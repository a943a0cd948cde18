// Packs that are bought when little is left (entitlements §7.5). A command that uses something is
// decided first, as ever; what is to be bought because of it follows in the same record, so that
// whatever happens afterwards there is one charge for it.
extension BucketSet {
    /// The top-ups that usage by this command may call for: of the features that it is about, and
    /// of the credits that they may draw. None but for a command that uses something.
    package func topUps(for command: Command, _ pricing: PricingState) -> [AutoTopUp] {
        guard topsUp else { return [] }
        let used = usedFeatures(by: command, pricing)
        guard !used.isEmpty else { return [] }
        let drawn = used + used.flatMap { pricing.pools(of: $0).map(\.feature) }
        return extras.topUpsInForce.map(\.topUp)
            .filter { $0.isEnabled && drawn.contains($0.feature) }
    }

    private func usedFeatures(by command: Command, _ pricing: PricingState) -> [FeatureNumber] {
        switch command {
        case .track(let usage): return [usage.feature] + usage.others
        case .trackAll(let parts): return parts.flatMap { [$0.feature] + $0.others }
        case .trackTokens(let tokens): return tokenFeatures([tokens], pricing)
        case .trackTokensAll(let parts): return tokenFeatures(parts, pricing)
        case .checkAndDeduct(let query): return [query.feature]
        case .settleHold(let settle):
            return extras.holds.filter { $0.id == settle.id }.map(\.feature)
        case .create, .extendHold, .openBalance, .updateBalance, .deleteBalance,
            .recalculateBalances, .createEntity, .updateEntity, .deleteEntity, .setControls,
            .attach, .changeSubscription, .settle, .completeCheckout, .update, .erase, .delete,
            .sealProfile, .advance, .moveClock, .refund, .setupPayment, .saveMethod,
            .applyDiscount, .removeDiscount, .redeemCode, .migrate, .attachSeveral, .createSchedule,
            .invoice,
            .noteReferralCode, .redeemReferral, .handOver, .provider, .importCustomer,
            .settleTakeover, .recordInvoices:
            return []
        }
    }

    /// Where none is named, any AI credit system that the customer has.
    private func tokenFeatures(
        _ parts: [TrackTokens], _ pricing: PricingState
    ) -> [FeatureNumber] {
        let named = parts.compactMap(\.feature)
        if named.count == parts.count { return named }
        let present = (0..<count).map { self[$0].feature }
        return named + present.filter { pricing.kind(of: $0) == .aiCreditSystem }
    }

    /// It is time for it, by what is left and by how the last ones went.
    ///
    /// - Parameter facts: what usage is about to change.
    package func calls(
        for topUp: AutoTopUp, after facts: [Fact] = [], at now: Timestamp
    ) -> Bool {
        let record = topUpRecord(of: topUp.feature)
        guard record.allows(topUp.limit, at: now),
            let left = left(of: topUp.feature, after: facts)
        else { return false }
        return left <= topUp.threshold
    }

    func topUpRecord(of feature: FeatureNumber) -> TopUpRecord {
        extras.topUps.first { $0.feature == feature } ?? TopUpRecord(feature: feature)
    }

    /// What the customer as a whole has left of a feature; nil: it has none of it, or any amount.
    private func left(of feature: FeatureNumber, after facts: [Fact]) -> Quantity? {
        var left: Quantity?
        var isUnlimited = false
        eachUsable(.customer, of: { $0 == feature }) { bucket, entity in
            guard bucket.feature == feature else { return }
            if bucket.flags.contains(.unlimited) { isUnlimited = true }
            var balance = bucket.balance
            for case .deducted(bucket.number, let amount, entity) in facts {
                balance = balance - amount
            }
            left = (left ?? .zero) + balance.clampedToZero
        }
        return isUnlimited ? nil : left
    }
}

extension CustomerState {
    /// The same of what counts for usage.
    package func topUps(for command: Command, _ pricing: PricingState) -> [AutoTopUp] {
        buckets.topsUp ? usableBuckets(pricing).topUps(for: command, pricing) : []
    }

    /// What is to be bought, usage having been applied: at most one charge, as there is at most one
    /// open; it is the only one until it has an outcome, however much is used meanwhile.
    ///
    /// - Parameter wanted: what `topUps(for:)` said before the command was decided.
    package func facts(
        toppingUp wanted: [AutoTopUp], pricing: PricingState, now: Timestamp,
        effectID: @autoclosure () -> String
    ) -> [Fact] {
        guard !wanted.isEmpty, openEffect == nil, account.method != nil else { return [] }
        let usable = usableBuckets(pricing)
        for topUp in wanted where usable.calls(for: topUp, at: now) {
            guard let order = order(for: topUp, pricing, now) else { continue }
            var sheet = FactSheet(self, pricing: pricing, now: now)
            sheet.buy(order, topUp, effectID: effectID)
            return sheet.facts
        }
        return []
    }

    /// What asking for so many units more in `ChangeSubscription` comes to, of the newest plan that
    /// sells them to the customer as a whole, and for good; nil: none does.
    private func order(
        for topUp: AutoTopUp, _ pricing: PricingState, _ now: Timestamp
    ) -> Order? {
        let pricing = pricing.with(plansOf: self)
        for subscription in subscriptions.reversed()
        where subscription.entity == 0 && subscription.grantsAccess
            && packs(of: topUp.feature, in: subscription, pricing) != nil
        {
            var change = ChangeSubscription()
            change.number = subscription.number
            change.quantities = [AskedUnits(feature: topUp.feature, total: topUp.quantity)]
            guard let quote = try? quote(change, pricing: pricing, now: now),
                quote.course == .quantities, !quote.needsPage
            else { continue }
            var order = quote.order
            order.purpose = .topUp
            let units = order.bought.first { $0.feature == topUp.feature }?.units ?? .zero
            order.bought = [
                BoughtUnits(
                    feature: topUp.feature,
                    units: units - subscription.units(of: topUp.feature))
            ]
            return order
        }
        return nil
    }

    /// The balance that packs bought for good go to.
    fileprivate func packs(
        of feature: FeatureNumber, in subscription: Subscription, _ pricing: PricingState
    ) -> Bucket? {
        let featureID = pricing.feature(feature).id
        let plan = pricing.plan(subscription.plan)
        guard let item = plan.prepaidItem(of: featureID), let prepaid = item.prepaidPrice,
            item.entityFeatureID == nil, prepaid.cycle.interval == .oneOff,
            prepaid.price.behavior != .volume
        else { return nil }
        return (0..<buckets.count).lazy.map { buckets[$0] }.first {
            $0.subscription == subscription.number && $0.feature == feature
                && plan.item(of: $0, featureID: featureID) == item
        }
    }
}

extension FactSheet {
    /// Charges the card, unless there is nothing to charge.
    fileprivate mutating func buy(_ order: Order, _ topUp: AutoTopUp, effectID: () -> String) {
        var record = customer.buckets.topUpRecord(of: topUp.feature)
        record.attempt(at: now)
        emit(.topUpSet(record))
        guard order.due.minorUnits == 0 else {
            let effect = Effect(id: effectID(), kind: .collect, order: order, request: nil)
            return emit(.effectRequested(effect))
        }
        var order = order
        var subscription = fulfil(&order)
        invoice(order, .paid, of: &subscription)
        settleTopUp(order)
    }

    /// More of what is sold for good, whatever else has happened since it was asked for: paid is
    /// paid, and where its balance is gone it gets one of its own.
    mutating func topUp(_ order: Order) -> Subscription? {
        guard let added = order.bought.first, let number = order.subscriptions.first else {
            return nil
        }
        if let subscription = customer.subscription(number), subscription.grantsAccess,
            customer.packs(of: added.feature, in: subscription, pricing) != nil
        {
            // It would set the units to fewer than there are now.
            closeCheckout(concerning: number)
            var whole = order
            whole.bought = subscription.bought.filter { $0.feature != added.feature }
            whole.bought.append(
                BoughtUnits(
                    feature: added.feature,
                    units: subscription.units(of: added.feature) + added.units)
            )
            whole.bought.sort { $0.feature.rawValue < $1.feature.rawValue }
            return change(subscription, whole)
        }
        emit(
            .bucketOpened(
                Bucket(
                    number: customer.lastBucket + 1, feature: added.feature, subscription: 0,
                    granted: added.units, balance: added.units, cycle: Cycle(.oneOff), anchor: now,
                    nextReset: .never, created: now, flags: [])))
        return nil
    }

    /// What its outcome means for the next one, and who is told.
    ///
    /// - Parameter declined: the provider's code; nil: it is paid.
    mutating func settleTopUp(_ order: Order, declined: String? = nil) {
        guard let added = order.bought.first else { return }
        var record = customer.buckets.topUpRecord(of: added.feature)
        let event: Notice.Event
        if let declined {
            record.fail(at: now)
            event = .topUpFailed(
                units: added.units, code: declined, isSuspended: record.isSuspended)
        } else {
            let inForce = customer.buckets.extras.topUpsInForce
            record.pay(at: now, inForce.first { $0.topUp.feature == added.feature }?.topUp.limit)
            event = .toppedUp(units: added.units)
        }
        emit(.topUpSet(record))
        emit(.notified(Notice(feature: added.feature, entity: 0, event: event)))
    }
}
