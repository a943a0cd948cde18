package import Billing
internal import CTallyProto

/// Discounts, and what codes give.
extension ReplyWriter {
    typealias DiscountList = (
        Int, UnsafeMutablePointer<UnsafeMutablePointer<Tally__V1__Discount>?>?
    )

    func discounts(_ held: [HeldDiscount]) -> DiscountList {
        arena.list(held) { held in
            let message = arena.make(tally__v1__discount__init)
            message.pointee.coupon_id = arena.string(held.couponID)
            switch held.kind {
            case .percentage(let percentage):
                message.pointee.kind_case = TALLY__V1__DISCOUNT__KIND_PERCENTAGE
                message.pointee.percentage = percentage.double
            case .amount(let amount):
                message.pointee.kind_case = TALLY__V1__DISCOUNT__KIND_AMOUNT
                message.pointee.amount = money(amount)
            case .credits(let left):
                message.pointee.kind_case = TALLY__V1__DISCOUNT__KIND_CREDITS_REMAINING
                message.pointee.credits_remaining = money(left)
            }
            (message.pointee.n_plan_ids, message.pointee.plan_ids) = arena.list(held.plans) {
                names.id($0)
            }
            message.pointee.usage_only = held.usageOnly ? 1 : 0
            message.pointee.once = held.once ? 1 : 0
            message.pointee.end_time = time(held.end)
            message.pointee.promotion_code = arena.string(held.code)
            return message
        }
    }

    func lineDiscounts(_ line: InvoiceLine) -> (
        Int, UnsafeMutablePointer<UnsafeMutablePointer<Tally__V1__LineDiscount>?>?
    ) {
        arena.list(line.discounts) { applied in
            let message = arena.make(tally__v1__line_discount__init)
            message.pointee.coupon_id = arena.string(applied.rewardID)
            message.pointee.amount = money(
                Money(minorUnits: applied.minorUnits, currency: line.subtotal.currency))
            return message
        }
    }

    /// The reply to `RedeemCode`.
    package func redeemed(
        _ grant: FeatureGrant, by customer: borrowing CustomerState
    ) -> UnsafeRawBufferPointer {
        let message = arena.make(tally__v1__redeem_code_response__init)
        message.pointee.customer = self.customer(customer)
        message.pointee.feature_grant_id = arena.string(grant.id)
        (message.pointee.n_granted, message.pointee.granted) = CatalogWriter(arena: arena)
            .parts(grant.parts)
        return arena.pack(message)
    }

    /// The reply to `GetPromotionCode`.
    package func promotionCode(
        _ reward: CodedReward, redemptions: Int
    ) -> UnsafeRawBufferPointer {
        let message = arena.make(tally__v1__get_promotion_code_response__init)
        message.pointee.promotion_code = CatalogWriter(arena: arena).code(reward.code)
        message.pointee.coupon_id = arena.string(reward.coupon?.id ?? "")
        message.pointee.feature_grant_id = arena.string(reward.grant?.id ?? "")
        message.pointee.redemptions = UInt32(clamping: redemptions)
        return arena.pack(message)
    }
}

extension CatalogWriter {
    func add(_ rewards: RewardList, to message: UnsafeMutablePointer<Tally__V1__PricingCatalog>) {
        (message.pointee.n_coupons, message.pointee.coupons) = arena.list(rewards.coupons) {
            coupon($0)
        }
        (message.pointee.n_feature_grants, message.pointee.feature_grants) =
            arena.list(rewards.grants) { grant in
                let part = arena.make(tally__v1__feature_grant__init)
                part.pointee.feature_grant_id = arena.string(grant.id)
                part.pointee.name = arena.string(grant.name)
                (part.pointee.n_grants, part.pointee.grants) = parts(grant.parts)
                (part.pointee.n_promotion_codes, part.pointee.promotion_codes) =
                    arena.list(grant.codes) { code($0) }
                return part
            }
    }

    private func coupon(_ coupon: Coupon) -> UnsafeMutablePointer<Tally__V1__Coupon> {
        let message = arena.make(tally__v1__coupon__init)
        message.pointee.coupon_id = arena.string(coupon.id)
        message.pointee.name = arena.string(coupon.name)
        switch coupon.kind {
        case .percentage(let percentage):
            message.pointee.kind_case = TALLY__V1__COUPON__KIND_PERCENTAGE
            message.pointee.percentage = percentage.double
        case .amount(let amount):
            message.pointee.kind_case = TALLY__V1__COUPON__KIND_AMOUNT
            message.pointee.amount = arena.string(amount.text)
        case .credits(let amount):
            message.pointee.kind_case = TALLY__V1__COUPON__KIND_INVOICE_CREDITS
            message.pointee.invoice_credits = arena.string(amount.text)
        }
        switch coupon.duration {
        case .once:
            message.pointee.duration = TALLY__V1__COUPON_DURATION__COUPON_DURATION_ONCE
        case .months(let months):
            message.pointee.duration = TALLY__V1__COUPON_DURATION__COUPON_DURATION_MONTHS
            message.pointee.months = months
        case .forever:
            message.pointee.duration = TALLY__V1__COUPON_DURATION__COUPON_DURATION_FOREVER
        }
        (message.pointee.n_plan_ids, message.pointee.plan_ids) = arena.list(coupon.planIDs) {
            arena.string($0)
        }
        if coupon.minimum != .zero {
            message.pointee.minimum_amount = arena.string(coupon.minimum.text)
        }
        message.pointee.usage_only = coupon.usageOnly ? 1 : 0
        (message.pointee.n_promotion_codes, message.pointee.promotion_codes) =
            arena.list(coupon.codes) { code($0) }
        return message
    }

    func code(_ code: PromotionCode) -> UnsafeMutablePointer<Tally__V1__PromotionCode> {
        let message = arena.make(tally__v1__promotion_code__init)
        message.pointee.code = arena.string(code.code)
        if let most = code.maxRedemptions {
            message.pointee._max_redemptions_case =
                TALLY__V1__PROMOTION_CODE___MAX_REDEMPTIONS_MAX_REDEMPTIONS
            message.pointee.max_redemptions = most
        }
        message.pointee.first_purchase_only = code.firstPurchaseOnly ? 1 : 0
        if code.expires != .never {
            let time = arena.make(google__protobuf__timestamp__init)
            (time.pointee.seconds, time.pointee.nanos) = code.expires.parts
            message.pointee.expire_time = time
        }
        return message
    }

    func parts(_ parts: [FeatureGrant.Part]) -> (
        Int, UnsafeMutablePointer<UnsafeMutablePointer<Tally__V1__GrantedUnits>?>?
    ) {
        arena.list(parts) { part in
            let message = arena.make(tally__v1__granted_units__init)
            message.pointee.feature_id = arena.string(part.featureID)
            message.pointee.quantity = part.units.double
            switch part.lapse {
            case .never: break
            case .days(let days): message.pointee.expire_days = days
            case .months(let months): message.pointee.expire_months = months
            }
            return message
        }
    }
}
