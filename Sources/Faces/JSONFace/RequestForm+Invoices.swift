internal import Wire

/// Invoices: those that are listed, and those of other systems that are put on record.
extension RequestForm {
    static let statuses = ["draft", "open", "void", "paid", "uncollectible"]
    static let processors = ["stripe", "revenuecat"]

    /// Read with the customers, whose latest invoices they are.
    static let listInvoices = RequestForm(
        "GetCustomerRequest",
        [
            .text("customer_id"),
            RequestShape.Key("start_cursor", .text, as: nil),
            RequestShape.Key("limit", .count, as: nil),
            .words("status", statuses),
            .words("processor_types", processors),
        ] + RequestShape.Key.later("entity_id"))

    /// One of them. The exchange puts it into its message.
    static let recordInvoice = RequestForm(
        "RecordExternalInvoicesRequest",
        [
            .text("customer_id").required,
            .text("stripe_id", as: "external_id").required,
            .word("status", statuses).required,
            .amount("total").required,
            .time("created_at", as: "create_time").required,
            .texts("plan_ids"),
            .word("processor_type", as: "processor", processors).standard(.string("stripe")),
            .amount("amount_paid"),
            .amount("refunded_amount", as: "amount_refunded"),
            .text("currency"),
            .text("hosted_invoice_url", as: "url"),
        ]
    ).within("invoices[0]")

    static let recordInvoices = RequestForm(
        "RecordExternalInvoicesRequest",
        [.list("invoices", recordInvoice.shape).required])
}

extension RequestShape.Key {
    /// In the currency that the filler knows.
    fileprivate static func amount(_ name: String, as field: String? = nil) -> Self {
        Self(
            name,
            .own("must be an amount in the invoice's currency, of whole minor units") {
                $1.money($0)
            }, as: field ?? name
        ).described(.number)
    }

    /// A list of these words, which the exchange looks at.
    fileprivate static func words(_ name: String, _ words: [String]) -> Self {
        Self(
            name,
            .own("must be a list of \(words.joined(separator: ", "))") { value, _ in
                let given = value.elements?.compactMap { element in
                    if case .string(let word) = element { word } else { nil }
                }
                guard let given, given.count == value.elements?.count,
                    given.allSatisfy(words.contains)
                else { return nil }
                return value
            }, as: nil
        ).described(
            .list(
                ReplySchema(
                    .object([
                        "type": .string("string"), "enum": .array(words.map { .string($0) }),
                    ]))))
    }
}
