internal import Billing

/// Several plans in one, and plans that end with another one (billing §14.3, §5.1).
package enum SeveralStories {
    package static let table = StoryTable(
        "billing §14.3: several plans", pricing, together, later, discounted, refused, removed)

    static let pricing = PricingState.sample(
        [
            .sample("messages", .metered), .sample("words", .metered), .sample("tokens", .metered),
            .sample("seats", .allocated),
        ],
        [
            .sample("free", autoEnable: true, .sample("words", 50, each: .month)),
            .sample("pro", price: "20", .sample("words", 100, each: .month)),
            .sample("small", price: "10", .sample("words", 30, each: .month)),
            .sample("premium", price: "50", .sample("words", 500, each: .month)),
            .sample("annual", price: "200", each: .year),
            .sample("extra", price: "20", addOn: true, .sample("words", 10, each: .month)),
            .sample("addon", price: "30", addOn: true, .sample("words", 10, each: .month)),
            .sample("once", price: "10", each: .oneOff, .sample("tokens", 100)),
            .sample("other", price: "20", group: "other"),
            .sample("other_free", group: "other", .sample("tokens", 5, each: .month)),
            .sample("packs", addOn: true, .packs("messages", Price("10", packSize: 100))),
            .sample(
                "metered", price: "20", addOn: true,
                .sample("messages", 100, each: .month, price: "0.10")),
            trial("trial", "20"), trial("other_trial", "20", group: "other"),
        ],
        [
            Coupon(id: "half", name: "Half", .percentage(50), .forever),
            Coupon(id: "half_once", name: "Half", .percentage(50), .once),
            Coupon(id: "a30", name: "Off", .amount("30"), .forever),
            Coupon(id: "a5_once", name: "Off", .amount("5"), .once),
            Coupon(id: "credits", name: "Credits", .credits("60"), .forever), forExtra,
        ])

    private static func trial(_ id: String, _ price: UnitPrice, group: String = "") -> Plan {
        var plan = Plan.sample(id, price: price, group: group)
        plan.trial = FreeTrial(length: 14, unit: .day)
        return plan
    }

    private static let forExtra: Coupon = {
        var coupon = Coupon(id: "for_extra", name: "Extra", .percentage(50), .forever)
        coupon.planIDs = ["extra"]
        coupon.codes = [PromotionCode("EXTRA")]
        return coupon
    }()

    private static func row(_ rule: String, _ steps: Step...) -> Story {
        var story = Story(rule, after: steps)
        story.start = PurchaseStories.start
        return story
    }

    private static let middle = PurchaseStories.middle
    private static let renewal = PurchaseStories.renewal

    private static let together = [
        row(
            "14.3: pro and an add-on", .several(["pro", "addon"]), .invoices([5000]),
            .plan("pro", .active), .plan("addon", .active), .plan("free", .ended),
            .left("words", 110), .advance(to: renewal), .invoices([5000, 5000])),
        row(
            "19.9: pro → premium and an add-on at once", .buy("pro"),
            .several(["premium", "extra"]), .invoices([2000, 5000]), .plan("pro", .ended),
            .plan("premium", .active), .advance(to: renewal), .invoices([2000, 5000, 7000])),
        row(
            "14.3: the same at mid cycle, named the other way round", .buy("pro"),
            .advance(to: middle), .several(["extra", "premium"]), .invoices([2000, 2500]),
            .advance(to: renewal), .invoices([2000, 2500, 7000])),
        row(
            "14.3: billing periods begin anew", .buy("pro"), .advance(to: middle),
            .several(["premium", "extra"], startsCycle: true), .invoices([2000, 6000]),
            .advance(to: renewal), .invoices([2000, 6000])),
        row(
            "14.3: two entities", .entity("seats", "a"), .entity("seats", "b"),
            .several([Purchase("pro", of: "a"), Purchase("pro", of: "b"), "premium"]),
            .invoices([9000]), .left("words", 600, of: "a"), .left("words", 600, of: "b"),
            .plan("premium", .active), .plan("free", .ended)),
        row(
            "14.3: a free one among them", .several(["pro", "other_free"]), .invoices([2000]),
            .plan("other_free", .active), .left("tokens", 5)),
        row("14.3: two groups", .several(["pro", "other"]), .invoices([4000])),
        row(
            "14.3: one that is bought once", .several(["once", "pro"]), .invoices([3000]),
            .left("tokens", 100), .advance(to: renewal), .invoices([3000, 2000])),
        row(
            "14.3: an add-on twice",
            .several([Purchase("packs", ["messages": 200]), Purchase("packs", ["messages": 300])]),
            .invoices([5000]), .left("messages", 500), .advance(to: renewal),
            .invoices([5000, 5000])),
        row(
            "14.3: what was used beyond the grant is charged with it", .buy("metered"),
            .track("messages", 150), .several(["pro", "metered"]), .invoices([2000, 4000])),
        row(
            "14.3: one of them the customer's own",
            .several(["pro", Purchase("extra", customize: cheap)]), .invoices([2700]),
            .advance(to: renewal), .invoices([2700, 2700])),
        row(
            "14.3: two of them the customer's own",
            .several([Purchase("pro", customize: cheap), Purchase("extra", customize: cheap)]),
            .invoices([1400]), .advance(to: renewal), .invoices([1400, 1400])),
        row(
            "14.3: one alone is an attach", .several(["pro"]), .invoices([2000]),
            .plan("pro", .active)),
        row(
            "14.3, 9: an add-on joins the trial", .several(["trial", "extra"]), .invoices([]),
            .plan("trial", .active), .plan("extra", .active),
            .advance(to: .utc(2026, 4, 15)), .invoices([4000])),
        row(
            "14.3, 9: what is billed with a plan that is paid isn't tried",
            .several(["pro", "other_trial"]), .invoices([4000])),
    ]

    private static let cheap: PlanPatch = {
        var patch = PlanPatch()
        patch.price = .set(BasePrice(amount: "7", cycle: Cycle(.month)))
        return patch
    }()

    private static let later = [
        row(
            "14.3: a cheaper plan follows, the others are paid", .buy("premium"),
            .several(["small", "extra"]), .invoices([5000, 2000]), .plan("premium", .canceling),
            .plan("small", .scheduled), .plan("extra", .active), .advance(to: renewal),
            .invoices([5000, 2000, 3000]), .plan("small", .active)),
        row(
            "14.3: all follow", .several(["premium", "other"]), .several(["small", "other_free"]),
            .invoices([7000]), .plan("small", .scheduled), .plan("other_free", .scheduled),
            .several(["small", "other_free"]), .advance(to: renewal), .invoices([7000, 1000])),
        row(
            "14.3: another one is scheduled in its place", .buy("premium"), .purchase("small"),
            .several(["free", "extra"]), .invoices([5000, 2000]), .plan("small", .ended),
            .plan("free", .scheduled)),
    ]

    private static let discounted = [
        row(
            "14.3: a percentage of all", .several(["pro", "extra"], with: ["half"]),
            .invoices([2000]), .discounts(["half"], of: "extra"), .discounts(["half"], of: "pro"),
            .advance(to: renewal), .invoices([2000, 2000])),
        row(
            "14.3: a percentage, once", .several(["pro", "extra"], with: ["half_once"]),
            .invoices([2000]), .advance(to: renewal), .invoices([2000, 4000])),
        row(
            "14.3: an amount off all of it, then off the first",
            .several(["extra", "pro"], with: ["a30"]), .invoices([1000]),
            .discounts(["a30"], of: "pro"), .discounts([], of: "extra"),
            .advance(to: renewal), .invoices([1000, 2000])),
        row(
            "14.3: an amount, once", .several(["pro", "extra"], with: ["a5_once"]),
            .invoices([3500]), .discounts([], of: "pro"), .advance(to: renewal),
            .invoices([3500, 4000])),
        row(
            "14.3: credits of all of it, then of the first",
            .several(["pro", "extra", "other"], with: ["credits"]), .invoices([0]),
            .discounts([], of: "pro"), .advance(to: renewal), .invoices([0, 6000])),
        row(
            "14.3: a code of one of them", .several(["pro", "extra"], with: ["#EXTRA"]),
            .invoices([3000]), .discounts([], of: "pro"), .discounts(["for_extra"], of: "extra")),
        row(
            "14.3: the customer's discount", .give("half"), .several(["pro", "extra"]),
            .invoices([2000])),
        row(
            "14.3: a plan that is replaced hands its discount on",
            .purchase(Purchase("pro", with: ["half"])), .several(["premium", "extra"]),
            .invoices([1000, 3500])),
    ]

    private static let refused = [
        row(
            "14.3: two main plans of a group",
            .refused("invalid: plans[1].plan_id", .several(["pro", "premium"])), .invoices([])),
        row(
            "14.3: a main plan twice",
            .refused("invalid: plans[1].plan_id", .several(["pro", "pro"]))),
        row(
            "14.3: one that there is", .buy("pro"),
            .refused("plan already attached", .several(["extra", "pro"])),
            .plan("extra", nil)),
        row(
            "14.3: an entity that there isn't",
            .refused("entity not found", .several(["pro", Purchase("extra", of: "ghost")]))),
        row(
            "14.3: what is wrong with one is said of its place",
            .refused(
                "invalid: plans[1].version", .several(["pro", Purchase("extra", version: 7)]))),
        row(
            "14.3: a code for none of them",
            .refused("invalid: discounts[0].promotion_code", .several(["pro"], with: ["#EXTRA"]))),
        row(
            "14.3: no new period for what follows", .buy("premium"),
            .refused(
                "invalid: reset_billing_cycle", .several(["small"], startsCycle: true))),
    ]

    private static func with(_ plan: String, without removed: String...) -> Purchase {
        var purchase = Purchase(plan)
        purchase.removed = removed
        return purchase
    }

    private static let removed = [
        row(
            "19.6: an add-on ends with an upgrade", .several(["pro", "extra"]),
            .purchase(with("premium", without: "extra")), .invoices([4000, 1000]),
            .plan("extra", .ended), .plan("premium", .active), .left("words", 500),
            .advance(to: renewal), .invoices([4000, 1000, 5000])),
        row(
            "19.6: the same at mid cycle", .several(["pro", "extra"]), .advance(to: middle),
            .purchase(with("premium", without: "extra")), .invoices([4000, 500])),
        row(
            "5.1: all add-ons of a plan", .buy("pro"), .buy("extra"), .buy("extra"),
            .purchase(with("other", without: "extra")), .invoices([2000, 2000, 2000, -2000]),
            .credit(2000)),
        row(
            "5.1: with a plan that follows later, at mid cycle", .several(["premium", "extra"]),
            .advance(to: middle), .purchase(with("small", without: "extra")),
            .invoices([7000, -1000]), .credit(1000), .plan("small", .scheduled),
            .plan("extra", .ended), .plan("premium", .canceling)),
        row(
            "5.1: a main plan of another group", .several(["pro", "other"]),
            .purchase(with("premium", without: "other")), .invoices([4000, 1000]),
            .plan("other", .ended)),
        row(
            "5.1: the default takes its place", .several(["pro", "other"]),
            .purchase(with("extra", without: "pro")), .plan("pro", .ended),
            .plan("free", .active), .invoices([4000])),
        row(
            "5.1: what was used beyond the grant is charged", .several(["pro", "metered"]),
            .track("messages", 150), .purchase(with("premium", without: "metered")),
            .invoices([4000, 1500])),
        row(
            "5.1: one that is scheduled", .buy("premium"), .purchase("small"),
            .purchase(with("extra", without: "small")), .invoices([5000, 2000]),
            .plan("small", .ended), .plan("premium", .active)),
        row(
            "5.1: of the entity alone", .entity("seats", "a"),
            .several(["pro", "extra", Purchase("extra", of: "a")]),
            .purchase(Purchase("pro", of: "a", removing: ["extra"])), .invoices([6000]),
            .left("words", 210, of: "a")),
        row(
            "5.1: with a discount of its own", .purchase(Purchase("extra", with: ["half"])),
            .purchase(with("pro", without: "extra")), .invoices([1000, 1000])),
        row(
            "5.1: what isn't there", .buy("pro"),
            .refused(
                "invalid: remove_plan_ids[0]", .purchase(with("premium", without: "extra")))),
        row(
            "5.1: itself", .buy("extra"),
            .refused("invalid: remove_plan_ids[0]", .purchase(with("extra", without: "extra")))),
        row(
            "5.1: twice", .buy("extra"),
            .refused(
                "invalid: remove_plan_ids[1]",
                .purchase(with("pro", without: "extra", "extra")))),
        row(
            "5.1: what is replaced anyway", .buy("pro"),
            .refused("invalid: remove_plan_ids[0]", .purchase(with("premium", without: "pro")))),
        row(
            "5.1: of an entity only the entity's", .entity("seats", "a"), .buy("extra"),
            .refused(
                "invalid: remove_plan_ids[0]",
                .purchase(Purchase("pro", of: "a", removing: ["extra"])))),
    ]
}
