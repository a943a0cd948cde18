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
        case .profileOwed(let turn):
            message.pointee.kind_case = TALLY__DISK__V1__FACT__KIND_PROFILE_OWED
            message.pointee.profile_owed = arena.make(tally__disk__v1__profile_owed__init)
            message.pointee.profile_owed.pointee.turn = turn
        case .addressSet(let address):
            message.pointee.kind_case = TALLY__DISK__V1__FACT__KIND_ADDRESS_SET
            message.pointee.address_set = arena.make(tally__disk__v1__address_set__init)
            message.pointee.address_set.pointee.address = address.map { self.address($0) }
        case .externalInvoiceSet(let invoice):
            message.pointee.kind_case = TALLY__DISK__V1__FACT__KIND_EXTERNAL_INVOICE_SET
            message.pointee.external_invoice_set = externalInvoice(invoice)
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

extension RecordWriter {
    func address(
        _ address: PostalAddress
    ) -> UnsafeMutablePointer<Tally__Disk__V1__PostalAddress> {
        let message = arena.make(tally__disk__v1__postal_address__init)
        message.pointee.line1 = arena.string(address.line1)
        message.pointee.line2 = arena.string(address.line2)
        message.pointee.city = arena.string(address.city)
        message.pointee.state = arena.string(address.state)
        message.pointee.postal_code = arena.string(address.postalCode)
        message.pointee.country = arena.string(address.country)
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
        case TALLY__DISK__V1__FACT__KIND_PROFILE_OWED:
            return .profileOwed(turn: try need(message.profile_owed).turn)
        case TALLY__DISK__V1__FACT__KIND_ADDRESS_SET:
            return .addressSet(address(try need(message.address_set).address))
        case TALLY__DISK__V1__FACT__KIND_EXTERNAL_INVOICE_SET:
            return .externalInvoiceSet(
                try externalInvoice(try need(message.external_invoice_set)))
        default: return nil
        }
    }

    func address(
        _ message: UnsafeMutablePointer<Tally__Disk__V1__PostalAddress>?
    ) -> PostalAddress? {
        guard let message = message?.pointee else { return nil }
        var address = PostalAddress()
        address.line1 = text(message.line1)
        address.line2 = text(message.line2)
        address.city = text(message.city)
        address.state = text(message.state)
        address.postalCode = text(message.postal_code)
        address.country = text(message.country)
        return address
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
