import Billing
import RPC
import Stories

@testable import Wire

/// What is refused of purchases by invoice, and of invoices (billing §5.4).
enum InvoiceRefusals {
    private typealias Row = RefusalTests.Row

    private static let first: JSONObject = ["invoice_id": "inv_1"]
    private static let sold = Step.purchase(Purchase("pro", terms: InvoiceTerms()))
    private static let given = Step.purchase(Purchase("pro", terms: InvoiceTerms(gives: true)))
    private static let draft = Step.purchase(
        Purchase("pro", terms: InvoiceTerms(finalizes: false)))
    private static let mode: JSONValue = ["enabled": true]

    private static func invalid(_ path: String) -> ToldRefusal {
        ToldRefusal(.invalidArgument, "INVALID_ARGUMENT", [path])
    }

    private static func not(_ reason: String) -> ToldRefusal {
        ToldRefusal(.failedPrecondition, reason)
    }

    static let all: [RefusalTests.Row] = [
        Row(
            "no invoice to send", call: "FinalizeInvoice", first,
            ToldRefusal(.notFound, "INVOICE_NOT_FOUND")),
        Row(
            "no invoice to mark", call: "MarkInvoicePaid", first,
            ToldRefusal(.notFound, "INVOICE_NOT_FOUND")),
        Row(
            "no invoice to take back", call: "VoidInvoice", first,
            ToldRefusal(.notFound, "INVOICE_NOT_FOUND")),
        Row(
            "one that a card paid", after: [.buy("pro")], call: "VoidInvoice", first,
            not("INVOICE_NOT_SENT")),
        Row(
            "one that was sent", after: [sold], call: "FinalizeInvoice", first,
            not("INVOICE_FINAL")),
        Row(
            "a draft that is paid", after: [draft], call: "MarkInvoicePaid", first,
            not("INVOICE_NOT_FINAL")),
        Row(
            "one that was taken back", after: [sold, .voidInvoice(1)], call: "MarkInvoicePaid",
            first, not("INVOICE_NOT_SENT")),
        Row(
            "a later start", call: "Attach",
            ["plan_id": "pro", "invoice_mode": mode, "start_time": "2027-02-01T00:00:00Z"],
            invalid("start_time")),
        Row(
            "a payment page", call: "Attach",
            ["plan_id": "pro", "invoice_mode": mode, "redirect_mode": "always"],
            invalid("redirect_mode")),
        Row(
            "nothing to bill", after: [.buy("pro")], call: "UpdateSubscription",
            ["cancel_action": "end_of_cycle", "invoice_mode": mode], invalid("invoice_mode")),
        Row(
            "another plan before it is paid", after: [given], call: "UpdateSubscription",
            ["customize": ["price": ["amount": "25", "interval": "month"]]],
            invalid("customize")),
    ]
}
