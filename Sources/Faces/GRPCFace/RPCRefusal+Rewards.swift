internal import Billing
internal import RPC

extension RPCRefusal {
    /// About coupons and codes.
    init(ofRewards refusal: Refusal) {
        switch refusal {
        case .couponNotFound(let id):
            self.init(.notFound, "COUPON_NOT_FOUND", "there is no coupon \"\(id)\"")
        case .promotionCodeNotFound(let code):
            self.init(
                .notFound, "PROMOTION_CODE_NOT_FOUND",
                "no reward of that kind has the code \"\(code)\"")
        case .promotionCodeRefused(let code, .expired):
            self.init(
                .failedPrecondition, "PROMOTION_CODE_EXPIRED", "the code \"\(code)\" has expired")
        case .promotionCodeRefused(let code, .firstPurchaseOnly):
            self.init(
                .failedPrecondition, "PROMOTION_CODE_FIRST_PURCHASE_ONLY",
                "the code \"\(code)\" is for a first purchase, and the customer has paid before")
        case .promotionCodeRefused(let code, .usedUp):
            self.init(
                .failedPrecondition, "PROMOTION_CODE_USED_UP",
                "the code \"\(code)\" has been redeemed as often as it may be")
        case .codeAlreadyRedeemed(let code):
            self.init(
                .alreadyExists, "CODE_ALREADY_REDEEMED",
                "the customer has redeemed the code \"\(code)\" before")
        case .discountExists(let id):
            self.init(.alreadyExists, "DISCOUNT_EXISTS", "the coupon \"\(id)\" is there already")
        case .discountNotFound(let id):
            self.init(.notFound, "DISCOUNT_NOT_FOUND", "the coupon \"\(id)\" isn't there")
        case .scheduleNotFound:
            self.init(.notFound, "SCHEDULE_NOT_FOUND", "no phases are planned")
        default: preconditionFailure("told by the caller")
        }
    }

    /// About who brings whom, and fingerprints.
    init(ofReferrals refusal: Refusal) {
        switch refusal {
        case .programmeNotFound(let id):
            self.init(
                .notFound, "PROGRAMME_NOT_FOUND", "there is no referral programme \"\(id)\"")
        case .referralCodeNotFound(let code):
            self.init(
                .notFound, "REFERRAL_CODE_NOT_FOUND", "no customer has the code \"\(code)\"")
        case .ownReferralCode(let code):
            self.init(
                .failedPrecondition, "REFERRAL_CODE_OWN",
                "the code \"\(code)\" is the customer's own; somebody else has to redeem it")
        case .sameFingerprint(let code):
            self.init(
                .failedPrecondition, "REFERRAL_SAME_FINGERPRINT",
                "whoever has the code \"\(code)\" has the same fingerprint as the customer")
        case .referralRedeemed(let id):
            self.init(
                .alreadyExists, "REFERRAL_ALREADY_REDEEMED",
                "the customer has redeemed a code of the programme \"\(id)\" before")
        case .referralCodeUsedUp(let code):
            self.init(
                .failedPrecondition, "REFERRAL_CODE_USED_UP",
                "the code \"\(code)\" has been redeemed as often as it may be")
        case .trialUnclaimed:
            self.init(
                .unavailable, "FINGERPRINT_CHANGING",
                "the customer's fingerprint is changing; try again", retryAfterMilliseconds: 50)
        default: preconditionFailure("told by the caller")
        }
    }
}
