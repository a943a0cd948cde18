internal import Billing
internal import CTallyProto

/// Discounts and codes.
extension RequestReader {
    package func applyDiscount(_ bytes: UnsafeRawBufferPointer) throws(CallFault) -> RewardCall {
        let message = try open(bytes, tally__v1__apply_discount_request__init)
        var fields = FieldReader()
        let customer = fields.customerID(message.pointee.customer_id)
        let requestID = fields.requestID(message.pointee.request_id)
        let subscription = fields.subscription(message.pointee.subscription_id)
        guard let choice = message.pointee.discount else { throw .missing("discount") }
        let asked = fields.discount(choice.pointee, at: "discount")
        guard let customer, let asked, fields.violations.isEmpty else {
            throw .invalid(fields.violations)
        }
        var fingerprint = Fingerprint(key: fingerprintKey, method: .applyDiscount)
        fingerprint.add(UInt64(subscription ?? 0))
        fingerprint.add([asked])
        return RewardCall(
            customer: customer, deed: .apply(ApplyDiscount(subscription: subscription, asked)),
            request: mark(requestID, .applyDiscount, fingerprint))
    }

    package func removeDiscount(_ bytes: UnsafeRawBufferPointer) throws(CallFault) -> RewardCall {
        let message = try open(bytes, tally__v1__remove_discount_request__init)
        var fields = FieldReader()
        let customer = fields.customerID(message.pointee.customer_id)
        let requestID = fields.requestID(message.pointee.request_id)
        let subscription = fields.subscription(message.pointee.subscription_id)
        let coupon = Wire.bytes(of: message.pointee.coupon_id)
        let isIdentifier = fields.identifier(coupon, at: "coupon_id")
        guard let customer, isIdentifier, fields.violations.isEmpty else {
            throw .invalid(fields.violations)
        }
        let couponID = String(decoding: coupon, as: UTF8.self)
        var fingerprint = Fingerprint(key: fingerprintKey, method: .removeDiscount)
        fingerprint.add(UInt64(subscription ?? 0))
        fingerprint.add(couponID)
        return RewardCall(
            customer: customer,
            deed: .remove(RemoveDiscount(subscription: subscription, couponID: couponID)),
            request: mark(requestID, .removeDiscount, fingerprint))
    }

    package func redeemCode(_ bytes: UnsafeRawBufferPointer) throws(CallFault) -> RewardCall {
        let message = try open(bytes, tally__v1__redeem_code_request__init)
        var fields = FieldReader()
        let customer = fields.customerID(message.pointee.customer_id)
        let requestID = fields.requestID(message.pointee.request_id)
        let code = fields.promotionCode(message.pointee.code, at: "code")
        guard let customer, let code, fields.violations.isEmpty else {
            throw .invalid(fields.violations)
        }
        var fingerprint = Fingerprint(key: fingerprintKey, method: .redeemCode)
        fingerprint.add(code)
        return RewardCall(
            customer: customer, deed: .redeem(RedeemCode(code)),
            request: mark(requestID, .redeemCode, fingerprint))
    }

    /// The code that is asked for, in capitals.
    package func getPromotionCode(_ bytes: UnsafeRawBufferPointer) throws(CallFault) -> String {
        let message = try open(bytes, tally__v1__get_promotion_code_request__init)
        var fields = FieldReader()
        guard let code = fields.promotionCode(message.pointee.code, at: "code") else {
            throw .invalid(fields.violations)
        }
        return code
    }

    /// Coupons asked for with a purchase.
    func discounts(
        _ messages: [Tally__V1__DiscountChoice], _ fields: inout FieldReader
    ) -> [AskedDiscount] {
        if messages.count > HeldDiscount.limit {
            fields.fault("discounts", "must be at most \(HeldDiscount.limit)")
            return []
        }
        return messages.enumerated().compactMap { index, message in
            fields.discount(message, at: "discounts[\(index)]")
        }
    }
}

extension FieldReader {
    /// nil: a fault was noted.
    fileprivate mutating func discount(
        _ message: Tally__V1__DiscountChoice, at path: String
    ) -> AskedDiscount? {
        switch message.source_case {
        case TALLY__V1__DISCOUNT_CHOICE__SOURCE_COUPON_ID:
            let id = Wire.bytes(of: message.coupon_id)
            guard identifier(id, at: "\(path).coupon_id") else { return nil }
            return AskedDiscount(.coupon(String(decoding: id, as: UTF8.self)))
        case TALLY__V1__DISCOUNT_CHOICE__SOURCE_PROMOTION_CODE:
            return promotionCode(message.promotion_code, at: "\(path).promotion_code")
                .map { AskedDiscount(.code($0)) }
        default:
            fault(path, "give a coupon_id or a promotion_code")
            return nil
        }
    }

    /// In capitals; nil: a fault was noted.
    fileprivate mutating func promotionCode(
        _ text: UnsafePointer<CChar>?, at path: String
    ) -> String? {
        let code = PromotionCode.capitals(
            String(decoding: Wire.bytes(of: text), as: UTF8.self))
        guard PromotionCode.lengths.contains(code.utf8.count) else {
            fault(path, "must be 3 to 63 letters, digits, \"_\" or \"-\"")
            return nil
        }
        return code
    }
}

