internal import Wire

/// A catalog as people read it.
struct CatalogReport {
    private let catalog: JSONValue

    init(_ catalog: JSONValue) {
        self.catalog = catalog
    }

    var lines: [String] {
        guard !catalog.list("plans").isEmpty || !catalog.list("features").isEmpty else {
            return ["nothing is published yet; see tally catalog apply --help"]
        }
        return [features, plans, settings].filter { !$0.isEmpty }.joined(separator: [""]).map { $0 }
    }

    private var features: [String] {
        var table = TextTable("feature", "type", "name")
        for feature in catalog.list("features") {
            let costs = feature.list("credit_costs").map {
                "\($0.text("feature_id")) × \($0.text("credits"))"
            }
            var type = feature.text("type").replacing("_", with: " ")
            if feature.flag("shadow") { type += ", in shadow mode" }
            table.add(
                feature.text("feature_id"),
                costs.isEmpty ? type : "\(type): \(costs.joined(separator: ", "))",
                feature.text("name"))
        }
        return table.lines
    }

    private var plans: [String] {
        var table = TextTable("plan", "price", "includes")
        for plan in catalog.list("plans") {
            let items = plan.list("items").map(item)
            table.add(name(plan), price(plan), items.first ?? "-")
            for item in items.dropFirst() { table.add("", "", item) }
        }
        return table.lines
    }

    /// Those that aren't as they are almost always.
    private var settings: [String] {
        guard let settings = catalog["settings"] else { return [] }
        var table = TextTable("setting", "value")
        for name in ["keep_free_overage", "reverse_deduction_order"] where settings.flag(name) {
            table.add(name, "true")
        }
        if settings["include_past_due"] == .bool(false) { table.add("include_past_due", "false") }
        return table.lines
    }

    private func name(_ plan: JSONValue) -> String {
        var text = plan.text("plan_id")
        if plan.flag("add_on") { text += ", add-on" }
        if plan.flag("auto_enable") { text += ", for everybody" }
        return text
    }

    private var currency: String { catalog.text("currency").uppercased() }

    private func price(_ plan: JSONValue) -> String {
        guard let price = plan["price"] else { return "free" }
        let interval = HumanText.interval(price.text("interval"), count: 1)
        return "\(price.text("amount")) \(currency) \(interval)"
    }

    /// "0.10 up to 500, 0.05" where it comes in tiers.
    private func amount(_ price: JSONValue) -> String {
        let tiers = price.list("tiers").map { tier in
            let end = tier["up_to"].map { _ in HumanText.quantity(tier.text("up_to")) }
            return tier.text("amount") + (end.map { " up to \($0)" } ?? "")
        }
        return tiers.isEmpty ? price.text("amount") : tiers.joined(separator: ", ")
    }

    private func item(_ item: JSONValue) -> String {
        let feature = item.text("feature_id")
        if item.flag("unlimited") { return "unlimited \(feature)" }
        var text = feature
        if item.number("included") != 0 {
            text = "\(HumanText.quantity(item.text("included"))) \(feature)"
        }
        if let reset = item["reset"] {
            let count = Int(reset.number("interval_count"))
            text += " \(HumanText.interval(reset.text("interval"), count: count))"
        }
        if let price = item["usage_price"] {
            let units = price.number("billing_units")
            let pack = units > 1 ? " for \(HumanText.quantity(price.text("billing_units")))" : ""
            text += ", beyond: \(amount(price)) \(currency)\(pack)"
            if price["max_purchase"] != nil {
                text += ", at most \(HumanText.quantity(price.text("max_purchase")))"
            }
        }
        return text
    }
}
