internal import Billing
internal import CTallyProto

/// Who brings whom, and fingerprints.
extension RecordWriter {
    func referralFact(_ fact: Fact, _ message: UnsafeMutablePointer<Tally__Disk__V1__Fact>) {
        switch fact {
        case .referralSet(let referral):
            message.pointee.kind_case = TALLY__DISK__V1__FACT__KIND_REFERRAL_SET
            message.pointee.referral_set = self.referral(referral)
        case .referralCodeSet(let code):
            message.pointee.kind_case = TALLY__DISK__V1__FACT__KIND_REFERRAL_CODE_SET
            message.pointee.referral_code_set = referralCode(code)
        case .fingerprintSet(let mark):
            message.pointee.kind_case = TALLY__DISK__V1__FACT__KIND_FINGERPRINT_SET
            message.pointee.fingerprint_set = arena.make(tally__disk__v1__fingerprint_set__init)
            message.pointee.fingerprint_set.pointee.mark = mark?.rawValue ?? 0
        default: preconditionFailure("written by the caller")
        }
    }

    func referral(_ referral: Referral) -> UnsafeMutablePointer<Tally__Disk__V1__Referral> {
        let message = arena.make(tally__disk__v1__referral__init)
        message.pointee.redemption_id = arena.string(referral.id)
        message.pointee.role = UInt32(referral.role.rawValue)
        message.pointee.programme_id = arena.string(referral.programmeID)
        message.pointee.code = arena.string(referral.code)
        message.pointee.other_id = referral.other.withBytes { arena.string($0) }
        message.pointee.reward_id = arena.string(referral.rewardID)
        message.pointee.reward_kind = UInt32(referral.kind.rawValue)
        message.pointee.created = referral.created.milliseconds
        message.pointee.earned = stored(referral.earned)
        message.pointee.reward = UInt32(referral.reward.rawValue)
        message.pointee.ready = stored(referral.ready)
        message.pointee.rewards_both = referral.rewardsBoth ? 1 : 0
        (message.pointee.n_plans, message.pointee.plans) = arena.numbers(
            referral.plans.map(\.rawValue))
        message.pointee.excludes_trial = referral.excludesTrial ? 1 : 0
        message.pointee.told = UInt32(referral.told.rawValue)
        return message
    }

    func referralCode(
        _ code: ReferralCode
    ) -> UnsafeMutablePointer<Tally__Disk__V1__ReferralCode> {
        let message = arena.make(tally__disk__v1__referral_code__init)
        message.pointee.programme_id = arena.string(code.programmeID)
        message.pointee.code = arena.string(code.code)
        message.pointee.created = code.created.milliseconds
        return message
    }
}

/// What was written above.
extension RecordDecoder {
    /// nil: it is about something else.
    func referralFact(_ message: Tally__Disk__V1__Fact) throws(RecordFault) -> Fact? {
        switch message.kind_case {
        case TALLY__DISK__V1__FACT__KIND_REFERRAL_SET:
            return .referralSet(try referral(try need(message.referral_set)))
        case TALLY__DISK__V1__FACT__KIND_REFERRAL_CODE_SET:
            return .referralCodeSet(referralCode(try need(message.referral_code_set)))
        case TALLY__DISK__V1__FACT__KIND_FINGERPRINT_SET:
            return .fingerprintSet(
                FingerprintMark(rawValue: try need(message.fingerprint_set).mark))
        default: return nil
        }
    }

    func referrals(
        of message: Tally__Disk__V1__CustomerState, into account: inout Account
    ) throws(RecordFault) {
        for referral in elements(message.n_referrals, message.referrals) {
            account.referrals.append(try self.referral(referral.pointee))
        }
        account.referralCodes = elements(message.n_referral_codes, message.referral_codes).map {
            referralCode($0.pointee)
        }
        account.fingerprint = FingerprintMark(rawValue: message.fingerprint_mark)
        account.schedules = schedules(of: message)
        account.payer = text(message.payer)
        for takeover in elements(message.n_takeovers, message.takeovers) {
            account.takeovers.append(try self.takeover(takeover.pointee))
        }
        account.taxRate = text(message.tax_rate_id)
        account.owedProfile = message.owed_profile
        if let open = address(message.address) { account.address = open }
        if let found = message.taxes?.pointee { account.taxes = try taxFinding(found) }
    }

    func referral(_ message: Tally__Disk__V1__Referral) throws(RecordFault) -> Referral {
        guard let other = CustomerID(text(message.other_id)) else {
            throw RecordFault("a customer id is missing or too long")
        }
        var referral = Referral(
            id: text(message.redemption_id), try known(message.role, Referral.Role.self),
            programmeID: text(message.programme_id), code: text(message.code), other: other,
            rewardID: text(message.reward_id), try known(message.reward_kind, Referral.Kind.self),
            created: Timestamp(milliseconds: message.created),
            reward: try known(message.reward, Referral.RewardState.self))
        referral.earned = time(message.earned)
        referral.ready = time(message.ready)
        referral.rewardsBoth = message.rewards_both != 0
        referral.plans = UnsafeBufferPointer(start: message.plans, count: message.n_plans)
            .map { PlanNumber(rawValue: $0) }
        referral.excludesTrial = message.excludes_trial != 0
        referral.told = try known(message.told, Referral.Stage.self)
        return referral
    }

    func referralCode(_ message: Tally__Disk__V1__ReferralCode) -> ReferralCode {
        ReferralCode(
            programmeID: text(message.programme_id), code: text(message.code),
            created: Timestamp(milliseconds: message.created))
    }
}
