internal import Billing
internal import CTallyProto

/// How often codes are redeemed, as it goes to the directory's log.
extension RecordWriter {
    func add(
        _ change: DirectoryRecord.Change,
        to message: UnsafeMutablePointer<Tally__Disk__V1__DirectoryRecord>
    ) {
        switch change {
        case .codeReserved(let id, let code, let customer):
            let reserved = arena.make(tally__disk__v1__code_reserved__init)
            reserved.pointee.redemption_id = arena.string(id)
            reserved.pointee.code = arena.string(code)
            reserved.pointee.customer_id = arena.string(customer)
            message.pointee.kind_case = TALLY__DISK__V1__DIRECTORY_RECORD__KIND_CODE_RESERVED
            message.pointee.code_reserved = reserved
        case .codeSettled(let id, let isKept):
            let settled = arena.make(tally__disk__v1__code_settled__init)
            settled.pointee.redemption_id = arena.string(id)
            settled.pointee.kept = isKept ? 1 : 0
            message.pointee.kind_case = TALLY__DISK__V1__DIRECTORY_RECORD__KIND_CODE_SETTLED
            message.pointee.code_settled = settled
        case .codeCounted(let code, let redemptions):
            let counted = arena.make(tally__disk__v1__code_counted__init)
            counted.pointee.code = arena.string(code)
            counted.pointee.redemptions = UInt32(clamping: redemptions)
            message.pointee.kind_case = TALLY__DISK__V1__DIRECTORY_RECORD__KIND_CODE_COUNTED
            message.pointee.code_counted = counted
        case .published, .clockMoved, .referralCodeMade, .fingerprintKeyed:
            preconditionFailure("written by the caller")
        }
    }
}

extension RecordDecoder {
    func redemption(
        _ message: Tally__Disk__V1__DirectoryRecord
    ) throws(RecordFault) -> DirectoryRecord.Change {
        switch message.kind_case {
        case TALLY__DISK__V1__DIRECTORY_RECORD__KIND_CODE_RESERVED:
            let reserved = try need(message.code_reserved)
            return .codeReserved(
                id: text(reserved.redemption_id), code: text(reserved.code),
                customer: text(reserved.customer_id))
        case TALLY__DISK__V1__DIRECTORY_RECORD__KIND_CODE_SETTLED:
            let settled = try need(message.code_settled)
            return .codeSettled(id: text(settled.redemption_id), isKept: settled.kept != 0)
        case TALLY__DISK__V1__DIRECTORY_RECORD__KIND_CODE_COUNTED:
            let counted = try need(message.code_counted)
            return .codeCounted(
                code: text(counted.code), redemptions: Int(counted.redemptions))
        default:
            throw RecordFault("unknown directory record: written by a newer version of tally")
        }
    }
}
