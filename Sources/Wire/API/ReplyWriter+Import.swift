package import Billing
internal import CTallyProto

/// What was brought in.
extension ReplyWriter {
    /// The reply to `ImportCustomer`.
    ///
    /// - Parameter isDryRun: nothing has a number yet.
    package func imported(_ reply: ImportReply, isDryRun: Bool = false) -> UnsafeRawBufferPointer {
        let message = arena.make(tally__v1__import_customer_response__init)
        message.pointee.created = reply.isCreated ? 1 : 0
        message.pointee.changed = reply.isChanged ? 1 : 0
        message.pointee.customer_state = state(reply.state)
        (message.pointee.n_subscriptions, message.pointee.subscriptions) =
            arena.list(reply.parts) { imported($0, isDryRun: isDryRun) }
        return arena.pack(message)
    }

    private func imported(
        _ part: ImportReply.Part, isDryRun: Bool
    ) -> UnsafeMutablePointer<Tally__V1__ImportedSubscriptionResult> {
        let message = arena.make(tally__v1__imported_subscription_result__init)
        message.pointee.source_id = arena.string(part.source)
        message.pointee.plan_id = names.id(part.plan)
        if part.number != 0, !isDryRun || part.isUnchanged {
            message.pointee.subscription_id = arena.numbered("sub_", part.number)
        }
        message.pointee.unchanged = part.isUnchanged ? 1 : 0
        message.pointee.state = state(part.state)
        message.pointee.renewal = part.renewal.map { money($0) }
        message.pointee.renewal_time = time(part.renewalTime)
        (message.pointee.n_recurring, message.pointee.recurring) =
            arena.list(part.recurring) { recurring in
                let amount = arena.make(tally__v1__recurring_amount__init)
                amount.pointee.amount = money(recurring.money)
                amount.pointee.interval = Tally__V1__Interval(
                    UInt32(recurring.cycle.interval.rawValue))
                amount.pointee.interval_count = UInt32(recurring.cycle.count)
                return amount
            }
        return message
    }

    private func state(_ status: Takeover.Status?) -> Tally__V1__TakeoverState {
        Tally__V1__TakeoverState(UInt32(status?.rawValue ?? 0))
    }
}
