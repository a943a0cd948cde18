import Billing

/// Periods by the clocks of a customer's zone, beyond the specification.
package enum ZoneStories {
    package static let table = StoryTable(
        "beyond: billing in the customer's time zone", pricing, anchors, prorated, yearly, set)

    private static let pricing = PricingState.sample(
        [.sample("words", .metered)],
        [
            .sample("pro", price: "20", .sample("words", 100, each: .month)),
            .sample("premium", price: "50", .sample("words", 500, each: .month)),
            .sample("weekly", price: "7", each: .week, .sample("words", 10, each: .week)),
            .sample("daily", price: "10", .sample("words", 10, each: .day)),
            .sample("yearly", price: "200", each: .year, .sample("words", 100, each: .month)),
        ])

    private static let newYork = Step.zone("America/New_York")

    private static func row(_ rule: String, at start: Timestamp, _ steps: Step...) -> Story {
        var story = Story(rule, after: [newYork] + steps)
        story.start = start
        return story
    }

    private static let anchors = [
        row(
            "8 Feb 2026 02:30 → 8 Mar 03:00 EDT → 8 Apr 02:30", at: .utc(2026, 2, 8, 7, 30),
            .buy("pro"), .reset("words", at: .utc(2026, 3, 8, 7)),
            .advance(to: .utc(2026, 3, 8, 6, 59)), .invoices([2000]),
            .advance(to: .utc(2026, 3, 8, 7)), .invoices([2000, 2000]),
            .reset("words", at: .utc(2026, 4, 8, 6, 30)),
            .advance(to: .utc(2026, 4, 8, 6, 29)), .invoices([2000, 2000]),
            .advance(to: .utc(2026, 4, 8, 6, 30)), .invoices([2000, 2000, 2000])),
        row(
            "1 Oct 01:30 → 1 Nov 01:30 EDT", at: .utc(2026, 10, 1, 5, 30), .buy("pro"),
            .reset("words", at: .utc(2026, 11, 1, 5, 30)),
            .advance(to: .utc(2026, 11, 1, 5, 30)), .invoices([2000, 2000]),
            .reset("words", at: .utc(2026, 12, 1, 6, 30))),
        row(
            "a week over the change of clocks has 167 hours", at: .utc(2026, 3, 4, 17),
            .buy("weekly"), .reset("words", at: .utc(2026, 3, 11, 16)),
            .advance(to: .utc(2026, 3, 11, 16)), .invoices([700, 700])),
        row(
            "days begin at the same hour", at: .utc(2026, 10, 31, 4), .buy("daily"),
            .reset("words", at: .utc(2026, 11, 1, 4)), .advance(to: .utc(2026, 11, 1, 4)),
            .reset("words", at: .utc(2026, 11, 2, 5))),
        row(
            "31 Jan, late in the evening, which is February in UTC", at: .utc(2026, 2, 1, 4),
            .buy("pro"), .reset("words", at: .utc(2026, 3, 1, 4)),
            .advance(to: .utc(2026, 3, 1, 4)), .reset("words", at: .utc(2026, 4, 1, 3))),
    ]

    /// Of March, whose 743 hours are fewer by one, and of November, whose 721 are more by one.
    private static let prorated = [
        row(
            "proration before a day of 23 hours", at: .utc(2026, 3, 1, 5), .buy("pro"),
            .advance(to: .utc(2026, 3, 8, 5)), .buy("premium"), .invoices([2000, 2321])),
        row(
            "proration after it", at: .utc(2026, 3, 1, 5), .buy("pro"),
            .advance(to: .utc(2026, 3, 9, 4)), .buy("premium"), .invoices([2000, 2229])),
        row(
            "proration after a day of 25 hours", at: .utc(2026, 11, 1, 4), .buy("pro"),
            .advance(to: .utc(2026, 11, 2, 5)), .buy("premium"), .invoices([2000, 2896])),
    ]

    private static let yearly = [
        row(
            "a yearly plan from 30 Nov with monthly grants", at: .utc(2026, 11, 30, 15),
            .buy("yearly"), .reset("words", at: .utc(2026, 12, 30, 15)),
            .advance(to: .utc(2026, 12, 30, 15)), .reset("words", at: .utc(2027, 1, 30, 15)),
            .track("words", 60), .advance(to: .utc(2027, 1, 30, 15)), .left("words", 100),
            .reset("words", at: .utc(2027, 2, 28, 15)), .advance(to: .utc(2027, 2, 28, 15)),
            .reset("words", at: .utc(2027, 3, 30, 14)), .advance(to: .utc(2027, 11, 30, 14)),
            .invoices([20000]), .advance(to: .utc(2027, 11, 30, 15)),
            .invoices([20000, 20000])),
        row(
            "proration of a year with both changes", at: .utc(2026, 1, 1, 5), .buy("yearly"),
            .advance(to: .utc(2026, 7, 2, 17)), .change(Change(cancel: .now)),
            .invoices([20000, -10000])),
    ]

    private static let set = [
        row(
            "it stays while there is a paid plan", at: .utc(2026, 4, 1), .buy("pro"),
            .refused("invalid: time_zone", .zone("Europe/Berlin"))),
        row(
            "a loose balance goes by it too", at: .utc(2026, 3, 1, 5),
            .open(Grant("words", 5, each: .month)), .reset("words", at: .utc(2026, 4, 1, 4))),
        row(
            "one that is there stays as it is", at: .utc(2026, 3, 1, 5),
            .open(Grant("words", 5, each: .month)), .zone("UTC"),
            .reset("words", at: .utc(2026, 4, 1, 4)), .advance(to: .utc(2026, 4, 1, 4)),
            .reset("words", at: .utc(2026, 5, 1, 4))),
    ]
}
