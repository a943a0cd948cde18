internal import ArgumentParser
internal import Wire

struct TopUpCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "top-up",
        abstract: "Sets what is bought when little of a feature is left.",
        discussion: """
            Packs are bought with the card on file when usage leaves as little as the threshold, \
            if a plan of the customer sells packs of the feature for good. What a plan says of the \
            same feature no longer counts for the customer: --off keeps it so, --remove lets it \
            count again. Shows what is in force.

              tally customer top-up acme credits --threshold 20 --quantity 100
              tally customer top-up acme credits --threshold 20 --quantity 100 --limit 3 --per day
              tally customer top-up acme credits --remove
            """)

    @OptionGroup var flags: ServerFlags

    @Argument(help: "The customer's id.")
    var id: String

    @Argument(help: "The feature's id.")
    var feature: String

    @Option(help: "Units: when as many are left, or fewer, some are bought.")
    var threshold: Double?

    @Option(help: "Units to be bought, rounded up to whole packs.")
    var quantity: Double?

    @Option(help: "Purchases at most in each hour, day, week or month.")
    var limit: UInt32?

    @Option(help: "hour, day, week or month, of --limit.")
    var per: String?

    @Flag(help: "Nothing is bought, whatever a plan says.")
    var off = false

    @Flag(help: "The customer has none of its own any more.")
    var remove = false

    @Option(help: "Default: a new one.")
    var requestId: String?

    func validate() throws {
        if remove {
            guard threshold == nil, quantity == nil, limit == nil, per == nil, !off else {
                throw ValidationError("--remove takes no other option.")
            }
            return
        }
        guard threshold != nil, quantity != nil else {
            throw ValidationError("Give --threshold and --quantity, or --remove.")
        }
        guard (limit == nil) == (per == nil) else {
            throw ValidationError("--limit and --per go together.")
        }
    }

    func run() async throws {
        try await TallyClient.with(flags) { client in
            let shown = try await client.call(.getCustomer, ["customer_id": .string(id)])
            let present = (shown["customer", "controls"] ?? .null).list("auto_topups")
            // All but this one stay as they are.
            var items = present.filter { $0.text("feature_id") != feature }
            if !remove { items.append(topUp) }
            let reply = try await client.call(
                .updateControls,
                [
                    "customer_id": .string(id),
                    "auto_topups": .object(["items": .array(items)]),
                    "request_id": .string(requestId ?? RequestIdentifier.make()),
                ])
            guard !flags.json else { return print(JSONWriter.text(reply)) }
            let lines = TopUpReport.lines(of: reply["customer"] ?? .null)
            print(lines.isEmpty ? "nothing is topped up" : lines.joined(separator: "\n"))
        }
    }

    private var topUp: JSONValue {
        var object: JSONObject = [
            "feature_id": .string(feature), "enabled": .bool(!off),
            "threshold": .number(threshold ?? 0),
            "quantity": .number(quantity ?? 0),
        ]
        if let limit, let per {
            object.append(
                "purchase_limit", .object(["limit": .number(limit), "interval": .string(per)]))
        }
        return .object(object)
    }
}

/// The top-ups in force of a customer, as people read them.
enum TopUpReport {
    static func lines(of customer: JSONValue) -> [String] {
        var table = TextTable("top-up", "at", "buys", "at most", "by", "state")
        for topUp in customer.list("auto_topups") {
            let plan = topUp.text("plan_id")
            table.add(
                topUp.text("feature_id"), HumanText.quantity(topUp.text("threshold")),
                HumanText.quantity(topUp.text("quantity")), limit(topUp),
                plan.isEmpty ? "customer" : plan,
                topUp.flag("suspended") ? "suspended" : topUp.flag("enabled") ? "on" : "off")
        }
        return table.lines
    }

    /// "3 per day, 2 so far until 2027-01-12 10:00".
    private static func limit(_ topUp: JSONValue) -> String {
        guard let limit = topUp["purchase_limit"] else { return "-" }
        let count = limit.text("interval_count")
        let unit = limit.text("interval")
        let span = count == "1" ? unit : "\(count) \(unit)s"
        let end = limit.text("window_end_time")
        let soFar =
            end.isEmpty
            ? "" : ", \(limit.text("count")) so far until \(HumanText.time(end))"
        return "\(limit.text("limit")) per \(span)\(soFar)"
    }
}
