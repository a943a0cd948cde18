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
        return [features, plans, coupons, grants, taxRates, settings].filter { !$0.isEmpty }
            .joined(separator: [""]).map { $0 }
    }

    private var features: [String] {
        var table = TextTable("feature", "type", "name")
        for feature in catalog.list("features") {
            let costs = feature.list("credit_costs").map {
                "\($0.text("feature_id")) × \($0.text("credits"))"
            }
            var type = feature.text("type").replacing("_", with: " ")
            if feature.flag("shadow") { type += ", in shadow mode" }
            if feature.flag("archived") { type += ", archived" }
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

    private var coupons: [String] {
        var table = TextTable("coupon", "off", "for", "codes")
        for coupon in catalog.list("coupons") {
            let off =
                coupon["percentage"].map { _ in "\(coupon.text("percentage")) %" }
                ?? coupon["amount"].map { _ in "\(coupon.text("amount")) \(currency)" }
                ?? "\(coupon.text("invoice_credits")) \(currency) of credits"
            let plans = coupon.list("plan_ids").compactMap { id in
                if case .string(let text) = id { text } else { nil }
            }
            let usage = coupon.flag("usage_only") ? " of usage" : ""
            let months = coupon.text("months")
            let duration = coupon.text("duration")
            table.add(
                coupon.text("coupon_id"),
                off + usage + (plans.isEmpty ? "" : " of " + plans.joined(separator: ", ")),
                duration == "months" ? "\(months) months" : duration, codes(coupon))
        }
        return table.lines
    }

    private var grants: [String] {
        var table = TextTable("grant", "gives", "codes")
        for grant in catalog.list("feature_grants") {
            let parts = grant.list("grants").map { part in
                "\(HumanText.quantity(part.text("quantity"))) \(part.text("feature_id"))"
            }
            table.add(
                grant.text("feature_grant_id"), parts.joined(separator: ", "), codes(grant))
        }
        return table.lines
    }

    private var taxRates: [String] {
        var table = TextTable("tax rate", "per cent", "prices", "name")
        for rate in catalog.list("tax_rates") {
            let place = rate.text("jurisdiction")
            table.add(
                rate.text("tax_rate_id"), rate.text("percentage"),
                rate.flag("inclusive") ? "have it in them" : "are without it",
                rate.text("name") + (place.isEmpty ? "" : ", \(place)"))
        }
        return table.lines
    }

    private func codes(_ reward: JSONValue) -> String {
        reward.list("promotion_codes").map { $0.text("code") }.joined(separator: ", ")
    }

    /// Those that aren't as they are almost always.
    private var settings: [String] {
        guard let settings = catalog["settings"] else { return [] }
        var table = TextTable("setting", "value")
        for name in ["keep_free_overage", "reverse_deduction_order"] where settings.flag(name) {
            table.add(name, "true")
        }
        let taxRate = settings.text("default_tax_rate_id")
        if !taxRate.isEmpty { table.add("default_tax_rate_id", taxRate) }
        let automatic = settings.text("automatic_tax")
        if !automatic.isEmpty, automatic != "unspecified" { table.add("automatic_tax", automatic) }
        if settings["charge_after_first_payment"] == .bool(false) {
            table.add("charge_after_first_payment", "false")
        }
        if settings["include_past_due"] == .bool(false) { table.add("include_past_due", "false") }
        return table.lines
    }

    private func name(_ plan: JSONValue) -> String {
        var text = plan.text("plan_id")
        if plan.flag("add_on") { text += ", add-on" }
        if plan.flag("archived") {
            text += ", archived"
        } else if plan.flag("auto_enable") {
            text += ", for everybody"
        }
        return text
    }

    private var currency: String { catalog.text("currency").uppercased() }

    private func price(_ plan: JSONValue) -> String {
        let base = plan["price"].map { "\($0.text("amount")) \(currency) \(interval($0))" }
        let sells = plan.list("items").contains {
            $0["usage_price"] != nil || $0["prepaid_price"] != nil
        }
        return (base ?? (sells ? "no base price" : "free")) + trial(plan)
    }

    /// "each month", of what has an interval and a count.
    private func interval(_ cycle: JSONValue) -> String {
        HumanText.interval(cycle.text("interval"), count: Int(cycle.number("interval_count")))
    }

    /// ", 14 days free first, without a card".
    private func trial(_ plan: JSONValue) -> String {
        guard let trial = plan["free_trial"] else { return "" }
        let length = trial.text("duration_length")
        let unit = trial.text("duration_type") + (length == "1" ? "" : "s")
        return ", \(length) \(unit) free first"
            + (trial.flag("card_not_required") ? ", without a card" : "")
            + (trial.flag("unique_fingerprint") ? ", once for a fingerprint" : "")
            + (trial.text("on_end") == "revert" ? ", then back to the plan before" : "")
    }

    /// "0.10 up to 500, 0.05" where it comes in tiers.
    private func amount(_ price: JSONValue) -> String {
        let tiers = price.list("tiers").map { tier in
            let end = tier["up_to"].map { _ in HumanText.quantity(tier.text("up_to")) }
            let flat = tier.text("flat_amount")
            let once = flat.isEmpty ? "" : " and \(flat) once"
            return tier.text("amount") + once + (end.map { " up to \($0)" } ?? "")
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
        if let reset = item["reset"] { text += " \(interval(reset))" }
        if let price = item["usage_price"] {
            let units = price.number("billing_units")
            let pack = units > 1 ? " for \(HumanText.quantity(price.text("billing_units")))" : ""
            text += ", beyond: \(amount(price)) \(currency)\(pack)\(limit(price))"
        }
        if let price = item["prepaid_price"] { text += ", \(packs(price))" }
        return text
    }

    /// "packs of 100: 10 USD each month"; the way of tiers behind them.
    private func packs(_ price: JSONValue) -> String {
        let units = price.number("billing_units") == 0 ? "1" : price.text("billing_units")
        let isVolume = price.text("tier_behavior") == "volume"
        let way = price.list("tiers").isEmpty ? "" : isVolume ? ", volume" : ", graduated"
        if price.flag("per_seat") {
            let size = units == "1" ? "each" : "\(HumanText.quantity(units))"
            return "bought as held: \(amount(price)) \(currency) for \(size), "
                + "\(interval(price))\(way)\(limit(price))"
        }
        return "packs of \(HumanText.quantity(units)): \(amount(price)) \(currency) "
            + "\(interval(price))\(way)\(limit(price))"
    }

    private func limit(_ price: JSONValue) -> String {
        guard price["max_purchase"] != nil else { return "" }
        return ", at most \(HumanText.quantity(price.text("max_purchase")))"
    }
}
