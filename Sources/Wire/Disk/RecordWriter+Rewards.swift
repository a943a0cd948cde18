internal import Billing
internal import CTallyProto

/// Discounts that somebody has, and codes that were redeemed.
extension RecordWriter {
    func rewardFact(_ fact: Fact, _ message: UnsafeMutablePointer<Tally__Disk__V1__Fact>) {
        switch fact {
        case .discountsSet(let discounts):
            message.pointee.kind_case = TALLY__DISK__V1__FACT__KIND_DISCOUNTS_SET
            let set = arena.make(tally__disk__v1__discounts_set__init)
            (set.pointee.n_discounts, set.pointee.discounts) = self.discounts(discounts)
            message.pointee.discounts_set = set
        case .codeRedeemed(let redemption):
            message.pointee.kind_case = TALLY__DISK__V1__FACT__KIND_CODE_REDEEMED
            message.pointee.code_redeemed = self.redemption(redemption)
        default: preconditionFailure("written by the caller")
        }
    }

    func discounts(_ discounts: [HeldDiscount]) -> (
        Int, UnsafeMutablePointer<UnsafeMutablePointer<Tally__Disk__V1__HeldDiscount>?>?
    ) {
        arena.list(discounts) { held in
            let message = arena.make(tally__disk__v1__held_discount__init)
            message.pointee.coupon_id = arena.string(held.couponID)
            switch held.kind {
            case .percentage(let percentage):
                message.pointee.kind = 1
                message.pointee.percentage = quantity(percentage)
            case .amount(let amount):
                message.pointee.kind = 2
                message.pointee.minor_units = amount.minorUnits
                message.pointee.currency = arena.string(amount.currency.code)
            case .credits(let left):
                message.pointee.kind = 3
                message.pointee.minor_units = left.minorUnits
                message.pointee.currency = arena.string(left.currency.code)
            }
            (message.pointee.n_plans, message.pointee.plans) = arena.numbers(
                held.plans.map(\.rawValue))
            message.pointee.usage_only = held.usageOnly ? 1 : 0
            message.pointee.once = held.once ? 1 : 0
            message.pointee.end = stored(held.end)
            message.pointee.code = arena.string(held.code)
            message.pointee.redemption_id = arena.string(held.redemption)
            return message
        }
    }

    func redemption(
        _ redemption: Redemption
    ) -> UnsafeMutablePointer<Tally__Disk__V1__Redemption> {
        let message = arena.make(tally__disk__v1__redemption__init)
        message.pointee.redemption_id = arena.string(redemption.id)
        message.pointee.code = arena.string(redemption.code)
        message.pointee.time = redemption.time.milliseconds
        return message
    }
}

/// What was written above.
extension RecordDecoder {
    func rewardFact(_ message: Tally__Disk__V1__Fact) throws(RecordFault) -> Fact {
        switch message.kind_case {
        case TALLY__DISK__V1__FACT__KIND_FULL_SUBSCRIPTION_CHANGED:
            return .subscriptionChanged(
                try subscription(try need(message.full_subscription_changed)))
        case TALLY__DISK__V1__FACT__KIND_DISCOUNTS_SET:
            let set = try need(message.discounts_set)
            return .discountsSet(try discounts(set.n_discounts, set.discounts))
        case TALLY__DISK__V1__FACT__KIND_CODE_REDEEMED:
            return .codeRedeemed(redemption(try need(message.code_redeemed)))
        case TALLY__DISK__V1__FACT__KIND_DISCOUNTED_EFFECT_REQUESTED:
            return .effectRequested(try effect(try need(message.discounted_effect_requested)))
        case TALLY__DISK__V1__FACT__KIND_DISCOUNTED_CHECKOUT_OPENED:
            return .checkoutOpened(try checkout(try need(message.discounted_checkout_opened)))
        default:
            throw RecordFault("unknown fact: written by a newer version of tally")
        }
    }

    func discounts(
        _ count: Int,
        _ list: UnsafeMutablePointer<UnsafeMutablePointer<Tally__Disk__V1__HeldDiscount>?>?
    ) throws(RecordFault) -> [HeldDiscount] {
        var discounts: [HeldDiscount] = []
        for held in elements(count, list) { discounts.append(try discount(held.pointee)) }
        return discounts
    }

    private func discount(
        _ message: Tally__Disk__V1__HeldDiscount
    ) throws(RecordFault) -> HeldDiscount {
        let kind: Discount.Kind
        switch message.kind {
        case 1: kind = .percentage(quantity(message.percentage))
        case 2: kind = .amount(try money(message.minor_units, message.currency))
        case 3: kind = .credits(try money(message.minor_units, message.currency))
        default: throw RecordFault("unknown discount: written by a newer version of tally")
        }
        var held = HeldDiscount(couponID: text(message.coupon_id), kind)
        held.plans = UnsafeBufferPointer(start: message.plans, count: message.n_plans)
            .map { PlanNumber(rawValue: $0) }
        held.usageOnly = message.usage_only != 0
        held.once = message.once != 0
        held.end = time(message.end)
        held.code = text(message.code)
        held.redemption = text(message.redemption_id)
        return held
    }

    func redemption(_ message: Tally__Disk__V1__Redemption) -> Redemption {
        Redemption(
            id: text(message.redemption_id), code: text(message.code),
            time: Timestamp(milliseconds: message.time))
    }
}
