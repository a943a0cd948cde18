internal import Billing
internal import CTallyProto

/// What a payment provider keeps of a customer.
extension RecordWriter {
    func payerFact(_ fact: Fact, _ message: UnsafeMutablePointer<Tally__Disk__V1__Fact>) {
        switch fact {
        case .payerSet(let reference):
            message.pointee.kind_case = TALLY__DISK__V1__FACT__KIND_PAYER_SET
            message.pointee.payer_set = arena.make(tally__disk__v1__payer_set__init)
            message.pointee.payer_set.pointee.reference = arena.string(reference)
        case .methodRemoved:
            message.pointee.kind_case = TALLY__DISK__V1__FACT__KIND_METHOD_REMOVED
            message.pointee.method_removed = arena.make(tally__disk__v1__method_removed__init)
        case .takeoverSet(let takeover):
            message.pointee.kind_case = TALLY__DISK__V1__FACT__KIND_TAKEOVER_SET
            message.pointee.takeover_set = self.takeover(takeover)
        case .trialUsed(let mark):
            message.pointee.kind_case = TALLY__DISK__V1__FACT__KIND_TRIAL_USED
            message.pointee.trial_used = arena.make(tally__disk__v1__trial_mark__init)
            message.pointee.trial_used.pointee.plan = mark.plan.rawValue
            message.pointee.trial_used.pointee.entity = mark.entity
        default: preconditionFailure("written by the caller")
        }
    }

    func takeover(_ takeover: Takeover) -> UnsafeMutablePointer<Tally__Disk__V1__Takeover> {
        let message = arena.make(tally__disk__v1__takeover__init)
        message.pointee.source = arena.string(takeover.source)
        (message.pointee.n_subscriptions, message.pointee.subscriptions) = arena.numbers(
            takeover.subscriptions)
        message.pointee.status = UInt32(takeover.status.rawValue)
        message.pointee.until = takeover.until.milliseconds
        return message
    }
}

/// What was written above.
extension RecordDecoder {
    /// nil: it is about something else.
    func payerFact(_ message: Tally__Disk__V1__Fact) throws(RecordFault) -> Fact? {
        switch message.kind_case {
        case TALLY__DISK__V1__FACT__KIND_PAYER_SET:
            return .payerSet(reference: text(try need(message.payer_set).reference))
        case TALLY__DISK__V1__FACT__KIND_METHOD_REMOVED: return .methodRemoved
        case TALLY__DISK__V1__FACT__KIND_TAKEOVER_SET:
            return .takeoverSet(try takeover(try need(message.takeover_set)))
        case TALLY__DISK__V1__FACT__KIND_TRIAL_USED:
            let mark = try need(message.trial_used)
            return .trialUsed(
                TrialMark(plan: PlanNumber(rawValue: mark.plan), entity: mark.entity))
        default: return nil
        }
    }

    func takeover(_ message: Tally__Disk__V1__Takeover) throws(RecordFault) -> Takeover {
        Takeover(
            source: text(message.source),
            subscriptions: Array(
                UnsafeBufferPointer(
                    start: message.subscriptions, count: message.n_subscriptions)),
            status: try known(message.status, Takeover.Status.self),
            until: Timestamp(milliseconds: message.until))
    }
}
