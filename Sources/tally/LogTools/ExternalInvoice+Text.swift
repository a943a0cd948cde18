internal import Billing
internal import Wire

extension ExternalInvoice {
    /// The fact that it is on record.
    var text: JSONObject {
        var text: JSONObject = [
            "fact": .string("external_invoice_set"), "processor": .string("\(processor)"),
            "id": .string(id), "status": .string("\(status)"), "total": .string(total.text),
            "time": FactText.instant(time), "refunded": .number(refunded), "url": .string(url),
            "plans": .array(planIDs.map { .string($0) }),
        ]
        if let paid { text.append("paid", .number(paid)) }
        return text
    }
}
