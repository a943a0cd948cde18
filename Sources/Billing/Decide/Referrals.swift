/// Notes the code that the directory has for the customer.
package struct NoteReferralCode: Sendable {
    package var programmeID: String
    package var code: String

    package init(programmeID: String, code: String) {
        self.programmeID = programmeID
        self.code = code
    }
}

/// Redeems another customer's code.
package struct RedeemReferral: Sendable {
    package var programmeID: String
    package var code: String
    package var referrer: CustomerID
    /// The referrer's.
    package var referrerMark: FingerprintMark?
    /// See `AskedDiscount`.
    package var redemption = ""

    package init(programmeID: String, code: String, referrer: CustomerID) {
        self.programmeID = programmeID
        self.code = code
        self.referrer = referrer
    }
}

/// A step of handing a referral over to the referrer: each may be taken any number of times.
package enum ReferralHandover: Sendable {
    /// At the referrer: this is how far the redeemer's is.
    case receive(Referral, from: CustomerID)
    /// At the redeemer: the referrer knows that it is so far.
    case confirm(id: String, Referral.Stage)
}

// Who brings whom, and what both get for it (billing §13.2).
extension CustomerState {
    func decideNoteCode(
        _ note: NoteReferralCode, pricing: PricingState, now: Timestamp
    ) throws(Refusal) -> Decision {
        guard pricing.programme(id: note.programmeID) != nil else {
            throw .programmeNotFound(note.programmeID)
        }
        if let known = account.referralCodes.first(where: { $0.programmeID == note.programmeID }),
            known.code == note.code
        {
            return Decision(facts: [], reply: .referralCode(known))
        }
        let code = ReferralCode(programmeID: note.programmeID, code: note.code, created: now)
        return Decision(facts: [.referralCodeSet(code)], reply: .referralCode(code))
    }

    func decideRedeemReferral(
        _ redeem: RedeemReferral, pricing: PricingState, now: Timestamp
    ) throws(Refusal) -> Decision {
        guard let programme = pricing.programme(id: redeem.programmeID),
            let reward = pricing.reward(id: programme.rewardID)
        else { throw .programmeNotFound(redeem.programmeID) }
        guard redeem.referrer != id else { throw .ownReferralCode(redeem.code) }
        if let mark = account.fingerprint, mark == redeem.referrerMark {
            throw .sameFingerprint(redeem.code)
        }
        let redeemed = account.referrals.filter { $0.role == .redeemer }
        guard !redeemed.contains(where: { $0.programmeID == programme.id }) else {
            throw .referralRedeemed(programme.id)
        }
        guard redeemed.count < Referral.limit else {
            throw .tooMany("redeemed referral codes", limit: Referral.limit)
        }
        guard !redeem.redemption.isEmpty else { throw .referralCodeUsedUp(redeem.code) }
        var referral = Referral(
            id: redeem.redemption, .redeemer, programmeID: programme.id, code: redeem.code,
            other: redeem.referrer, rewardID: programme.rewardID, reward.kind, created: now,
            reward: programme.rewardsBoth ? .waiting : .none)
        referral.rewardsBoth = programme.rewardsBoth
        referral.plans = programme.planIDs.compactMap { pricing.plan(id: $0) }
        referral.excludesTrial = programme.excludesTrial
        if programme.redeemOn == .creation { referral.earn(at: now) }
        var facts = FactSheet(self, pricing: pricing, now: now)
        facts.emit(.referralSet(referral))
        facts.giveRewards()
        let kept = facts.customer.account.referrals.first { $0.id == referral.id }
        return Decision(facts: facts.facts, reply: .referred(kept ?? referral))
    }

    func decideHandover(
        _ step: ReferralHandover, pricing: PricingState, now: Timestamp
    ) -> Decision {
        switch step {
        case .receive(let referral, let redeemer):
            let known = account.referrals.first { $0.id == referral.id && $0.role == .referrer }
            let isNews = known.map { $0.stage.rawValue < referral.stage.rawValue } ?? true
            guard isNews else { return Decision() }
            var own = known ?? referral.handedOver(by: redeemer)
            if referral.stage == .earned { own.earn(at: now) }
            var facts = FactSheet(self, pricing: pricing, now: now)
            facts.emit(.referralSet(own))
            facts.giveRewards()
            return Decision(facts: facts.facts, reply: .none)
        case .confirm(let id, let stage):
            let known = account.referrals.first { $0.id == id && $0.role == .redeemer }
            guard var referral = known, referral.told.rawValue < stage.rawValue else {
                return Decision()
            }
            referral.told = stage
            return Decision(facts: [.referralSet(referral)], reply: .none)
        }
    }
}

