internal import Billing
internal import Wire

/// Plans that another system ran. What only that system can say is left to who asks it.
extension RequestForm {
    static let importSubscriptions = RequestForm(
        "ImportCustomerRequest",
        [
            .text("customer_id").required,
            .object(
                "customer_data", as: "",
                RequestShape([.text("name"), .text("email")] + Key.later("fingerprint"))),
            .list("processors", as: "processors", processor),
            .list("billables", as: "subscriptions", billable).required,
            .flag("dry_run"),
        ])

    private typealias Key = RequestShape.Key

    private static let processor = RequestShape([
        .only("type", .string("stripe")).required,
        .text("id", as: "id").required,
    ])

    private static let billable = RequestShape(
        [
            .only("processor", .string("stripe")),
            Key(
                "link",
                .own(
                    "can't be taken over here, where nobody asks when the period ends and which "
                        + "card pays: `tally import stripe` does, and takes it over"
                ) { value, _ in value.asksForNothing ? value : nil }, as: nil
            ).described(.object([:])),
            .time("billing_cycle_anchor", as: "anchor_time"),
            .object("plan", as: "", plan).required,
        ] + Key.later("phases"))

    private static let plan = RequestShape([
        .text("plan_id").required,
        .count("version"),
        Key(
            "status",
            .own(
                "must be active, past_due or canceled: of a trial it isn't said when it ends, and "
                    + "what has ended isn't brought in"
            ) { value, _ in
                ["active", "past_due", "canceled"].contains { value == .string($0) } ? value : nil
            }, as: "status"
        ).described(.words("active", "past_due", "canceled")),
        .time("started_at", as: "start_time"),
        Key(
            "quantity",
            .own("must be 1: seats are sold in packs, which feature_quantities say") { value, _ in
                guard case .number(let literal) = value else { return nil }
                return DecimalText.parseExactly(literal, digits: 0) == 1 ? value : nil
            }, as: nil
        ).described(.number),
        .list("feature_quantities", as: "quantities", .quantity),
        .list("balances", as: "balances", balance),
    ])

    private static let intervals = ["lifetime"] + RequestShape.intervals.dropFirst()

    private static let balance = RequestShape(
        [
            .text("feature_id").required,
            .object(
                "filter", as: "filter",
                RequestShape(
                    [
                        Key(
                            "interval",
                            .word(intervals.map { ($0, $0) }),
                            as: "interval"
                        ).null("interval", .string("lifetime"))
                    ] + Key.later("billing_behavior"))),
            .number("usage"),
            .number("balance"),
            .time("next_reset_at", as: "next_reset_time"),
        ], choices: [["usage", "balance"]])
}
