internal import ArgumentParser
internal import Wire

struct ExplainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Shows why a check is answered as it is.",
        discussion: """
            Prints what tally check would answer now, the rules that were tried in order (the last \
            one decides), the limits that count, and the parts of the balances in the order they \
            are drawn from, with what each would give. Changes nothing.

              tally explain acme messages
              tally explain acme messages 20 --entity ada --property model=large
              tally explain acme messages --json | jq .parts

            2: the server refused (no such customer, …), 3: it can't be reached.
            """)

    @OptionGroup var flags: ServerFlags

    @Argument(help: "The customer's id.")
    var customer: String

    @Argument(help: "The feature's id.")
    var feature: String

    @Argument(help: "How much. Default: 1.")
    var amount: Double?

    @Option(help: "The customer's entity (workspace, seat, …) that is asked about.")
    var entity: String?

    @Option(
        help: ArgumentHelp(
            "What the usage is like; as often as needed.", valueName: "key=value"))
    var property: [String] = []

    func validate() throws { try UsageFlags.check(property) }

    func run() async throws {
        var request: JSONObject = [
            "customer_id": .string(customer), "feature_id": .string(feature),
        ]
        if let amount { request.append("required_quantity", .number(amount)) }
        if let entity { request.append("entity_id", .string(entity)) }
        if !property.isEmpty { request.append("properties", UsageFlags.properties(property)) }
        try await TallyClient.with(flags) { [request] client in
            let reply = try await client.call(.explainCheck, request)
            if flags.json { return print(JSONWriter.text(reply)) }
            print(ExplanationReport(reply).lines.joined(separator: "\n"))
        }
    }
}

/// An explanation as people read it.
struct ExplanationReport {
    private let reply: JSONValue

    init(_ reply: JSONValue) {
        self.reply = reply
    }

    var lines: [String] {
        [CheckCommand.sentence(reply["answer"] ?? .null)]
            + reply.list("pools").flatMap { pool($0) } + parts + excluded
    }

    private func pool(_ pool: JSONValue) -> [String] {
        var head = pool.text("feature_id")
        let credits = pool.text("credits")
        if !credits.isEmpty {
            head += " at \(credits) a unit: \(HumanText.quantity(pool.text("required_quantity")))"
        }
        if pool.flag("decides") { head += "  <- decides" }
        var lines = ["", head]
        let choosing = pool.list("choosing_rules")
        if !choosing.isEmpty { lines.append("  chosen by what it would answer unconverted:") }
        for rule in choosing { lines.append("    " + self.rule(rule)) }
        let rules = pool.list("rules")
        if rules.isEmpty { lines.append("  another one was chosen before") }
        if !rules.isEmpty, !choosing.isEmpty { lines.append("  its answer:") }
        for (index, rule) in rules.enumerated() {
            let isLast = index == rules.count - 1
            let reason = pool.text("reason").replacing("_", with: " ")
            lines.append("    " + self.rule(rule) + (isLast ? " -> \(reason)" : ""))
        }
        return lines + pool.list("limits").map { "  limit: " + limit($0) }
    }

    private func rule(_ rule: JSONValue) -> String {
        let required = HumanText.quantity(rule.text("required_quantity"))
        let available = rule["available"].map { _ in
            HumanText.quantity(rule.text("available"))
        }
        return switch rule.text("rule") {
        case "owned": "is there anything of it?"
        case "flag": "the flag is on"
        case "unlimited": "is it unlimited?"
        case "negative": "is \(required) below 0?"
        case "usage_limit": "do usage limits leave \(required)? \(available ?? "") left"
        case "remaining": "does \(required) remain? \(available ?? "") left"
        case "overage": "may it go beyond that?"
        case "spend_limit": "does a spend limit leave \(required)? \(available ?? "") left"
        case "max_purchase":
            "can \(required) be had in all? \(available.map { "at most \($0)" } ?? "any amount")"
        default: rule.text("rule")
        }
    }

    private func limit(_ limit: JSONValue) -> String {
        let plan = limit.text("plan_id")
        let owner = plan.isEmpty ? limit.text("owner") : "plan \(plan)"
        if let window = limit["usage_limit"], let rule = window["limit"] {
            let interval = HumanText.interval(rule.text("interval"), count: 1)
            return "\(HumanText.quantity(rule.text("limit"))) \(interval), "
                + "\(HumanText.quantity(window.text("headroom"))) left until "
                + "\(HumanText.time(window.text("end_time"))) (\(owner))"
        }
        if let spend = limit["spend_limit"] {
            return "overage of \(HumanText.quantity(spend.text("overage_limit"))), "
                + "\(HumanText.quantity(spend.text("headroom"))) left (\(owner))"
        }
        return "overage is \(limit.flag("overage_allowed") ? "allowed" : "forbidden") (\(owner))"
    }

    private var parts: [String] {
        var table = TextTable("drawn from", "of", "left", "gives", "covers")
        for part in reply.list("parts") {
            table.add(
                name(part), part.text("feature_id"),
                part.flag("unlimited") ? "unlimited" : HumanText.quantity(part.text("balance")),
                HumanText.quantity(part.text("gives")), HumanText.quantity(part.text("covers")))
        }
        guard !table.lines.isEmpty else { return [] }
        let missing = reply.text("missing")
        return [""] + table.lines + more("parts", "part_count")
            + (reply.number("missing") > 0 ? ["missing: \(HumanText.quantity(missing))"] : [])
    }

    private var excluded: [String] {
        var table = TextTable("not counted", "of", "left", "why")
        for part in reply.list("excluded") {
            table.add(
                name(part), part.text("feature_id"), HumanText.quantity(part.text("balance")),
                part.text("reason").replacing("_", with: " "))
        }
        return table.lines.isEmpty
            ? [] : [""] + table.lines + more("excluded", "excluded_count")
    }

    private func more(_ list: String, _ count: String) -> [String] {
        let rest = Int(reply.number(count)) - reply.list(list).count
        return rest > 0 ? ["and \(rest) more"] : []
    }

    private func name(_ part: JSONValue) -> String {
        var text = part.text("balance_id")
        for (word, key) in [("plan", "plan_id"), ("entity", "entity_id")] {
            let id = part.text(key)
            if !id.isEmpty { text += ", \(word) \(id)" }
        }
        return part.flag("rollover") ? text + ", went over" : text
    }
}