extension Reward {
    fileprivate var kind: Referral.Kind {
        switch self {
        case .coupon: .coupon
        case .grant: .grant
        case .gift: .gift
        }
    }
}

extension Referral {
    /// What it is rewarded for has happened.
    mutating func earn(at now: Timestamp) {
        earned = now
        guard reward == .waiting else { return }
        reward = .due
        ready = now
    }
}

extension FactSheet {
    /// What a fact means for referrals of the customer's own that wait: a payment, or a discount
    /// that made way for another one.
    mutating func followReferrals(_ fact: Fact) {
        switch fact {
        case .invoiceRaised(let invoice), .invoiceChanged(let invoice):
            guard invoice.status == .paid, invoice.total.minorUnits > 0 else { return }
            earnReferrals { referral in
                invoice.lines.contains { line in
                    line.total.minorUnits > 0 && referral.isFor(line.part.plan.plan)
                }
            }
        case .subscriptionChanged(let subscription):
            guard subscription.isTrialing(at: now), subscription.status.grantsAccess,
                !pricing.plan(subscription.plan).isFree
            else { return }
            earnReferrals { !$0.excludesTrial && $0.isFor(subscription.plan.plan) }
        case .discountsSet:
            for var referral in customer.account.referrals
            where referral.reward == .due && referral.kind == .coupon {
                referral.ready = now
                emit(.referralSet(referral))
            }
        case _: break
        }
    }

    private mutating func earnReferrals(where isMet: (Referral) -> Bool) {
        for var referral in customer.account.referrals
        where referral.role == .redeemer && referral.earned == .never && isMet(referral) {
            referral.earn(at: now)
            emit(.referralSet(referral))
        }
    }

    /// Gives what is due and has room, the oldest first.
    mutating func giveRewards() {
        guard !customer.account.referrals.isEmpty, customer.openEffect == nil else { return }
        while customer.account.rewardDue <= now {
            let next = customer.account.referrals.first { referral in
                referral.reward == .due && referral.ready <= now
                    && (referral.kind != .coupon || !hasDiscount)
            }
            guard var referral = next else { return }
            referral.reward = give(referral) ? .given : .dropped
            emit(.referralSet(referral))
        }
    }

    private var hasDiscount: Bool { customer.account.discounts.contains { $0.end > now } }

    /// False: it can't be had any more.
    private mutating func give(_ referral: Referral) -> Bool {
        switch pricing.reward(id: referral.rewardID) {
        case .coupon(let coupon):
            guard (try? coupon.requireCurrency(pricing)) != nil else { return false }
            closeCheckout()
            emit(.discountsSet([coupon.held(pricing, from: now)]))
            return true
        case .grant(let grant): return (try? give(grant)) != nil
        case .gift(let gift): return give(gift)
        case nil: return false
        }
    }

    /// A plan free of charge: beside what is paid for of its group, or in place of what is free
    /// (billing §13.1).
    private mutating func give(_ gift: PlanGift) -> Bool {
        guard let number = pricing.plan(id: gift.planID) else { return false }
        let base = pricing.latest(number)
        var plan = pricing.plan(base).in(.utc).free
        let scope = PlanScope(group: plan.group, entity: 0)
        let current = customer.mainSubscription(in: scope, pricing)
        let scheduled = customer.scheduledSubscription(in: scope, pricing)
        // One that is given already isn't lost for another one.
        if current?.isBilled == true || current?.plan.isCustom == true || scheduled != nil {
            plan.addOn = true
        }
        let known = customer.account.customPlans.first { $0.base == base && $0.plan == plan }
        let custom =
            known
            ?? CustomPlan(
                number: (customer.account.customPlans.map(\.number).max() ?? 0) + 1, base: base,
                plan: plan)
        if known == nil { note(custom) }
        var order = Order(
            .purchase, custom.reference, subscriptions: [], lines: [], time: now,
            currency: pricing.requiredCurrency)
        _ = activate(&order)
        return true
    }
}

extension Referral {
    fileprivate func isFor(_ plan: PlanNumber) -> Bool { plans.isEmpty || plans.contains(plan) }
}

extension Plan {
    /// The same without prices: what would be paid for isn't to be had.
    fileprivate var free: Plan {
        var plan = self
        plan.price = nil
        plan.trial = nil
        plan.autoEnable = false
        plan.isArchived = false
        for index in plan.items.indices {
            plan.items[index].usagePrice = nil
            plan.items[index].prepaidPrice = nil
        }
        return plan
    }
}