extension Fingerprint {
    mutating func add(_ discounts: [AskedDiscount]) {
        // None: as it was before there were any.
        for asked in discounts {
            switch asked.source {
            case .coupon(let id):
                add(1)
                add(id)
            case .code(let code):
                add(2)
                add(code)
            }
        }
    }
}

/// Coupons and what codes give, of a catalog message.
extension DraftReader {
    mutating func rewards(_ message: Tally__V1__PricingCatalog) -> RewardList {
        var rewards = RewardList()
        for (index, coupon) in elements(message.n_coupons, message.coupons).enumerated() {
            rewards.coupons.append(
                self.coupon(coupon.pointee, at: "\(prefix)coupons[\(index)]"))
        }
        let grants = elements(message.n_feature_grants, message.feature_grants)
        for (index, grant) in grants.enumerated() {
            rewards.grants.append(
                self.grant(grant.pointee, at: "\(prefix)feature_grants[\(index)]"))
        }
        referrals(message, into: &rewards)
        return rewards
    }

    private mutating func coupon(_ message: Tally__V1__Coupon, at path: String) -> Coupon {
        var coupon = Coupon(
            id: text(message.coupon_id), name: text(message.name), kind(message, at: path),
            duration(message, at: path))
        coupon.planIDs = (0..<message.n_plan_ids).map { text(message.plan_ids[$0]) }
        if !text(message.minimum_amount).isEmpty {
            coupon.minimum = price(message.minimum_amount, at: "\(path).minimum_amount")
        }
        coupon.usageOnly = message.usage_only != 0
        coupon.codes = codes(message.n_promotion_codes, message.promotion_codes, at: path)
        return coupon
    }

    private mutating func kind(_ message: Tally__V1__Coupon, at path: String) -> Coupon.Kind {
        switch message.kind_case {
        case TALLY__V1__COUPON__KIND_PERCENTAGE:
            return .percentage(
                fields.quantity(message.percentage, at: "\(path).percentage") ?? .zero)
        case TALLY__V1__COUPON__KIND_AMOUNT:
            return .amount(price(message.amount, at: "\(path).amount"))
        case TALLY__V1__COUPON__KIND_INVOICE_CREDITS:
            return .credits(price(message.invoice_credits, at: "\(path).invoice_credits"))
        default:
            fields.fault(path, "give a percentage, an amount or invoice_credits")
            return .percentage(Quantity(units: 1))
        }
    }

    private mutating func duration(
        _ message: Tally__V1__Coupon, at path: String
    ) -> Coupon.Duration {
        let isMonths = message.duration == TALLY__V1__COUPON_DURATION__COUPON_DURATION_MONTHS
        if !isMonths, message.months != 0 {
            fields.fault("\(path).months", "needs duration \"months\"")
        }
        switch message.duration {
        case TALLY__V1__COUPON_DURATION__COUPON_DURATION_ONCE: return .once
        case TALLY__V1__COUPON_DURATION__COUPON_DURATION_MONTHS: return .months(message.months)
        case TALLY__V1__COUPON_DURATION__COUPON_DURATION_FOREVER: return .forever
        default:
            fields.fault("\(path).duration", "must be once, months or forever")
            return .once
        }
    }

    private mutating func codes(
        _ count: Int,
        _ list: UnsafeMutablePointer<UnsafeMutablePointer<Tally__V1__PromotionCode>?>?,
        at path: String
    ) -> [PromotionCode] {
        elements(count, list).enumerated().map { index, message in
            var code = PromotionCode(text(message.pointee.code))
            if message.pointee._max_redemptions_case
                == TALLY__V1__PROMOTION_CODE___MAX_REDEMPTIONS_MAX_REDEMPTIONS
            {
                code.maxRedemptions = message.pointee.max_redemptions
            }
            code.firstPurchaseOnly = message.pointee.first_purchase_only != 0
            if let time = message.pointee.expire_time {
                code.expires =
                    fields.instant(
                        time.pointee, at: "\(path).promotion_codes[\(index)].expire_time")
                    ?? .never
            }
            return code
        }
    }

    private mutating func grant(
        _ message: Tally__V1__FeatureGrant, at path: String
    ) -> FeatureGrant {
        let parts = elements(message.n_grants, message.grants).enumerated().map { index, part in
            let path = "\(path).grants[\(index)]"
            let (days, months) = (part.pointee.expire_days, part.pointee.expire_months)
            if days > 0, months > 0 {
                fields.fault("\(path).expire_months", "give days or months, not both")
            }
            return FeatureGrant.Part(
                featureID: text(part.pointee.feature_id),
                units: fields.quantity(part.pointee.quantity, at: "\(path).quantity") ?? .zero,
                lapse: days > 0 ? .days(days) : months > 0 ? .months(months) : .never)
        }
        var grant = FeatureGrant(
            id: text(message.feature_grant_id), name: text(message.name), parts: parts)
        grant.codes = codes(message.n_promotion_codes, message.promotion_codes, at: path)
        return grant
    }
}
