package import Billing
internal import CTallyProto

/// Who brings whom.
extension ReplyWriter {
    func addReferrals(
        of customer: borrowing CustomerState, to message: UnsafeMutablePointer<Tally__V1__Customer>
    ) {
        let id = customer.id
        (message.pointee.n_referral_codes, message.pointee.referral_codes) = arena.list(
            customer.account.referralCodes
        ) { code($0, of: id) }
        (message.pointee.n_referrals, message.pointee.referrals) = arena.list(
            customer.account.referrals
        ) { referral($0, of: id) }
        message.pointee.has_fingerprint = customer.account.fingerprint == nil ? 0 : 1
    }

    private func code(
        _ code: ReferralCode, of customer: CustomerID
    ) -> UnsafeMutablePointer<Tally__V1__ReferralCode> {
        let message = arena.make(tally__v1__referral_code__init)
        message.pointee.programme_id = arena.string(code.programmeID)
        message.pointee.code = arena.string(code.code)
        message.pointee.customer_id = customer.withBytes { arena.string($0) }
        message.pointee.create_time = time(code.created)
        return message
    }

    private func referral(
        _ referral: Referral, of customer: CustomerID
    ) -> UnsafeMutablePointer<Tally__V1__Referral> {
        let message = arena.make(tally__v1__referral__init)
        message.pointee.redemption_id = arena.string(referral.id)
        message.pointee.programme_id = arena.string(referral.programmeID)
        message.pointee.code = arena.string(referral.code)
        let own = customer.withBytes { arena.string($0) }
        let other = referral.other.withBytes { arena.string($0) }
        let isReferrer = referral.role == .referrer
        message.pointee.referrer_id = isReferrer ? own : other
        message.pointee.redeemer_id = isReferrer ? other : own
        message.pointee.reward_id = arena.string(referral.rewardID)
        message.pointee.reward = Tally__V1__ReferralReward(UInt32(referral.reward.rawValue))
        message.pointee.create_time = time(referral.created)
        message.pointee.earn_time = time(referral.earned)
        return message
    }

    /// The reply to `CreateReferralCode`.
    package func referralCode(
        _ code: ReferralCode, of customer: CustomerID
    ) -> UnsafeRawBufferPointer {
        let message = arena.make(tally__v1__create_referral_code_response__init)
        message.pointee.referral_code = self.code(code, of: customer)
        return arena.pack(message)
    }

    /// The reply to `RedeemReferralCode`.
    package func referred(
        _ referral: Referral, of customer: CustomerID
    ) -> UnsafeRawBufferPointer {
        let message = arena.make(tally__v1__redeem_referral_code_response__init)
        message.pointee.referral = self.referral(referral, of: customer)
        return arena.pack(message)
    }
}

extension CatalogWriter {
    func addReferrals(
        _ rewards: RewardList, to message: UnsafeMutablePointer<Tally__V1__PricingCatalog>
    ) {
        (message.pointee.n_plan_gifts, message.pointee.plan_gifts) = arena.list(rewards.gifts) {
            gift in
            let part = arena.make(tally__v1__plan_gift__init)
            part.pointee.plan_gift_id = arena.string(gift.id)
            part.pointee.name = arena.string(gift.name)
            part.pointee.plan_id = arena.string(gift.planID)
            return part
        }
        (message.pointee.n_referral_programmes, message.pointee.referral_programmes) =
            arena.list(rewards.programmes) { programme($0) }
    }

    private func programme(
        _ programme: ReferralProgramme
    ) -> UnsafeMutablePointer<Tally__V1__ReferralProgramme> {
        let message = arena.make(tally__v1__referral_programme__init)
        message.pointee.programme_id = arena.string(programme.id)
        message.pointee.reward_id = arena.string(programme.rewardID)
        message.pointee.redeem_on = Tally__V1__ReferralMoment(UInt32(programme.redeemOn.rawValue))
        message.pointee.received_by =
            programme.rewardsBoth
            ? TALLY__V1__REFERRAL_RECEIVER__REFERRAL_RECEIVER_ALL
            : TALLY__V1__REFERRAL_RECEIVER__REFERRAL_RECEIVER_REFERRER
        if let most = programme.maxRedemptions {
            message.pointee._max_redemptions_case =
                TALLY__V1__REFERRAL_PROGRAMME___MAX_REDEMPTIONS_MAX_REDEMPTIONS
            message.pointee.max_redemptions = most
        }
        (message.pointee.n_plan_ids, message.pointee.plan_ids) = arena.list(programme.planIDs) {
            arena.string($0)
        }
        message.pointee.exclude_trial = programme.excludesTrial ? 1 : 0
        return message
    }
}
