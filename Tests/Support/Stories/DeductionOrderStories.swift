package import Billing

/// Entitlements §2.3, key by key: two buckets that differ in one key, the later one opened first.
package enum DeductionOrderStories {
    /// messages 1 in credits 2 at 1.
    package static let pricing = PricingState.sample([
        .sample("messages", .metered),
        .sample("credits", .creditSystem, costs: ["messages": "1"]),
    ])
    package static let reset = Timestamp.utc(2027, 2, 1)

    package struct Row: RuleRow {
        package let rule: String
        package let later: Bucket
        package let first: Bucket

        init(_ rule: String, later: Bucket, first: Bucket) {
            self.rule = rule
            self.later = later
            self.first = first
        }

        /// nil: no call brings these balances about.
        fileprivate var story: Story? {
            let buckets = [later, first].sorted { $0.number < $1.number }
            let isPossible = buckets.allSatisfy { bucket in
                bucket.created == .epoch && bucket.expires > Story.usualStart
                    && !(bucket.flags.contains(.priced) && bucket.nextReset == .never)
                    && !(bucket.flags.contains(.addOn) && bucket.expires != .never)
            }
            guard isPossible else { return nil }
            return Story(
                "2.3: \(rule)", .given(buckets), .track("messages", 7),
                .balances(
                    buckets.map { bucket in
                        // What is unlimited is counted from 0.
                        let balance = bucket.flags.contains(.unlimited) ? 0 : bucket.balance
                        return bucket.number == first.number ? balance - 7 : balance
                    }))
        }
    }

    private static func cycled(_ number: UInt32, _ interval: Interval, count: UInt16 = 1) -> Bucket
    {
        .sample(number, 1, cycle: Cycle(interval, count: count), nextReset: reset)
    }

    package static let rows = [
        Row(
            "unlimited to the very front", later: .sample(1, 1), first: .sample(2, 1, [.unlimited])),
        Row(
            "unlimited credits before own", later: .sample(1, 1),
            first: .sample(2, 2, [.unlimited])),
        Row("3: own before credits", later: .sample(1, 2), first: .sample(2, 1)),
        Row(
            "3: own before credits that reset sooner",
            later: .sample(1, 2, cycle: Cycle(.hour), nextReset: reset), first: .sample(2, 1)),
        Row("5: resetting before lifetime", later: .sample(1, 1), first: cycled(2, .year)),
        Row("6: minute before hour", later: cycled(1, .hour), first: cycled(2, .minute)),
        Row("6: hour before day", later: cycled(1, .day), first: cycled(2, .hour)),
        Row("6: day before week", later: cycled(1, .week), first: cycled(2, .day)),
        Row("6: week before month", later: cycled(1, .month), first: cycled(2, .week)),
        Row("6: month before quarter", later: cycled(1, .quarter), first: cycled(2, .month)),
        Row("6: quarter before half", later: cycled(1, .semiAnnual), first: cycled(2, .quarter)),
        Row("6: half before year", later: cycled(1, .year), first: cycled(2, .semiAnnual)),
        Row(
            "6: the count multiplies", later: cycled(1, .week, count: 5), first: cycled(2, .month)),
        Row(
            "6: equal lengths fall to age",
            later: .sample(
                1, 1, cycle: Cycle(.day, count: 7), nextReset: reset, created: .utc(2027, 1, 2)),
            first: .sample(
                2, 1, cycle: Cycle(.week), nextReset: reset, created: .utc(2027, 1, 1))),
        Row(
            "7: sooner expiry", later: .sample(1, 1, expires: .utc(2027, 3, 2)),
            first: .sample(2, 1, expires: .utc(2027, 3, 1))),
        Row(
            "7: an expiry before none", later: .sample(1, 1),
            first: .sample(2, 1, expires: .utc(2099, 1, 1))),
        Row("9: main before add-on", later: .sample(1, 1, [.addOn]), first: .sample(2, 1)),
        Row("10: free before pay-per-use", later: .sample(1, 1, [.priced]), first: .sample(2, 1)),
        Row(
            "9 before 10", later: .sample(1, 1, [.addOn]), first: .sample(2, 1, [.priced])),
        Row(
            "7 before 9", later: .sample(1, 1),
            first: .sample(2, 1, expires: .utc(2027, 3, 1), [.addOn])),
        Row(
            "6 before 7",
            later: .sample(
                1, 1, cycle: Cycle(.month), nextReset: reset, expires: .utc(2027, 1, 2)),
            first: cycled(2, .week)),
        Row(
            "11: older first", later: .sample(1, 1, created: .utc(2027, 1, 2)),
            first: .sample(2, 1, created: .utc(2027, 1, 1))),
        Row("equal: in order of opening", later: .sample(2, 1), first: .sample(1, 1)),
    ]

    package static let table = StoryTable(
        "Deduction order", pricing, rows.compactMap(\.story))
}
