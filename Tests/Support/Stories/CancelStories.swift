internal import Billing

/// Several subscriptions that are cancelled, or go on, in one (billing §10.3).
package enum CancelStories {
    package static let table = StoryTable(
        "billing §10.3: several cancellations", SeveralStories.pricing, done, refused)

    private static let middle = PurchaseStories.middle
    private static let renewal = PurchaseStories.renewal

    private static func row(_ rule: String, _ steps: Step...) -> Story {
        var story = Story(rule, after: steps)
        story.start = PurchaseStories.start
        return story
    }

    /// Half of a month is left.
    private static let done = [
        row(
            "10.3: two cancelled at once give back on one invoice", .several(["pro", "extra"]),
            .advance(to: middle),
            .change(Change("pro", cancel: .now, also: [Change("extra", cancel: .now)])),
            .invoices([4000, -2000]), .credit(2000), .plan("pro", .ended),
            .plan("extra", .ended), .plan("free", .active)),
        row(
            "10.3: one at its end, one at once", .several(["pro", "addon"]),
            .advance(to: middle),
            .change(Change("pro", cancel: .atEnd, also: [Change("addon", cancel: .now)])),
            .invoices([5000, -1500]), .credit(1500), .plan("pro", .canceling),
            .plan("addon", .ended), .advance(to: renewal), .plan("pro", .ended),
            .plan("free", .active)),
        row(
            "10.3: one ends, one goes on", .several(["pro", "extra"]),
            .change(Change("pro", cancel: .atEnd)), .advance(to: middle),
            .change(Change("extra", cancel: .now, also: [Change("pro", cancel: .undo)])),
            .invoices([4000, -1000]), .plan("pro", .active), .advance(to: renewal),
            .invoices([4000, -1000, 2000]), .credit(0)),
        row(
            "10.3: without proration, of one of them", .several(["pro", "extra"]),
            .advance(to: middle),
            .change(
                Change(
                    "pro", cancel: .now, prorates: false, also: [Change("extra", cancel: .now)])),
            .invoices([4000, -1000]), .credit(1000)),
        row(
            "10.3: nothing that comes back", .several(["pro", "extra"]),
            .change(Change("pro", cancel: .atEnd, also: [Change("extra", cancel: .atEnd)])),
            .invoices([4000]), .plan("pro", .canceling), .plan("extra", .canceling)),
        row(
            "10.3: two of the same plan, one after the other",
            .several([Purchase("packs", ["messages": 200]), Purchase("packs", ["messages": 300])]),
            .advance(to: middle),
            .change(Change("packs", cancel: .now, also: [Change("packs", cancel: .now)])),
            .invoices([5000, -2500]), .credit(2500), .plan("packs", .ended)),
        row(
            "10.3: discounted, what was paid comes back",
            .several(["pro", "extra"], with: ["half"]), .advance(to: middle),
            .change(Change("pro", cancel: .now, also: [Change("extra", cancel: .now)])),
            .invoices([2000, -1000]), .credit(1000)),
    ]

    private static let refused = [
        row(
            "10.3: one without a cancellation", .several(["pro", "extra"]),
            .refused(
                "invalid: also[0].cancel_action",
                .change(Change("pro", cancel: .now, also: [Change("extra")]))),
            .plan("pro", .active)),
        row(
            "10.3: the first without one", .several(["pro", "extra"]),
            .refused(
                "invalid: cancel_action",
                .change(Change("pro", also: [Change("extra", cancel: .now)])))),
        row(
            "10.3: twice the same", .several(["pro", "extra"]),
            .refused(
                "invalid: also[0].plan_id",
                .change(Change("pro", cancel: .atEnd, also: [Change("pro", cancel: .atEnd)]))),
            .plan("pro", .active)),
        row(
            "10.3: no end to wait for, and nothing is done", .several(["pro", "once"]),
            .refused(
                "invalid: also[0].cancel_action",
                .change(Change("pro", cancel: .now, also: [Change("once", cancel: .atEnd)]))),
            .plan("pro", .active), .invoices([3000])),
        row(
            "10.3: with a refund", .several(["pro", "extra"]),
            .refused(
                "invalid: refund_last_payment",
                .change(
                    Change(
                        "pro", cancel: .now, refund: .full,
                        also: [Change("extra", cancel: .now)])))),
    ]
}
