import Stories
import Testing

@testable import Billing

/// Who gets what for bringing whom, and when (billing §13.2), told to one side at a time.
@Suite("billing §13.2: referrals") struct ReferralTests {
    private static let trial: Plan = {
        var plan = Plan.sample("trial", price: "20", group: "other")
        plan.trial = FreeTrial(length: 14, unit: .day)
        plan.trial?.isUnique = true
        return plan
    }()

    private static let pricing: PricingState = {
        var draft = PricingDraft(
            currency: "usd", features: [.sample("messages", .metered)],
            plans: [
                .sample("free", autoEnable: true, .sample("messages", 10, each: .month)),
                .sample("pro", price: "20", .sample("messages", 100, each: .month, price: "1")),
                .sample("premium", price: "50"), trial,
            ])
        draft.rewards.coupons = [
            Coupon(id: "half", name: "Half", .percentage(50), .once),
            Coupon(id: "tenth", name: "Tenth", .percentage(10), .months(3)),
        ]
        draft.rewards.grants = [
            FeatureGrant(
                id: "units", name: "Units", parts: [.init(featureID: "messages", units: 5)])
        ]
        draft.rewards.gifts = [PlanGift(id: "gift", name: "Pro", planID: "pro")]
        draft.rewards.programmes = [
            programme("at_once", "half", .creation), programme("units", "units", .creation),
            programme("gift", "gift", .creation), programme("paying", "tenth", .checkout),
            programme("pro_only", "half", .checkout) { $0.planIDs = ["premium"] },
            programme("converted", "units", .checkout) { $0.excludesTrial = true },
            programme("trying", "units", .checkout) { $0.excludesTrial = false },
        ]
        precondition(draft.validate(onto: .empty).isEmpty)
        return PricingState.empty.publishing(draft)
    }()

    private static func programme(
        _ id: String, _ reward: String, _ moment: ReferralProgramme.Moment,
        _ change: (inout ReferralProgramme) -> Void = { _ in }
    ) -> ReferralProgramme {
        var programme = ReferralProgramme(id: id, rewardID: reward, redeemOn: moment)
        programme.rewardsBoth = true
        change(&programme)
        return programme
    }

    private static func desk() throws -> Desk {
        var desk = Desk(pricing)
        try desk.create()
        return desk
    }

    private static func redeem(
        _ programme: String, id: String = "red", mark: UInt64 = 0
    ) -> Command {
        var redeem = RedeemReferral(programmeID: programme, code: "ABC123", referrer: "other")
        redeem.referrerMark = FingerprintMark(rawValue: mark)
        redeem.redemption = id
        return .redeemReferral(redeem)
    }

    private static func state(_ desk: Desk, _ index: Int = 0) -> Referral.RewardState {
        desk.customer.account.referrals[index].reward
    }

