internal import Wire

/// What came, or would come, of a purchase or of a change of one, as people read it.
struct PurchaseReport {
    let customer: String

    /// A reply to `Attach`, `MultiAttach` or `UpdateSubscription`, whose fields are much the same.
    func lines(_ reply: JSONValue, requestID: String) -> [String] {
        var lines = [headline(reply, requestID)]
        if let invoice = reply["invoice"] { lines += PurchaseReport.lines(invoice: invoice) }
        if let refund = reply["refund"] {
            lines.append("  \(HumanText.money(refund)) goes back to the card")
        }
        let address = reply.text("payment_url")
        if !address.isEmpty { lines.append("  pay here: \(address)") }
        if reply.flag("replayed") { lines.append("  (answered before; nothing new happened)") }
        return lines
    }

    private func headline(_ reply: JSONValue, _ requestID: String) -> String {
        switch reply.text("outcome") {
        case "active" where !reply.list("subscriptions").isEmpty,
            "scheduled" where !reply.list("subscriptions").isEmpty:
            reply.list("subscriptions").map { state($0) }.joined(separator: "\n")
        case "active", "scheduled": state(reply["subscription"] ?? .null)
        case "payment_required":
            reply["invoice"].map { PurchaseReport.required($0) }
                ?? "a card is required; nothing is charged yet"
        case "processing":
            "processing: the charge has no outcome yet; ask again with --request-id \(requestID)"
        case "declined": "declined (\(reply.text("decline_code"))): nothing changed"
        case let other: other
        }
    }

    /// Of what waits for its payment.
    private static func required(_ invoice: JSONValue) -> String {
        let amount = HumanText.money(invoice["amount_due"])
        let (id, due) = (invoice.text("invoice_id"), invoice.text("due_time"))
        if invoice.text("status") == "draft" { return "draft \(id): \(amount)" }
        return due.isEmpty
            ? "payment required: \(amount)" : "\(id) is due \(HumanText.time(due)): \(amount)"
    }

    private func state(_ subscription: JSONValue) -> String {
        let plan = subscription.text("plan_id")
        let entity = subscription.text("entity_id")
        let owner = entity.isEmpty ? customer : "\(entity) of \(customer)"
        let bought = PurchaseReport.bought(subscription)
        let plans = bought.isEmpty ? plan : "\(plan) with \(bought)"
        let end = subscription.text("end_time")
        switch subscription.text("status") {
        case "scheduled":
            return "scheduled: \(plans) starts \(HumanText.time(subscription.text("start_time")))"
        case "canceling": return "canceling: \(owner) has \(plan) until \(HumanText.time(end))"
        case "ended": return "ended: \(owner) no longer has \(plan)"
        case let status:
            let paid = subscription.text("period_end_time")
            let word = subscription.text("trial_end_time") == paid ? "trial" : "paid"
            return "\(status.replacing("_", with: " ")): \(owner) has \(plans)"
                + (paid.isEmpty ? "" : ", \(word) until \(HumanText.time(paid))")
        }
    }

    /// "300 messages, then 200; 5 seats" of what a subscription, or a preview's plan, has in packs.
    static func bought(_ plan: JSONValue) -> String {
        plan.list("quantities").map { bought in
            let next = bought["next_quantity"].map { _ in bought.text("next_quantity") }
            return "\(HumanText.quantity(bought.text("quantity"))) \(bought.text("feature_id"))"
                + (next.map { ", then \(HumanText.quantity($0))" } ?? "")
        }.joined(separator: "; ")
    }

    static func lines(preview: JSONValue) -> [String] {
        var lines = now(preview)
        let changes = [("comes", "incoming"), ("goes", "outgoing")].flatMap { word, list in
            preview.list(list).map { (word, $0) }
        }
        var table = TextTable("change", "plan", "when", "with")
        for (word, change) in changes {
            let trial = change.text("trial_end_time")
            let with = [
                bought(change), trial.isEmpty ? "" : "trial until \(HumanText.time(trial))",
            ]
            table.add(
                word, change.text("plan_id"), HumanText.time(change.text("effective_time")),
                with.filter { !$0.isEmpty }.joined(separator: "; "))
        }
        lines += table.lines
        if let next = preview["next_invoice"] {
            let time = HumanText.time(preview.text("next_invoice_time"))
            lines.append("next invoice, on \(time):")
            lines += PurchaseReport.lines(invoice: next)
        } else {
            lines.append("no next invoice")
        }
        lines.append("the same cost within 15 minutes: --quote-time \(preview.text("quote_time"))")
        return lines
    }

    private static func now(_ preview: JSONValue) -> [String] {
        let back = preview["refund"].map { ["\(HumanText.money($0)) would go back to the card"] }
        return charged(preview, isAlone: back == nil) + (back ?? [])
    }

    private static func charged(_ preview: JSONValue, isAlone: Bool) -> [String] {
        let opensPage = preview.text("outcome") == "payment_required"
        guard let invoice = preview["invoice"] else {
            guard isAlone else { return [] }
            let page = opensPage ? "a payment page would ask for a card; " : ""
            return [page + "nothing would be charged now"]
        }
        if let head = sent(invoice) { return [head + ":"] + lines(invoice: invoice) }
        let isGivenBack = (invoice["total"] ?? .null).number("minor_units") < 0
        let head =
            opensPage
            ? "a payment page would ask for"
            : "would be \(isGivenBack ? "given back" : "charged") now"
        return [head + ":"] + lines(invoice: invoice)
    }

    /// What would become of one that is paid by invoice; nil: it isn't.
    private static func sent(_ invoice: JSONValue) -> String? {
        if invoice.text("status") == "draft" { return "a draft of an invoice would be made" }
        let due = invoice.text("due_time")
        return due.isEmpty ? nil : "an invoice would be sent, due \(HumanText.time(due))"
    }

    /// ", less 4.00 USD by summer_20".
    private static func discounts(of line: JSONValue) -> String {
        line.list("discounts").map {
            ", less \(HumanText.money($0["amount"])) by \($0.text("coupon_id"))"
        }.joined()
    }

    /// Its lines, what credit pays of them, and what that comes to.
    private static func lines(invoice: JSONValue) -> [String] {
        var rows = invoice.list("lines").map {
            (amount: $0["amount"], text: $0.text("description") + discounts(of: $0))
        }
        rows += HumanText.taxes(of: invoice)
        let total = invoice["total"] ?? .null
        if total.number("minor_units") < 0 {
            rows.append((total.negated, "becomes credit"))
        } else {
            if let credit = invoice["credit_applied"] {
                let isOwed = credit.number("minor_units") < 0
                rows.append((credit.negated, isOwed ? "owed from before" : "out of the credit"))
            }
            let word = invoice.text("status") == "paid" ? "charged" : "due"
            if rows.count > 1 { rows.append((invoice["amount_due"], word)) }
        }
        let amounts = rows.map { HumanText.money($0.amount) }
        let width = amounts.map(\.count).max() ?? 0
        return zip(amounts, rows).map { amount, row in
            "  " + String(repeating: " ", count: width - amount.count) + "\(amount)  \(row.text)"
        }
    }
}

extension JSONValue {
    /// The same money the other way.
    fileprivate var negated: JSONValue {
        let minorUnits = -(Int64(text("minor_units")) ?? 0)
        return .object([
            "currency": .string(text("currency")), "minor_units": .string(String(minorUnits)),
        ])
    }
}
