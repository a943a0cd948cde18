internal import Billing

/// Who brings whom, and fingerprints.
extension Form {
    mutating func referrals(_ value: inout Account) throws(FormFault) {
        var mark = value.fingerprint.map { String($0.rawValue, radix: 16) } ?? ""
        try text("fingerprint_hash", &mark)
        value.fingerprint = UInt64(mark, radix: 16).flatMap { FingerprintMark(rawValue: $0) }
        guard mark.isEmpty == (value.fingerprint == nil) else {
            throw fault("fingerprint_hash", "is no hexadecimal number above 0")
        }
        let code = ReferralCode(programmeID: "", code: "", created: .epoch)
        try list("referral_codes", &value.referralCodes, empty: code) {
            (form, code) throws(FormFault) in
            try form.text("programme", &code.programmeID)
            try form.text("code", &code.code)
            try form.time("created", &code.created)
        }
        try list("referrals", &value.referrals, empty: .empty) {
            (form, referral) throws(FormFault) in try form.referral(&referral)
        }
    }

    private mutating func referral(_ value: inout Referral) throws(FormFault) {
        try text("id", &value.id)
        try word("role", &value.role, [(.redeemer, "redeemer"), (.referrer, "referrer")])
        try text("programme", &value.programmeID)
        try text("code", &value.code)
        try id("other", &value.other)
        try text("reward", &value.rewardID)
        try word(
            "kind", &value.kind, [(.coupon, "coupon"), (.grant, "grant"), (.gift, "plan_gift")])
        try time("created", &value.created)
        try time("earned", &value.earned)
        try word(
            "state", &value.reward,
            [
                (.none, "none"), (.waiting, "waiting"), (.due, "pending"), (.given, "given"),
                (.dropped, "dropped"),
            ])
        try time("ready", &value.ready)
        try flag("rewards_both", &value.rewardsBoth)
        try list("plans", &value.plans, empty: PlanNumber(rawValue: 0)) {
            (form, plan) throws(FormFault) in
            try form.plan("plan", &plan)
        }
        try flag("excludes_trial", &value.excludesTrial)
        try word(
            "told", &value.told,
            [(.unknown, "nothing"), (.redeemed, "redeemed"), (.earned, "earned")])
    }

    /// Plans that are given, and programmes.
    mutating func referralCatalog(_ value: inout RewardList) throws(FormFault) {
        try list("plan_gifts", &value.gifts, empty: PlanGift(id: "", name: "", planID: "")) {
            (form, gift) throws(FormFault) in
            try form.text("id", &gift.id)
            try form.text("name", &gift.name)
            try form.text("plan", &gift.planID)
        }
        let empty = ReferralProgramme(id: "", rewardID: "", redeemOn: .creation)
        try list("referral_programmes", &value.programmes, empty: empty) {
            (form, programme) throws(FormFault) in
            try form.text("id", &programme.id)
            try form.text("reward", &programme.rewardID)
            try form.word(
                "redeem_on", &programme.redeemOn,
                [(.creation, "customer_creation"), (.checkout, "checkout")])
            try form.flag("rewards_both", &programme.rewardsBoth)
            try form.optional("max_redemptions", &programme.maxRedemptions, empty: 0) {
                (form, most) throws(FormFault) in
                try form.number("max_redemptions", &most)
            }
            try form.texts("plans", &programme.planIDs)
            try form.flag("excludes_trial", &programme.excludesTrial)
        }
    }
}

extension Referral {
    fileprivate static let empty = Referral(
        id: "", .redeemer, programmeID: "", code: "", other: .empty, rewardID: "", .coupon,
        created: .epoch, reward: .none)
}
