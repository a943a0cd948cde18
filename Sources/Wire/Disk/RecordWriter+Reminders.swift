internal import Billing
internal import CTallyProto

/// What was told ahead.
extension RecordWriter {
    func reminder(_ reminder: Reminder) -> UnsafeMutablePointer<Tally__Disk__V1__Reminder> {
        let message = arena.make(tally__disk__v1__reminder__init)
        switch reminder {
        case .trialEnding(let subscription, let plan, let entity, let end):
            message.pointee.subscription = subscription
            message.pointee.plan = plan.plan.rawValue
            message.pointee.revision = plan.revision
            message.pointee.entity = entity
            message.pointee.trial_end = end.milliseconds
        case .methodExpiring(let card, let expiry):
            message.pointee.card = method(
                PaymentMethod(token: "", brand: card.brand, last4: card.last4, expiry: expiry))
        }
        return message
    }
}

extension RecordDecoder {
    func reminder(_ message: Tally__Disk__V1__Reminder) throws(RecordFault) -> Reminder {
        guard message.subscription == 0 else {
            return .trialEnding(
                subscription: message.subscription,
                plan: PlanReference(
                    plan: PlanNumber(rawValue: message.plan), revision: message.revision),
                entity: message.entity, end: Timestamp(milliseconds: message.trial_end))
        }
        let card = method(try need(message.card))
        guard let expiry = card.expiry else { throw RecordFault("a reminder is of nothing") }
        return .methodExpiring(card.label, expiry)
    }
}
