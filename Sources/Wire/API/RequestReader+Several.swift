internal import Billing
internal import CTallyProto

/// Several cancellations in one.
extension RequestReader {
    func also(
        _ message: Tally__V1__UpdateSubscriptionRequest, _ fields: inout FieldReader
    ) throws(CallFault) -> [ChangeSubscription] {
        let messages = elements(message.n_also, message.also)
        guard messages.count < ChangeSubscription.limit else {
            fields.fault("also", "must be at most \(ChangeSubscription.limit - 1)")
            return []
        }
        var changes: [ChangeSubscription] = []
        for (index, message) in messages.enumerated() {
            do {
                changes.append(try cancellation(message.pointee))
            } catch {
                throw error.within("also[\(index)]")
            }
        }
        return changes
    }

    private func cancellation(
        _ message: Tally__V1__SubscriptionCancellation
    ) throws(CallFault) -> ChangeSubscription {
        var fields = FieldReader()
        var change = ChangeSubscription()
        change.number = fields.subscription(message.subscription_id)
        change.entity = fields.optionalEntityID(message.entity_id)
        if message.cancel_action != TALLY__V1__CANCEL_ACTION__CANCEL_ACTION_UNSPECIFIED {
            change.cancel = fields.word(
                message.cancel_action.rawValue, ChangeSubscription.Cancel.now,
                at: "cancel_action")
        }
        let proration = message.proration_behavior.rawValue
        if proration > 2 { fields.fault("proration_behavior", "is no value of this version") }
        change.prorates = proration != 2
        if !bytes(of: message.plan_id).isEmpty {
            change.plan = try plan(message.plan_id, &fields)
        }
        guard fields.violations.isEmpty else { throw .invalid(fields.violations) }
        return change
    }
}

extension Fingerprint {
    mutating func add(_ also: [ChangeSubscription]) {
        add(UInt64(also.count))
        for change in also {
            add(UInt64(change.number ?? 0))
            add(UInt64(change.plan?.rawValue ?? 0))
            add(change.entity)
            add(UInt64(change.cancel?.rawValue ?? 0))
            add(UInt64(change.prorates ? 1 : 0))
        }
    }
}
