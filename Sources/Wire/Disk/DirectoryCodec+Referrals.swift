internal import Billing
internal import CTallyProto

/// Codes that customers refer others with, and what fingerprints are hashed with.
extension RecordWriter {
    func addReferral(
        _ change: DirectoryRecord.Change,
        to message: UnsafeMutablePointer<Tally__Disk__V1__DirectoryRecord>
    ) {
        switch change {
        case .referralCodeMade(let code, let programme, let customer):
            let made = arena.make(tally__disk__v1__referral_code_made__init)
            made.pointee.code = arena.string(code)
            made.pointee.programme_id = arena.string(programme)
            made.pointee.customer_id = arena.string(customer)
            message.pointee.kind_case = TALLY__DISK__V1__DIRECTORY_RECORD__KIND_REFERRAL_CODE_MADE
            message.pointee.referral_code_made = made
        case .fingerprintKeyed(let key):
            let keyed = arena.make(tally__disk__v1__fingerprint_keyed__init)
            keyed.pointee.key = key.withUnsafeBytes { arena.bytes($0) }
            message.pointee.kind_case = TALLY__DISK__V1__DIRECTORY_RECORD__KIND_FINGERPRINT_KEYED
            message.pointee.fingerprint_keyed = keyed
        default: preconditionFailure("written by the caller")
        }
    }
}

extension RecordDecoder {
    /// nil: it is about something else.
    func referral(
        _ message: Tally__Disk__V1__DirectoryRecord
    ) throws(RecordFault) -> DirectoryRecord.Change? {
        switch message.kind_case {
        case TALLY__DISK__V1__DIRECTORY_RECORD__KIND_REFERRAL_CODE_MADE:
            let made = try need(message.referral_code_made)
            return .referralCodeMade(
                code: text(made.code), programme: text(made.programme_id),
                customer: text(made.customer_id))
        case TALLY__DISK__V1__DIRECTORY_RECORD__KIND_FINGERPRINT_KEYED:
            let key = try need(message.fingerprint_keyed).key
            return .fingerprintKeyed(
                key: Array(UnsafeRawBufferPointer(start: key.data, count: key.len)))
        default: return nil
        }
    }
}
