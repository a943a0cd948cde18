internal import Billing
internal import RPC

extension RPCRefusal {
    /// About invoices that wait to be paid.
    init(ofInvoices refusal: Refusal) {
        switch refusal {
        case .invoiceNotSent(let number):
            self.init(
                .failedPrecondition, "INVOICE_NOT_SENT",
                "nobody is waited for to pay \"inv_\(number)\": it is settled, or a card is "
                    + "charged for it")
        case .invoiceNotFinal(let number):
            self.init(
                .failedPrecondition, "INVOICE_NOT_FINAL",
                "\"inv_\(number)\" is a draft; finalize it first")
        case .invoiceFinal(let number):
            self.init(
                .failedPrecondition, "INVOICE_FINAL", "\"inv_\(number)\" is no draft any more")
        default: preconditionFailure("told by the caller")
        }
    }
}
