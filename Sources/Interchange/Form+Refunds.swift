internal import Billing
internal import Wire

/// What went back, and what may come late.
extension Form {
    mutating func refunds(_ value: inout Account) throws(FormFault) {
        let refund = Refund(
            id: "", payment: "", invoice: 0, amount: .empty, reason: .requested, time: .epoch)
        try list("refunds", &value.refunds, empty: refund) { (form, refund) throws(FormFault) in
            try form.text("id", &refund.id)
            try form.text("payment", &refund.payment)
            try form.number("invoice", &refund.invoice)
            try form.money("amount", &refund.amount)
            try form.word(
                "reason", &refund.reason,
                [
                    (.canceled, "canceled"), (.requested, "requested"),
                    (.closedPage, "closed_page"), (.provider, "provider"),
                ])
            try form.word(
                "status", &refund.status,
                [(.pending, "pending"), (.succeeded, "succeeded"), (.failed, "failed")])
            try form.text("failure_code", &refund.failureCode)
            try form.time("time", &refund.time)
            try form.tax("tax", &refund.tax)
        }
        let dispute = Dispute(
            id: "", payment: "", invoice: 0, amount: .empty, status: .open, time: .epoch)
        try list("disputes", &value.disputes, empty: dispute) {
            (form, dispute) throws(FormFault) in
            try form.text("id", &dispute.id)
            try form.text("payment", &dispute.payment)
            try form.number("invoice", &dispute.invoice)
            try form.money("amount", &dispute.amount)
            try form.word(
                "status", &dispute.status, [(.open, "open"), (.won, "won"), (.lost, "lost")])
            try form.time("time", &dispute.time)
        }
        let closed = ClosedCheckout(session: "", due: .empty, isPaid: false)
        try list("closed_checkouts", &value.closedCheckouts, empty: closed) {
            (form, closed) throws(FormFault) in
            try form.text("session", &closed.session)
            try form.money("due", &closed.due)
            try form.flag("paid", &closed.isPaid)
            try form.texts("payments", &closed.payments)
        }
    }

    mutating func returns(_ value: inout Invoice) throws(FormFault) {
        try text("payment", &value.payment)
        try number("refunded", &value.returns.refunded)
        try number("credited", &value.returns.credited)
        try number("disputed", &value.returns.disputed)
        try tax("returned_tax", &value.returns.tax)
    }

    /// Written only where it isn't as ever.
    mutating func disputes(_ value: inout DisputeBehavior) throws(FormFault) {
        guard isReading ? has("disputes") : value != .keep else { return }
        try word(
            "disputes", &value, [(.keep, "keep"), (.pastDue, "past_due"), (.revoke, "revoke")])
    }
}
