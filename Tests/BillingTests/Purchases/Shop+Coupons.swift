import Stories

@testable import Billing

extension Shop {
    static let couponCount = 8

    /// Of every kind and duration, some for some plans or usage alone.
    static func coupons(_ planIDs: [String], _ dice: inout Dice) -> [Coupon] {
        (0..<couponCount).map { number in
            var coupon = Coupon(
                id: "coupon-\(number)", name: "Coupon", kind(&dice), duration(&dice))
            if dice.chance(30) { coupon.planIDs = planIDs.filter { _ in dice.chance(40) } }
            coupon.usageOnly = dice.chance(10)
            return coupon
        }
    }

    private static func kind(_ dice: inout Dice) -> Coupon.Kind {
        let amount = UnitPrice(raw: Int128(dice.roll(1...200)) * UnitPrice.scale)
        switch dice.roll(1...4) {
        case 1: return .amount(amount)
        case 2: return .credits(amount)
        default: return .percentage(dice.pick([Quantity(units: dice.roll(1...100)), 50, 100]))
        }
    }

    private static func duration(_ dice: inout Dice) -> Coupon.Duration {
        switch dice.roll(1...3) {
        case 1: .once
        case 2: .months(UInt32(dice.roll(1...6)))
        default: .forever
        }
    }
}

extension Shopper {
    /// None, mostly.
    mutating func coupons() -> [AskedDiscount] {
        guard dice.chance(30) else { return [] }
        return (0..<dice.roll(1...2)).map { _ in AskedDiscount(.coupon(coupon())) }
    }

    private mutating func coupon() -> String {
        "coupon-\(dice.roll(0...Shop.couponCount - 1))"
    }

    /// The customer or one of its plans gets a coupon, or loses one.
    mutating func reward() {
        let present = desk.customer.subscriptions.filter { $0.status != .ended }
        let number = dice.chance(50) || present.isEmpty ? nil : dice.pick(present).number
        let id = coupon()
        if dice.chance(70) {
            note("\(id) for \(number ?? 0)")
            _ = try? desk.run(
                .applyDiscount(ApplyDiscount(subscription: number, AskedDiscount(.coupon(id)))))
        } else {
            note("\(id) goes from \(number ?? 0)")
            _ = try? desk.run(
                .removeDiscount(RemoveDiscount(subscription: number, couponID: id)))
        }
    }
}

extension [AskedDiscount] {
    var words: String {
        map { asked in
            switch asked.source {
            case .coupon(let id): " with \(id)"
            case .code(let code): " with #\(code)"
            }
        }.joined()
    }
}
