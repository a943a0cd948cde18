package import Billing

/// Limits of how many may be held open at a time: beyond the reference.
package enum ConcurrencyStories {
    package static let features =
        Fixture.features + [.sample("jobs", .concurrency), .sample("sessions", .concurrency)]

    package static let pricing = PricingState.sample(
        features,
        [
            .sample("three", .sample("jobs", 3)), .sample("one", .sample("jobs", 1)),
            .sample("two_more", addOn: true, .sample("jobs", 2)),
            .sample("free_jobs", .sample("jobs", unlimited: true)),
            .sample(
                "seats", .sample("users", 5), .sample("jobs", 1),
                .sample("sessions", 2).forEach("users")),
            .sample("none", .sample("messages", 100, each: .month)),
        ])

    package static let jobs = pricing.number(ofFeature: "jobs")

    package static let rows: [Story] = [
        Story(
            "a hold takes a slot, and settling it gives it back", .attach("three"),
            .granted("jobs", 3), .used("jobs", 0), .left("jobs", 3),
            .hold("jobs", 1, id: "a"), .used("jobs", 1), .left("jobs", 2), .holds(1),
            .hold("jobs", 2, id: "b"), .left("jobs", 0), .used("jobs", 3),
            .check("jobs", 1, .concurrencyLimit),
            .settle(1, id: "a"), .left("jobs", 1), .check("jobs", 1, .included),
            .check("jobs", 2, .concurrencyLimit), .settle(0, id: "b"), .left("jobs", 3),
            .holds(0), .events([1, 2, -1, -2])),
        Story(
            "settled without a value it is given back, too", .attach("three"),
            .hold("jobs", 2, id: "a"), .settle(nil, id: "a"), .left("jobs", 3),
            .refused("hold not found", .settle(nil, id: "a"))),
        Story(
            "an expired hold gives its slot back", .attach("three"), .hold("jobs", 3, id: "a"),
            .advance(to: .utc(2027, 1, 10, 23)), .left("jobs", 0),
            .advance(to: .utc(2027, 1, 11, 1)), .left("jobs", 3), .holds(0), .events([3, -3])),
        Story(
            "it never resets", .attach("three"), .advance(to: .utc(2027, 2, 10)),
            .hold("jobs", 1, id: "a"), .advance(to: .utc(2027, 2, 10, 12)),
            .reset("jobs", at: .never), .left("jobs", 2)),
        Story(
            "a hold that is refused takes nothing", .attach("three"), .hold("jobs", 3, id: "a"),
            .check("jobs", 1, .concurrencyLimit),
            .refused("hold exists", .hold("jobs", 1, id: "a")), .holds(1), .left("jobs", 0)),
        Story(
            "it is held, not tracked and not set", .attach("three"),
            .refused("invalid: feature_id", .track("jobs", 1)),
            .refused("invalid: feature_id", .track("jobs", -1)),
            .refused("invalid: feature_id", .setUsage("jobs", 1)),
            .refused("invalid: feature_id", .batch([("messages", 1), ("jobs", 1)])),
            .refused("invalid: feature_id", .holdTrack("jobs", 1)),
            .refused("invalid: hold", .deduct("jobs", 1, .included)),
            .refused("invalid: required_quantity", .hold("jobs", 0)),
            .refused("invalid: required_quantity", .hold("jobs", -1)),
            .refused("invalid: feature_id", .update(Pick("jobs"), .remaining(1))),
            .refused("invalid: feature_id", .update(Pick("jobs"), .usage(1)))),
        Story(
            "another grant changes what is free", .attach("three"), .hold("jobs", 2, id: "a"),
            .update(Pick("jobs"), granted: 5), .left("jobs", 3), .used("jobs", 2),
            .update(Pick("jobs"), granted: 1), .left("jobs", 0), .granted("jobs", 1),
            .settle(nil, id: "a"), .left("jobs", 1)),
        Story(
            "without a grant there is no slot", .attach("none"),
            .check("jobs", 1, .notIncluded), .left("jobs", nil)),
        Story(
            "unlimited slots are counted all the same", .attach("free_jobs"),
            .hold("jobs", 1_000, id: "a"), .used("jobs", 1_000), .check("jobs", 1, .unlimited),
            .settle(nil, id: "a"), .used("jobs", 0)),
        Story(
            "a plan change that lowers the limit leaves open holds standing", .attach("three"),
            .hold("jobs", 1, id: "a"), .hold("jobs", 1, id: "b"), .hold("jobs", 1, id: "c"),
            .attach("one"), .holds(3), .granted("jobs", 1), .used("jobs", 3), .left("jobs", 0),
            .check("jobs", 1, .concurrencyLimit), .settle(0, id: "a"),
            .check("jobs", 1, .concurrencyLimit), .settle(0, id: "b"),
            .check("jobs", 1, .concurrencyLimit), .used("jobs", 1), .settle(0, id: "c"),
            .check("jobs", 1, .included), .left("jobs", 1)),
        Story(
            "one that raises it counts what is open", .attach("one"), .hold("jobs", 1, id: "a"),
            .attach("three"), .used("jobs", 1), .left("jobs", 2), .settle(0, id: "a"),
            .left("jobs", 3)),
        Story(
            "what is open outlives a time without a plan of it", .attach("three"),
            .hold("jobs", 2, id: "a"), .attach("none"), .left("jobs", nil), .holds(1),
            .attach("three"), .left("jobs", 1), .used("jobs", 2)),
        Story(
            "add-ons and loose grants add up, and lapse without losing count", .attach("three"),
            .attach("two_more"), .open(Grant("jobs", 1, expires: .utc(2027, 1, 10, 6))),
            .granted("jobs", 6), .hold("jobs", 6, id: "a"), .left("jobs", 0),
            .advance(to: .utc(2027, 1, 10, 7)), .granted("jobs", 5), .used("jobs", 6),
            .left("jobs", 0), .check("jobs", 1, .concurrencyLimit)),
        Story(
            "a loose grant that is deleted leaves what is open", .attach("one"),
            .open(Grant("jobs", 2, name: "more")), .hold("jobs", 3, id: "a"),
            .delete(Pick("jobs", id: "more")), .used("jobs", 3), .left("jobs", 0),
            .settle(0, id: "a"), .left("jobs", 1)),
        Story(
            "§1.3: each entity has slots of its own", .attach("seats"), .entity("users", "ada"),
            .entity("users", "bob"), .granted("sessions", 4),
            .granted("sessions", 2, of: "ada"), .hold("sessions", 2, of: "ada", id: "a"),
            .check("sessions", 1, of: "ada", .concurrencyLimit),
            .check("sessions", 1, of: "bob", .included), .left("sessions", 0, of: "ada"),
            .left("sessions", 2, of: "bob"), .left("sessions", 2), .used("sessions", 2),
            .hold("sessions", 1, of: "bob", id: "b"), .left("sessions", 1),
            .settle(0, id: "a"), .left("sessions", 2, of: "ada")),
        Story(
            "§1.3: an entity shares what the customer has as a whole", .attach("seats"),
            .entity("users", "ada"), .entity("users", "bob"), .left("jobs", 1, of: "ada"),
            .hold("jobs", 1, of: "ada", id: "a"), .left("jobs", 0, of: "bob"),
            .check("jobs", 1, of: "bob", .concurrencyLimit),
            .check("jobs", 1, .concurrencyLimit), .settle(0, id: "a"), .left("jobs", 1)),
        Story(
            "§2.4: holds of no entity fill slices in the order of entities", .attach("seats"),
            .entity("users", "ada"), .entity("users", "bob"), .hold("sessions", 3, id: "a"),
            .left("sessions", 0, of: "ada"), .left("sessions", 1, of: "bob"),
            .left("sessions", 1), .check("sessions", 2, .concurrencyLimit)),
        Story(
            "an entity's own grant is its alone, and shown to the customer", .attach("seats"),
            .entity("users", "ada"), .open(Grant("jobs", 2, of: "ada")),
            .granted("jobs", 3, of: "ada"), .granted("jobs", 3),
            .check("jobs", 2, .concurrencyLimit), .check("jobs", 2, of: "ada", .included),
            .hold("jobs", 3, of: "ada", id: "a"), .used("jobs", 3), .left("jobs", 0),
            .check("jobs", 1, .concurrencyLimit)),
        Story(
            "what a deleted entity holds counts for the customer", .attach("seats"),
            .entity("users", "ada"), .hold("jobs", 1, of: "ada", id: "a"), .deleteEntity("ada"),
            .holds(1), .check("jobs", 1, .concurrencyLimit), .settle(0, id: "a"),
            .check("jobs", 1, .included)),
        Story(
            "it takes no controls", .attach("three"),
            .refused("invalid: spend_limits[0].feature_id", .set(.spend(jobs, .units(1)))),
            .refused(
                "invalid: usage_limits[0].feature_id",
                .set(.usage(UsageLimit(feature: jobs, limit: 1, interval: .day)))),
            .refused(
                "invalid: usage_alerts[0].feature_id",
                .set(.alerts(UsageAlert(feature: jobs, threshold: 1, measure: .usage)))),
            .refused("invalid: overage_permissions[0].feature_id", .set(.overage(jobs, true)))),
        Story(
            "an alert for every feature isn't one for slots", .attach("three"),
            .set(.alerts(UsageAlert(feature: nil, threshold: 1, measure: .usage))),
            .hold("jobs", 3, id: "a"), .notices(0)),
    ]

    package static let table = StoryTable("concurrency limits", pricing, rows)
}
