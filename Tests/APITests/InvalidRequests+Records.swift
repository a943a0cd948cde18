import Wire

/// Invoices of other systems that aren't ones.
extension InvalidRequests {
    static let records: [Row] =
        [
            row("RecordExternalInvoices", [:], at: "invoices"),
            row(
                "RecordExternalInvoices", ["invoices": [[:]]], at: "invoices[0].external_id",
                "invoices[0].status", "invoices[0].total"),
            row(
                "RecordExternalInvoices", ["invoices": [.object(whole), .object(whole)]],
                at: "invoices[1].external_id"),
        ]
        + [
            ("external_id", "a b", "external_id"), ("status", .null, "status"),
            ("create_time", .null, "create_time"), ("url", "ftp://a", "url"),
            ("total", ["currency": "dollars"], "total.currency"),
            ("plan_ids", ["a", "a b"], "plan_ids[1]"),
            ("plan_ids", .array(Array(repeating: "a", count: 33)), "plan_ids"),
            (
                "amount_paid", ["currency": "eur", "minor_units": 1], "amount_paid.currency"
            ),
            (
                "amount_refunded", ["currency": "usd", "minor_units": -1],
                "amount_refunded.minor_units"
            ),
        ].map { (key: String, value: JSONValue, path: String) in
            var invoice = JSONObject(whole.members.filter { $0.key != key })
            if value != .null { invoice.append(key, value) }
            return row(
                "RecordExternalInvoices", ["invoices": [.object(invoice)]],
                at: "invoices[0].\(path)")
        }

    private static let whole: JSONObject = [
        "external_id": "in_1", "status": "paid",
        "total": ["currency": "usd", "minor_units": 2000],
        "create_time": "2026-12-01T00:00:00Z",
    ]
}
