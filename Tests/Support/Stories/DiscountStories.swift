internal import Billing

/// What coupons take off (billing §8.2, §13.1, §19.5, §19.9).
package enum DiscountStories {
    package static let table = StoryTable(
        "billing §19.5: discounts", pricing, attaching, changing, lasting, kept, credits)

    package static let codes = StoryTable("billing §13.1: codes", pricing, codesTaken, grants)

    static let pricing = PricingState.sample(
        [
            .sample("messages", .metered), .sample("tokens", .metered), .sample("sso", .boolean),
        ],
        [
            .sample("free", autoEnable: true), .sample("pro", price: "20"),
            .sample("premium", price: "50"), .sample("growth", price: "100"),
            .sample("odd", price: "34.90"), .sample("extra", price: "20", addOn: true),
            .sample("once", price: "10", each: .oneOff, .sample("tokens", 5)),
            .sample("units", .packs("messages", Price("10"))),
            .sample(
                "waiting",
                .packs("messages", Price("10"), onIncrease: .prorateNextCycle)),
            .sample("metered", price: "20", .sample("messages", 100, each: .month, price: "0.10")),
            trial,
        ], coupons, gifts)

    private static let trial: Plan = {
        var plan = Plan.sample("trial", price: "20")
        plan.trial = FreeTrial(length: 14, unit: .day)
        return plan
    }()

    private static func percent(
        _ percentage: Quantity, _ duration: Coupon.Duration = .forever, id: String? = nil,
        _ codes: PromotionCode...
    ) -> Coupon {
        var coupon = Coupon(
            id: id ?? "p\(percentage.text)", name: "Per cent", .percentage(percentage), duration)
        coupon.codes = codes
        return coupon
    }

    private static func off(
        _ amount: UnitPrice, _ duration: Coupon.Duration = .forever, id: String? = nil
    ) -> Coupon {
        Coupon(id: id ?? "a\(amount.text)", name: "Off", .amount(amount), duration)
    }

    private static func credit(_ id: String, usageOnly: Bool = false) -> Coupon {
        var coupon = Coupon(id: id, name: "Credits", .credits("1000"), .forever)
        coupon.usageOnly = usageOnly
        return coupon
    }

    private static func changed(_ coupon: Coupon, _ change: (inout Coupon) -> Void) -> Coupon {
        var coupon = coupon
        change(&coupon)
        return coupon
    }

    private static let coupons: [Coupon] = [
        percent(1), percent(10), percent(20), percent(25), percent(50), percent(99), percent(100),
        percent(50, .once, id: "half_once"), percent(20, .months(3), id: "three"),
        off("2"), off("5"), off("30"), off("90"),
        changed(off("5", .once, id: "five_once")) { $0.codes = [PromotionCode("FIVE")] },
        changed(percent(20, id: "for_premium")) {
            $0.planIDs = ["premium"]
            $0.codes = [PromotionCode("PREMIUM")]
        },
        changed(percent(20, id: "from_30")) {
            $0.minimum = "30"
            $0.codes = [PromotionCode("FROM30")]
        },
        changed(percent(20, id: "early")) {
            var early = PromotionCode("EARLY")
            early.expires = .utc(2026, 4, 11)
            $0.codes = [early]
        },
        changed(percent(20, id: "first")) {
            var first = PromotionCode("FIRST")
            first.firstPurchaseOnly = true
            $0.codes = [first]
        },
        credit("credits"), credit("usage_credits", usageOnly: true),
        changed(credit("pro_credits")) {
            $0.planIDs = ["pro"]
            $0.kind = .credits("30")
        },
    ]

    private static let gifts: [FeatureGrant] = [
        gift("ten", 10, "TEN"), gift("twenty_five", 25, "TWENTY-FIVE"), gift("fifty", 50, "FIFTY"),
        gift("thousand", 1000, "THOUSAND"),
        gift("month", 5, "MONTH", .months(1)), gift("week", 5, "WEEK", .days(7)),
    ]

    private static func gift(
        _ id: String, _ units: Quantity, _ code: String, _ lapse: FeatureGrant.Lapse = .never
    ) -> FeatureGrant {
        var grant = FeatureGrant(
            id: id, name: id, parts: [.init(featureID: "tokens", units: units, lapse: lapse)])
        grant.codes = [PromotionCode(code)]
        return grant
    }

    private static func row(_ rule: String, _ steps: Step...) -> Story {
        var story = Story(rule, after: steps)
        story.start = PurchaseStories.start
        return story
    }

    private static func attach(
        _ rule: String, _ plan: String, _ discounts: [String], _ total: Int64
    ) -> Story {
        row(rule, .purchase(Purchase(plan, with: discounts)), .invoices([total]))
    }

    private static let attaching = [
        attach("19.5: pro with 20 %", "pro", ["p20"], 1600),
        attach("19.5: pro with 5 off", "pro", ["a5"], 1500),
        attach("19.5: pro with 25 %", "pro", ["p25"], 1500),
        attach("19.5: 20 %, then 2 off", "pro", ["p20", "a2"], 1400),
        attach("19.5: the same reward twice", "pro", ["p20", "p20"], 1600),
        attach("19.5: more than the charge", "pro", ["a90"], 0),
        attach("19.5: of another plan", "pro", ["for_premium"], 2000),
        attach("19.9 coupon3: 5 off a one-off plan", "once", ["five_once"], 500),
        attach("19.9 coupon3: by code", "once", ["#FIVE"], 500),
        row(
            "19.9 coupon3: 5 off the first month", .purchase(Purchase("pro", with: ["five_once"])),
            .discounts([], of: "pro"), .advance(to: PurchaseStories.renewal),
            .invoices([1500, 2000])),
        row(
            "19.5: pro → premium, 20 %", .buy("pro"), .purchase(Purchase("premium", with: ["p20"])),
            .invoices([2000, 2000])),
        row(
            "19.5: the same, the subscription has 10 %", .buy("pro"), .give("p10", to: "pro"),
            .purchase(Purchase("premium", with: ["p20"])), .invoices([2000, 1600]),
            .discounts(["p10", "p20"], of: "premium")),
        row(
            "19.5: minimum amount not met",
            .refused("invalid: discounts[0]", .purchase(Purchase("pro", with: ["from_30"]))),
            .purchase(Purchase("premium", with: ["from_30"])), .invoices([4000])),
        row(
            "8.1: what was paid comes back, not what it costs",
            .purchase(Purchase("pro", with: ["p50"])), .change(Change(cancel: .now)),
            .invoices([1000, -1000])),
        row(
            "there is no such coupon",
            .refused("coupon not found", .purchase(Purchase("pro", with: ["no"])))),
    ]

    /// Premium is paid in full, and has a discount from then on.
    private static func change(_ rule: String, _ discounts: [String], _ total: Int64) -> Story {
        var steps: [Step] = [.buy("premium")]
        steps += discounts.map { .give($0, to: "premium") }
        var story = Story(
            rule, after: steps + [.purchase("growth"), .invoices([5000, total])])
        story.start = PurchaseStories.start
        return story
    }

    private static let changing = [
        change("19.5: 50 → 100, 20 %", ["p20"], 3000),
        change("19.5: 50 → 100, 25 %", ["p25"], 2500),
        change("19.5: 50 → 100, 50 %", ["p50"], 0),
        change("19.5: 50 → 100, 100 %", ["p100"], -5000),
        change("19.5: 50 → 100, 1 %", ["p1"], 4900),
        change("19.5: 50 → 100, 99 %", ["p99"], -4900),
        change("19.5: 50 → 100, 50 % and 30 off", ["p50", "a30"], -3000),
        row(
            "19.5: quantity 10 → 5, 50 %", .purchase(Purchase("units", ["messages": 10])),
            .give("p50", to: "units"), .change(Change(["messages": 5])),
            .invoices([10000, -7500])),
        row(
            "8.2: other quantities with a discount of their own",
            .purchase(Purchase("units", ["messages": 5])),
            .change(Change(["messages": 10], with: ["p50"])),
            .invoices([5000, 0]), .discounts(["p50"], of: "units"),
            .change(Change(cancel: .now)), .invoices([5000, 0, -5000])),
        row(
            "8.2: what waits for the next invoice is lowered by it, once",
            .purchase(Purchase("waiting", ["messages": 1])), .give("p50", to: "waiting"),
            .advance(to: PurchaseStories.middle), .change(Change(["messages": 3])),
            .advance(to: PurchaseStories.renewal),
            // 5 of the first one back, half of 15 for half a month, half of 30.
            .invoices([1000, 1750])),
        row(
            "8.2: what waits and comes back comes to nothing",
            .purchase(Purchase("waiting", ["messages": 1])), .give("p50", to: "waiting"),
            .change(Change(["messages": 3])), .change(Change(cancel: .now)),
            .invoices([1000, -1000])),
        row(
            "8.2: usage is lowered as well", .purchase(Purchase("metered", with: ["p50"])),
            .track("messages", 300), .advance(to: PurchaseStories.renewal),
            .invoices([1000, 2000])),
    ]

    private static let lasting = [
        row(
            "19.5: once, 50 % of 34.90", .purchase(Purchase("odd", with: ["half_once"])),
            .advance(to: PurchaseStories.renewal), .invoices([1745, 3490])),
        row(
            "0.4: a discount alone costs nothing today", .buy("odd"),
            .foreseen(.change(Change(with: ["half_once"])), now: nil, next: 1745),
            .change(Change(with: ["half_once"])), .invoices([3490]),
            .advance(to: PurchaseStories.renewal), .invoices([3490, 1745]),
            .foreseen(.change(Change(cancel: .undo)), now: nil, next: 3490),
            .advance(to: .utc(2026, 6, 1)), .invoices([3490, 1745, 3490])),
        row(
            "13.1: for three months", .purchase(Purchase("pro", with: ["three"])),
            .advance(to: PurchaseStories.renewal), .advance(to: .utc(2026, 6, 1)),
            .advance(to: .utc(2026, 7, 1)), .invoices([1600, 1600, 1600, 2000])),
        row(
            "8.2: once isn't used by what it doesn't lower",
            .purchase(Purchase("trial", with: ["half_once"])), .invoices([]),
            .discounts(["half_once"], of: "trial"), .advance(to: .utc(2026, 4, 15)),
            .invoices([1000])),
        row(
            "it goes on with a cheaper plan that follows",
            .purchase(Purchase("premium", with: ["p20"])), .purchase("pro"),
            .advance(to: PurchaseStories.renewal), .invoices([4000, 1600]),
            .discounts(["p20"], of: "pro")),
        row(
            "a cheaper plan gets one when it follows", .buy("premium"),
            .purchase(Purchase("pro", with: ["half_once"])),
            .advance(to: PurchaseStories.renewal), .advance(to: .utc(2026, 6, 1)),
            .invoices([5000, 1000, 2000])),
    ]

    private static let kept = [
        row(
            "19.5: the customer's beside the subscription's", .give("p50"),
            .purchase(Purchase("pro", with: ["p20"])), .invoices([1600]),
            .advance(to: PurchaseStories.renewal), .invoices([1600, 1600])),
        row(
            "8.2: the customer's alone", .give("p50"), .buy("pro"), .invoices([1000]),
            .discounts(["p50"]), .discounts([], of: "pro"),
            .takeAway("p50"), .advance(to: PurchaseStories.renewal), .invoices([1000, 2000])),
        row(
            "8.2: an amount counts once for an invoice of several plans", .buy("pro"),
            .buy("extra"), .give("a5"), .advance(to: PurchaseStories.renewal),
            .invoices([2000, 2000, 3500])),
        row(
            "8.2: once, for one invoice of several plans", .buy("pro"), .buy("extra"),
            .give("half_once"), .advance(to: PurchaseStories.renewal), .discounts([]),
            .advance(to: .utc(2026, 6, 1)), .invoices([2000, 2000, 2000, 4000])),
        row(
            "8.2: when the subscription's is used up, the customer's counts", .give("p50"),
            .purchase(Purchase("pro", with: ["five_once"])),
            .advance(to: PurchaseStories.renewal), .invoices([1500, 1000])),
        row(
            "it is there once", .give("p50"), .refused("discount exists", .give("p50")),
            .refused("discount not found", .takeAway("p20")),
            .refused("coupon not found", .give("no"))),
    ]

    private static let credits = [
        row(
            "19.9 coupon1: 1000 forever", .give("credits"), .buy("pro"), .invoices([0]),
            .creditsLeft("credits", 98000), .advance(to: PurchaseStories.renewal),
            .invoices([0, 0]), .creditsLeft("credits", 96000)),
        row(
            "19.9 coupon2: usage alone", .give("usage_credits"), .buy("metered"),
            .track("messages", 350), .invoices([2000]), .creditsLeft("usage_credits", 100000),
            .advance(to: PurchaseStories.renewal), .invoices([2000, 2000]),
            .creditsLeft("usage_credits", 97500)),
        row(
            "13.1: until they are used up, of one plan", .give("pro_credits"), .buy("pro"),
            .buy("extra"), .invoices([0, 2000]), .creditsLeft("pro_credits", 1000),
            .advance(to: PurchaseStories.renewal), .invoices([0, 2000, 3000]), .discounts([]),
            .advance(to: .utc(2026, 6, 1)), .invoices([0, 2000, 3000, 4000])),
        row(
            "13.1: shared by two plans of one invoice", .buy("premium"), .buy("extra"),
            .give("credits"), .advance(to: PurchaseStories.renewal),
            .invoices([5000, 2000, 0]), .creditsLeft("credits", 93000)),
    ]

    private static let codesTaken = [
        row(
            "13.1: small letters do", .purchase(Purchase("pro", with: ["#five"])),
            .invoices([1500])),
        row(
            "13.1: no such code",
            .refused("promotion code not found", .purchase(Purchase("pro", with: ["#NONE"]))),
            .refused("promotion code not found", .purchase(Purchase("pro", with: ["#TEN"]))),
            .refused("promotion code not found", .redeem("FIVE"))),
        row(
            "19.5: by code, of another plan",
            .refused(
                "invalid: discounts[0].promotion_code",
                .purchase(Purchase("pro", with: ["#PREMIUM"]))),
            .purchase(Purchase("premium", with: ["#PREMIUM"])), .invoices([4000])),
        row(
            "19.5: by code, minimum amount not met",
            .refused("invalid: discounts[0]", .purchase(Purchase("pro", with: ["#FROM30"])))),
        row(
            "8.2: an expired code", .purchase(Purchase("pro", with: ["#EARLY"])),
            .invoices([1600]), .advance(to: .utc(2026, 4, 11)),
            .refused("promotion code expired", .purchase(Purchase("premium", with: ["#EARLY"]))),
            .refused("promotion code expired", .give("#EARLY"))),
        row(
            "13.1: for a first purchase", .purchase(Purchase("pro", with: ["#FIRST"])),
            .invoices([1600]),
            .refused(
                "promotion code first purchase only",
                .purchase(Purchase("premium", with: ["#FIRST"])))),
        row(
            "13.1: for the customer, by code", .give("#FIVE"), .discounts(["five_once"]),
            .refused("discount exists", .give("#FIVE")), .buy("pro"), .invoices([1500])),
    ]

    private static let grants = [
        row("13.1: 10", .redeem("TEN"), .left("tokens", 10)),
        row("13.1: 25", .redeem("twenty-five"), .left("tokens", 25)),
        row(
            "13.1: 50, once", .redeem("FIFTY"), .left("tokens", 50),
            .refused("code already redeemed", .redeem("FIFTY")), .left("tokens", 50)),
        row(
            "13.1: 1000 beside 10", .redeem("THOUSAND"), .redeem("TEN"), .left("tokens", 1010)),
        row(
            "13.1: they expire", .redeem("MONTH"), .redeem("WEEK"), .left("tokens", 10),
            .advance(to: .utc(2026, 4, 8)), .left("tokens", 5),
            .advance(to: PurchaseStories.renewal), .left("tokens", nil)),
        row("13.1: no such code", .refused("promotion code not found", .redeem("NO-CODE"))),
    ]
}
