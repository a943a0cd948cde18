package import Billing
internal import CTallyProto

/// Asks for the code that a customer refers others with.
package struct ReferralCodeCall: Sendable {
    package var customer: CustomerID
    package var programmeID: String
    package var request: RequestMark?
}

/// Redeems another customer's code.
package struct ReferralCall: Sendable {
    package var customer: CustomerID
    /// In capitals.
    package var code: String
    package var request: RequestMark?
}

extension RequestReader {
    package func createReferralCode(
        _ bytes: UnsafeRawBufferPointer
    ) throws(CallFault) -> ReferralCodeCall {
        let message = try open(bytes, tally__v1__create_referral_code_request__init)
        var fields = FieldReader()
        let customer = fields.customerID(message.pointee.customer_id)
        let requestID = fields.requestID(message.pointee.request_id)
        let programme = Wire.bytes(of: message.pointee.programme_id)
        let isIdentifier = fields.identifier(programme, at: "programme_id")
        guard let customer, isIdentifier, fields.violations.isEmpty else {
            throw .invalid(fields.violations)
        }
        let programmeID = String(decoding: programme, as: UTF8.self)
        var fingerprint = Fingerprint(key: fingerprintKey, method: .createReferralCode)
        fingerprint.add(programmeID)
        return ReferralCodeCall(
            customer: customer, programmeID: programmeID,
            request: mark(requestID, .createReferralCode, fingerprint))
    }

    package func redeemReferralCode(
        _ bytes: UnsafeRawBufferPointer
    ) throws(CallFault) -> ReferralCall {
        let message = try open(bytes, tally__v1__redeem_referral_code_request__init)
        var fields = FieldReader()
        let customer = fields.customerID(message.pointee.customer_id)
        let requestID = fields.requestID(message.pointee.request_id)
        let code = PromotionCode.capitals(
            String(decoding: Wire.bytes(of: message.pointee.code), as: UTF8.self))
        if code.utf8.count != ReferralCode.length {
            fields.fault("code", "must be \(ReferralCode.length) letters and digits")
        }
        guard let customer, fields.violations.isEmpty else { throw .invalid(fields.violations) }
        var fingerprint = Fingerprint(key: fingerprintKey, method: .redeemReferralCode)
        fingerprint.add(code)
        return ReferralCall(
            customer: customer, code: code,
            request: mark(requestID, .redeemReferralCode, fingerprint))
    }
}

extension FieldReader {
    private static let fingerprintLimit = 256

    /// What a person or a device is told by; empty: nothing.
    mutating func fingerprint(_ text: UnsafePointer<CChar>?) -> String {
        self.text(text, at: "fingerprint", limit: FieldReader.fingerprintLimit)
    }
}

/// Plans that are given and referral programmes, of a catalog message.
extension DraftReader {
    mutating func referrals(
        _ message: Tally__V1__PricingCatalog, into rewards: inout RewardList
    ) {
        rewards.gifts = elements(message.n_plan_gifts, message.plan_gifts).map { gift in
            PlanGift(
                id: text(gift.pointee.plan_gift_id), name: text(gift.pointee.name),
                planID: text(gift.pointee.plan_id))
        }
        let programmes = elements(message.n_referral_programmes, message.referral_programmes)
        for (index, programme) in programmes.enumerated() {
            rewards.programmes.append(
                self.programme(
                    programme.pointee, at: "\(prefix)referral_programmes[\(index)]"))
        }
    }

    private mutating func programme(
        _ message: Tally__V1__ReferralProgramme, at path: String
    ) -> ReferralProgramme {
        let moment = UInt8(exactly: message.redeem_on.rawValue)
            .flatMap { ReferralProgramme.Moment(rawValue: $0) }
        if moment == nil {
            fields.fault("\(path).redeem_on", "must be customer_creation or checkout")
        }
        var programme = ReferralProgramme(
            id: text(message.programme_id), rewardID: text(message.reward_id),
            redeemOn: moment ?? .creation)
        switch message.received_by {
        case TALLY__V1__REFERRAL_RECEIVER__REFERRAL_RECEIVER_REFERRER: break
        case TALLY__V1__REFERRAL_RECEIVER__REFERRAL_RECEIVER_ALL: programme.rewardsBoth = true
        default: fields.fault("\(path).received_by", "must be referrer or all")
        }
        if message._max_redemptions_case
            == TALLY__V1__REFERRAL_PROGRAMME___MAX_REDEMPTIONS_MAX_REDEMPTIONS
        {
            programme.maxRedemptions = message.max_redemptions
        }
        programme.planIDs = (0..<message.n_plan_ids).map { text(message.plan_ids[$0]) }
        programme.excludesTrial = message.exclude_trial != 0
        return programme
    }
}
