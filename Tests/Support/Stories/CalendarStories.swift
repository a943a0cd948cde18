package import Billing

/// Entitlements §5.2, correction 3: the dates of a balance's resets, always from its anchor.
package enum CalendarStories {
    package struct Row: RuleRow {
        package let rule: String
        package let cycle: Cycle
        package let start: Timestamp
        package let resets: [Timestamp]

        init(_ rule: String, _ cycle: Cycle, _ start: Timestamp, _ resets: Timestamp...) {
            self.rule = rule
            self.cycle = cycle
            self.start = start
            self.resets = resets
        }

        /// Whoever looks at each reset, and uses something in each cycle.
        fileprivate func story(_ open: Step) -> Story {
            let visits: [[Step]] = resets.map { reset in
                [
                    .reset("messages", at: reset), .track("messages", 1),
                    .advance(to: reset.adding(milliseconds: -1)), .left("messages", 99),
                    .advance(to: reset), .left("messages", 100),
                ]
            }
            var story = Story(rule, after: [open] + visits.flatMap { $0 })
            story.start = start
            return story
        }
    }

    package static let rows = [
        Row(
            "5.2: 31 January 2028", Cycle(.month), .utc(2028, 1, 31), .utc(2028, 2, 29),
            .utc(2028, 3, 31), .utc(2028, 4, 30), .utc(2028, 5, 31), .utc(2028, 6, 30),
            .utc(2028, 7, 31)),
        Row(
            "5.2: 31 January, no leap year", Cycle(.month), .utc(2027, 1, 31, 13, 37),
            .utc(2027, 2, 28, 13, 37), .utc(2027, 3, 31, 13, 37), .utc(2027, 4, 30, 13, 37)),
        Row(
            "5.2: 28 February stays the 28th", Cycle(.month), .utc(2027, 2, 28),
            .utc(2027, 3, 28), .utc(2027, 4, 28)),
        Row(
            "5.2: a year from 29 February 2028", Cycle(.year), .utc(2028, 2, 29),
            .utc(2029, 2, 28), .utc(2030, 2, 28), .utc(2031, 2, 28), .utc(2032, 2, 29)),
        Row(
            "5.2: quarters from 31 August", Cycle(.quarter), .utc(2026, 8, 31),
            .utc(2026, 11, 30), .utc(2027, 2, 28), .utc(2027, 5, 31), .utc(2027, 8, 31)),
        Row(
            "5.2: halves from 31 August", Cycle(.semiAnnual), .utc(2027, 8, 31),
            .utc(2028, 2, 29), .utc(2028, 8, 31), .utc(2029, 2, 28)),
        Row(
            "5.2: every two months", Cycle(.month, count: 2), .utc(2027, 12, 31),
            .utc(2028, 2, 29), .utc(2028, 4, 30), .utc(2028, 6, 30), .utc(2028, 8, 31)),
        Row(
            "5.2: weeks", Cycle(.week), .utc(2027, 2, 25), .utc(2027, 3, 4), .utc(2027, 3, 11)),
        Row(
            "5.2: days over a leap day", Cycle(.day), .utc(2028, 2, 28, 5), .utc(2028, 2, 29, 5),
            .utc(2028, 3, 1, 5)),
        Row(
            "5.2: hours over New Year", Cycle(.hour, count: 6), .utc(2027, 12, 31, 20),
            .utc(2028, 1, 1, 2), .utc(2028, 1, 1, 8)),
        Row(
            "5.2: minutes", Cycle(.minute, count: 90), .utc(2027, 1, 1), .utc(2027, 1, 1, 1, 30),
            .utc(2027, 1, 1, 3)),
    ]

    /// A plan for each row.
    package static let pricing = PricingState.sample(
        Fixture.features,
        rows.enumerated().map { index, row in
            .sample(
                "plan_\(index)",
                PlanItem(
                    featureID: "messages", included: 100, unlimited: false, reset: row.cycle,
                    usagePrice: nil))
        })

    package static let loose = rows.map { row in
        row.story(
            .open(Grant("messages", 100, each: row.cycle.interval, count: row.cycle.count)))
    }

    package static let plans = rows.enumerated().map { index, row in
        row.story(.attach("plan_\(index)"))
    }

    private static let monthly = Step.open(Grant("messages", 100, each: .month))

    package static let moved = [
        Story(
            "6.2: a reset that is moved is the new anchor", monthly,
            .moveReset(Pick("messages"), .utc(2027, 1, 31)),
            .reset("messages", at: .utc(2027, 1, 31)), .advance(to: .utc(2027, 1, 31)),
            .reset("messages", at: .utc(2027, 2, 28)), .advance(to: .utc(2027, 2, 28)),
            .reset("messages", at: .utc(2027, 3, 31))),
        Story(
            "6.2: to a day that every month has", monthly,
            .moveReset(Pick("messages"), .utc(2027, 1, 11)),
            .reset("messages", at: .utc(2027, 1, 11)), .advance(to: .utc(2027, 1, 11)),
            .reset("messages", at: .utc(2027, 2, 11)), .advance(to: .utc(2027, 2, 11)),
            .reset("messages", at: .utc(2027, 3, 11))),
        Story(
            "6.1: a first reset that is given is the anchor",
            .open(Grant("messages", 100, each: .month, nextReset: .utc(2027, 1, 31))),
            .advance(to: .utc(2027, 1, 31)), .reset("messages", at: .utc(2027, 2, 28)),
            .advance(to: .utc(2027, 2, 28)), .reset("messages", at: .utc(2027, 3, 31))),
    ]

    package static let table = StoryTable("Calendar", pricing, loose, plans, moved)
}
