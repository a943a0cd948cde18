import Billing
import RPC
import Stories
import Testing

@testable import Wire

/// Purchases through the API: previewed, paid, and charged as previewed.
extension Teller {
    func purchase(_ step: Step) async throws {
        guard let request = StepRequest(step, of: customer, pricing) else {
            preconditionFailure("\(step) is a call")
        }
        let part =
            [
                "Attach": "attach", "MultiAttach": "multi_attach",
                "CreateSchedule": "create_schedule",
            ][request.method] ?? "update"
        let earlier = try await settled { _ in true }["invoices"]?.elements ?? []
        let (before, known) = (earlier.count, earlier.first?["invoice_id"])
        let preview = try await stage.api.call(
            "Preview\(request.method)", [part: .object(request.fields)])
        // A payment is computed for the moment of the preview.
        var fields = request.fields
        if let time = preview["preview", "quote_time"] { fields.append("quote_time", time) }
        let reply = try await stage.api.call(request.method, fields)
        let outcome = reply["outcome"]?.text
        #expect(reply["refund"] == preview["preview", "refund"], comment)
        #expect(outcome == preview["preview", "outcome"]?.text, comment)
        if outcome == "payment_required", fields["invoice_mode"] ?? .null == .null {
            #expect(await stage.pay(at: reply["payment_url"]?.text ?? "") == 200, comment)
        }
        let invoices = try await shown()["invoices"]?.elements ?? []
        let offered = preview["preview", "invoice"]
        // Asked for again, an invoice that waits is the same.
        let isAgain = reply["invoice", "invoice_id"] == known && known != nil
        #expect(invoices.count - before == (offered == nil || isAgain ? 0 : 1), comment)
        guard let offered, let charged = invoices.first else { return }
        for part in ["total", "amount_due", "credit_applied", "subtotal", "tax", "taxes"] {
            #expect(charged[part] == offered[part], comment)
        }
        let amounts = { (invoice: JSONValue) in
            invoice["lines"]?.elements.map { [$0["description"], $0["amount"]] }
        }
        #expect(amounts(charged) == amounts(offered), comment)
    }

    func lookAtMoney(_ step: Step) async throws {
        switch step {
        case .invoices(let expected):
            let shown = try await settled { paid($0) == expected }
            #expect(paid(shown) == expected, comment)
        case .taxes(let expected):
            let shown = try await settled { taxes($0) == expected }
            #expect(taxes(shown) == expected, comment)
            expectSums(shown)
        case .refundedTaxes(let expected):
            let shown = try await settled { refundedTaxes($0) == expected }
            #expect(refundedTaxes(shown) == expected, comment)
        case .credit(let expected):
            let shown = try await settled { cents($0["credit_balance"]) == expected }
            #expect(cents(shown["credit_balance"]) == expected, comment)
        case .refunded(let expected):
            let shown = try await settled { refunded($0) == expected }
            #expect(refunded(shown) == expected, comment)
        case .plan(let plan, let expected):
            let shown = try await settled { _ in true }
            let newest = shown["subscriptions"]?.elements.last { $0["plan_id"]?.text == plan }
            #expect(newest?["status"]?.text == expected.map { Self.word($0) }, comment)
        default: preconditionFailure("\(step) is about something else")
        }
    }

    private static func word(_ status: SubscriptionStatus) -> String {
        status == .pastDue ? "past_due" : "\(status)"
    }

    private func shown() async throws -> JSONValue {
        let reply = try await stage.api.call("GetCustomer", ["customer_id": .string(customer)])
        return try #require(reply["customer"])
    }

    /// Totals of paid invoices, oldest first.
    private func paid(_ customer: JSONValue) -> [Int64] {
        (customer["invoices"]?.elements ?? []).filter { $0["status"]?.text == "paid" }
            .reversed().map { cents($0["total"]) }
    }

    /// The tax on them; 0 where there is none.
    private func taxes(_ customer: JSONValue) -> [Int64] {
        (customer["invoices"]?.elements ?? []).filter { $0["status"]?.text == "paid" }
            .reversed().map { cents($0["tax"]) }
    }

    private func refundedTaxes(_ customer: JSONValue) -> [Int64] {
        (customer["refunds"]?.elements ?? []).filter { $0["status"]?.text == "succeeded" }
            .reversed().map { cents($0["tax_amount"]) }
    }

    /// Lines and what is added to them are the total, as are the subtotal and the tax.
    private func expectSums(_ customer: JSONValue) {
        for invoice in customer["invoices"]?.elements ?? [] {
            let lines = invoice["lines"]?.elements ?? []
            let added = lines.filter { $0["tax", "inclusive"]?.flag == false }
            let sum =
                lines.reduce(0) { $0 + cents($1["amount"]) }
                + added.reduce(0) { $0 + cents($1["tax", "amount"]) }
            #expect(sum == cents(invoice["total"]), comment)
            let byRate = (invoice["taxes"]?.elements ?? []).reduce(0) { $0 + cents($1["amount"]) }
            #expect(byRate == cents(invoice["tax"]), comment)
            guard let subtotal = invoice["subtotal"] else { continue }
            #expect(cents(subtotal) + cents(invoice["tax"]) == cents(invoice["total"]), comment)
        }
    }

    /// Until the provider has said what became of all refunds.
    func refundsSettled() async throws {
        _ = try await settled { customer in
            let refunds = customer["refunds"]?.elements ?? []
            return !refunds.contains { $0["status"]?.text == "pending" }
        }
    }

    /// What went back, oldest first.
    private func refunded(_ customer: JSONValue) -> [Int64] {
        (customer["refunds"]?.elements ?? []).filter { $0["status"]?.text == "succeeded" }
            .reversed().map { cents($0["amount"]) }
    }

    /// What fell due is charged beside calls: waits until it is, and until what is expected is so,
    /// or five seconds have passed.
    func settled(_ isExpected: (JSONValue) -> Bool) async throws -> JSONValue {
        for _ in 0..<500 {
            let shown = try await shown()
            let isWaiting = (shown["subscriptions"]?.elements ?? []).contains {
                $0["status"]?.text == "renewing"
            }
            if !isWaiting, isExpected(shown) { return shown }
            try await Task.sleep(for: .milliseconds(10))
        }
        return try await shown()
    }

    func cents(_ money: JSONValue?) -> Int64 {
        Int64((money?["minor_units"]?.quantity ?? .zero).raw / Quantity.scale)
    }
}
