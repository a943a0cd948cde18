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
        default: preconditionFailure("written by the caller")
        }
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
        default: return nil
        }
    }
}
