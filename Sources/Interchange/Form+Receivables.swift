internal import Billing

// What is paid by invoice.
extension Form {
    mutating func receivables(_ value: inout [Receivable]) throws(FormFault) {
        let empty = Receivable(invoice: 0, order: .empty, netDays: 0, isGiven: false)
        try list("receivables", &value, empty: empty) { (form, receivable) throws(FormFault) in
            try form.number("invoice", &receivable.invoice)
            try form.order(&receivable.order)
            try form.number("net_days", &receivable.netDays)
            try form.flag("given", &receivable.isGiven)
            try form.flag("overdue", &receivable.isOverdue)
            try form.time("next", &receivable.next)
            try form.time("expires", &receivable.expires)
        }
    }

    /// Missing where a card is charged.
    mutating func netDays(_ value: inout UInt32) throws(FormFault) {
        guard isReading ? has("net_days") : value != 0 else { return }
        try number("net_days", &value)
    }

    /// Missing where a card is charged.
    mutating func sent(_ value: inout Invoice) throws(FormFault) {
        guard isReading ? has("page") : !value.page.isEmpty else { return }
        try text("page", &value.page)
        try time("due", &value.dueTime)
    }
}