    @Test("What is refused has a reason")
    func refusals() throws {
        var desk = try Self.desk()
        try desk.run(.update(Self.marked(7)))
        var own = RedeemReferral(programmeID: "at_once", code: "ABC123", referrer: "customer")
        own.redemption = "red"
        #expect(throws: Refusal.ownReferralCode("ABC123")) { try desk.run(.redeemReferral(own)) }
        #expect(throws: Refusal.sameFingerprint("ABC123")) {
            try desk.run(Self.redeem("at_once", mark: 7))
        }
        #expect(throws: Refusal.programmeNotFound("none")) { try desk.run(Self.redeem("none")) }
        #expect(throws: Refusal.referralCodeUsedUp("ABC123")) {
            try desk.run(Self.redeem("at_once", id: ""))
        }
        try desk.run(Self.redeem("at_once", mark: 8))
        #expect(throws: Refusal.referralRedeemed("at_once")) {
            try desk.run(Self.redeem("at_once", id: "red2"))
        }
    }

    private static func marked(_ mark: UInt64) -> UpdateCustomer {
        var update = UpdateCustomer()
        update.fingerprint = FingerprintMark(rawValue: mark).map { .set($0) } ?? .removed
        return update
    }

    @Test("At once: a coupon lowers the next invoice, units are there")
    func atOnce() throws {
        var desk = try Self.desk()
        try desk.run(Self.redeem("at_once"))
        try desk.run(Self.redeem("units", id: "red2"))
        #expect(desk.customer.account.discounts.map(\.couponID) == ["half"])
        #expect(desk.customer.account.referrals.map(\.reward) == [.given, .given])
        #expect(desk.customer.account.referrals.map(\.isUntold) == [true, true])
        try desk.purchase("pro")
        #expect(desk.customer.account.invoices.map(\.total.minorUnits) == [1000])
    }

    @Test("A discount waits until the one that is there is gone")
    func waits() throws {
        var desk = try Self.desk()
        try desk.give("tenth", to: nil)
        try desk.run(Self.redeem("at_once"))
        #expect(Self.state(desk) == .due)
        #expect(desk.customer.nextDue > desk.now)
        desk.advance(to: desk.now.adding(milliseconds: 86_400_000))
        #expect(Self.state(desk) == .due)
        try desk.takeAway("tenth", from: nil)
        desk.advance(to: desk.now)
        #expect(Self.state(desk) == .given)
        #expect(desk.customer.account.discounts.map(\.couponID) == ["half"])
    }

    @Test("It also waits for one to lapse, and counts its months from then on")
    func lapses() throws {
        var desk = try Self.desk()
        try desk.give("tenth", to: nil)
        let end = try #require(desk.customer.account.discounts.first?.end)
        try desk.run(Self.redeem("at_once"))
        desk.advance(to: end.adding(milliseconds: -1))
        #expect(Self.state(desk) == .due)
        desk.advance(to: end)
        #expect(Self.state(desk) == .given)
    }

    @Test("A payment of the right plan earns it, once")
    func checkout() throws {
        var desk = try Self.desk()
        try desk.run(Self.redeem("paying"))
        try desk.run(Self.redeem("pro_only", id: "red2"))
        #expect(desk.customer.account.referrals.map(\.stage) == [.redeemed, .redeemed])
        try desk.purchase("pro")
        #expect(desk.customer.account.referrals.map(\.stage) == [.earned, .redeemed])
        desk.advance(to: desk.now)
        #expect(desk.customer.account.discounts.map(\.couponID) == ["tenth"])
        try desk.purchase("premium")
        #expect(desk.customer.account.referrals.map(\.stage) == [.earned, .earned])
    }

    private static func invoice(_ deed: InvoiceCommand.Deed) -> Command {
        .invoice(InvoiceCommand(number: 1, deed))
    }

    @Test("An invoice that was sent earns it once it is paid", arguments: [true, false])
    func sent(gives: Bool) throws {
        var desk = try Self.desk()
        try desk.run(Self.redeem("paying"))
        try desk.purchase(Purchase("pro", terms: InvoiceTerms(gives: gives)))
        #expect(desk.customer.account.referrals.map(\.stage) == [.redeemed])
        var (card, void) = (desk, desk)
        try desk.run(Self.invoice(.markPaid))
        #expect(desk.customer.account.referrals.map(\.stage) == [.earned])
        desk.advance(to: desk.now)
        #expect(desk.customer.account.discounts.map(\.couponID) == ["tenth"])
        try card.payInvoice(1)
        #expect(card.customer.account.referrals.map(\.stage) == [.earned])
        try void.run(Self.invoice(.void))
        void.advance(to: void.now.adding(milliseconds: 40 * 86_400_000))
        #expect(void.customer.account.referrals.map(\.stage) == [.redeemed])
        #expect(void.customer.account.discounts.isEmpty)
    }

    @Test("What nobody pays, or credit gives back before it is paid, earns nothing")
    func unpaid() throws {
        var desk = try Self.desk()
        try desk.run(Self.redeem("paying"))
        try desk.purchase(Purchase("pro", terms: InvoiceTerms(gives: true)))
        var overdue = desk
        try desk.change(Change("pro", cancel: .now))
        #expect(desk.customer.account.invoices.map(\.status) == [.void])
        #expect(desk.customer.account.referrals.map(\.stage) == [.redeemed])
        overdue.advance(to: overdue.now.adding(milliseconds: 60 * 86_400_000))
        #expect(overdue.customer.account.invoices.first?.status == .uncollectible)
        #expect(overdue.customer.account.referrals.map(\.stage) == [.redeemed])
    }

    @Test("19.9: with exclude_trial not during the trial, but after it")
    func excludesTrial() throws {
        var desk = try Self.desk()
        try desk.run(Self.redeem("converted"))
        try desk.run(Self.redeem("trying", id: "red2"))
        try desk.purchase("trial")
        desk.advance(to: desk.now)
        #expect(desk.customer.account.referrals.map(\.stage) == [.redeemed, .earned])
        desk.advance(to: desk.now.adding(milliseconds: 14 * 86_400_000))
        try desk.settle(.paid)
        #expect(desk.customer.account.referrals.map(\.stage) == [.earned, .earned])
        desk.advance(to: desk.now)
        #expect(Self.state(desk) == .given)
    }

    @Test("A plan is given in place of what is free, and beside what is paid for")
    func gifts() throws {
        var free = try Self.desk()
        try free.run(Self.redeem("gift"))
        let active = free.customer.subscriptions.filter { $0.status == .active }
        #expect(active.map(\.plan.plan) == [Self.pricing.number(ofPlan: "pro")])
        #expect(active.first?.isBilled == false)
        var paying = try Self.desk()
        try paying.purchase("premium")
        try paying.run(Self.redeem("gift"))
        let both = paying.customer.subscriptions.filter { $0.status == .active }
        #expect(both.map(\.addOn) == [false, true])
        // What would be paid for beyond it isn't to be had.
        try paying.run(
            .track(
                TrackUsage(
                    feature: Self.pricing.number(ofFeature: "messages"), value: 500,
                    overage: .cap)))
        paying.advance(to: paying.now.adding(milliseconds: 40 * 86_400_000))
        try paying.settle(.paid)
        #expect(paying.customer.account.invoices.map(\.total.minorUnits) == [5000, 5000])
    }

    @Test("§3: an archived plan is given as it was promised, and is the customer's own unmarked")
    func archivedGift() throws {
        let pro = Self.pricing.plan(Self.pricing.latest(Self.pricing.number(ofPlan: "pro")))
        let pricing = Self.pricing.publishing(
            PricingDraft(currency: "usd", features: [], plans: [pro.archived()]))
        var desk = Desk(pricing)
        try desk.create()
        try desk.run(Self.redeem("gift"))
        #expect(desk.subscription("pro")?.status == .active)
        let custom = try #require(desk.customer.account.customPlans.first)
        #expect(!custom.plan.isArchived && pricing.shown(custom).isArchived)
    }

    @Test("Told twice or in the wrong order, the referrer gets it once")
    func handover() throws {
        var redeemer = try Self.desk()
        try redeemer.run(Self.redeem("paying"))
        let waiting = redeemer.customer.account.referrals[0]
        try redeemer.purchase("pro")
        let earned = redeemer.customer.account.referrals[0]
        var referrer = try Self.desk()
        for told in [waiting, waiting, earned, waiting, earned] {
            try referrer.run(.handOver(.receive(told, from: "redeemer")))
        }
        #expect(referrer.customer.account.referrals.map(\.reward) == [.given])
        #expect(referrer.customer.account.discounts.map(\.couponID) == ["tenth"])
        try redeemer.run(.handOver(.confirm(id: "red", .redeemed)))
        #expect(redeemer.customer.account.referrals[0].isUntold)
        #expect(throws: Refusal.purchaseInProgress) { try redeemer.run(.delete) }
        try redeemer.run(.handOver(.confirm(id: "red", .earned)))
        try redeemer.run(.handOver(.confirm(id: "red", .redeemed)))
        #expect(!redeemer.customer.account.referrals[0].isUntold)
    }

    @Test("A trial that another one of the fingerprint had is charged as without")
    func fingerprints() throws {
        let plan = Self.pricing.number(ofPlan: "trial")
        let mark = try #require(FingerprintMark(rawValue: 7))
        func outcome(_ claim: TrialClaim?) throws -> Int64? {
            var desk = try Self.desk()
            try desk.run(.update(Self.marked(7)))
            desk.saveMethod()
            var attach = AttachPlan(plan: plan, effectID: "eff")
            attach.trialClaim = claim
            let preview = try desk.customer.preview(attach, pricing: desk.pricing, now: desk.now)
            try desk.run(.attach(attach))
            #expect(
                desk.customer.openEffect?.order.due.minorUnits ?? 0
                    == preview.invoice?.total.minorUnits ?? 0)
            return preview.invoice?.total.minorUnits ?? 0
        }
        #expect(try outcome(TrialClaim(mark, isTaken: false)) == 0)
        #expect(try outcome(TrialClaim(mark, isTaken: true)) == 2000)
        #expect(throws: Refusal.trialUnclaimed) { try outcome(nil) }
        let other = try #require(FingerprintMark(rawValue: 8))
        #expect(throws: Refusal.trialUnclaimed) {
            try outcome(TrialClaim(other, isTaken: true))
        }
    }
}
