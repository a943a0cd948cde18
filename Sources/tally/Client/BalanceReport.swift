internal import Wire

/// Balances and flags, of a customer or an entity, as people read them.
struct BalanceReport {
    private let owner: JSONValue

    init(of owner: JSONValue) {
        self.owner = owner
    }

    /// The parts of a balance are shown where there are several.
    var balances: [String] {
        var table = TextTable("balance", "granted", "used", "left", "beyond", "renewed")
        for balance in owner.list("balances") {
            let isUnlimited = balance.flag("unlimited")
            table.add(
                balance.text("feature_id"),
                isUnlimited ? "unlimited" : HumanText.quantity(balance.text("granted")),
                HumanText.quantity(balance.text("usage")),
                isUnlimited ? "-" : HumanText.quantity(balance.text("remaining")),
                balance.number("overage") > 0
                    ? HumanText.quantity(balance.text("overage")) : "-",
                HumanText.time(balance.text("next_reset_time")))
            let parts = balance.list("parts")
            for part in parts where parts.count > 1 {
                table.add(
                    "  " + BalanceReport.source(of: part),
                    part.flag("unlimited")
                        ? "unlimited" : HumanText.quantity(part.text("granted")),
                    HumanText.quantity(part.text("usage")),
                    part.flag("unlimited") ? "-" : HumanText.quantity(part.text("remaining")), "-",
                    HumanText.time(part.text("reset_time")))
            }
        }
        return table.lines
    }

    var flags: [String] {
        var table = TextTable("flag", "from")
        for flag in owner.list("flags") {
            table.add(flag.text("feature_id"), flag.text("plan_id"))
        }
        return table.lines
    }

    /// "from pro", "gift-1", "went over".
    private static func source(of part: JSONValue) -> String {
        if part.flag("rollover") { return "went over" }
        let plan = part.text("plan_id")
        let name = plan.isEmpty ? part.text("balance_id") : "from \(plan)"
        return part.flag("entity_level") ? name + " (entity)" : name
    }
}
