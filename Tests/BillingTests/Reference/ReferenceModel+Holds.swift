@testable import Billing

/// Reservations (§3).
extension ReferenceModel {
    private static let longest: Int64 = 86_400_000

    func admit(_ request: HoldRequest, _ feature: UInt32) throws(ReferenceRefusal) {
        if kind(feature) == .boolean || kind(feature) == .allocated {
            throw ReferenceRefusal("invalid hold")
        }
        if let expires = request.expires?.milliseconds {
            try checkExpiry(expires, "hold.expire_time")
        }
        if holds.contains(where: { $0.id == request.id }) { throw ReferenceRefusal("holdExists") }
    }

    private func checkExpiry(_ expires: Int64, _ path: String) throws(ReferenceRefusal) {
        guard expires > now, expires <= now + ReferenceModel.longest else {
            throw ReferenceRefusal("invalid \(path)")
        }
    }

    mutating func open(
        _ request: HoldRequest, _ feature: UInt32, _ slots: Receipt,
        _ properties: [EventProperty], _ scope: UInt32
    ) {
        holds.append(
            OpenHold(
                id: request.id, feature: feature, entity: scope,
                expires: request.expires?.milliseconds ?? now + ReferenceModel.longest,
                receipts: [slots], counted: [], properties: properties))
    }

    mutating func open(
        _ request: HoldRequest, _ feature: UInt32, _ spread: ReferenceSpread,
        _ counted: [(window: ReferenceLimits.Window, amount: Amount)],
        _ properties: [EventProperty], _ scope: UInt32
    ) {
        holds.append(
            OpenHold(
                id: request.id, feature: feature, entity: scope,
                expires: request.expires?.milliseconds ?? now + ReferenceModel.longest,
                receipts: spread.receipts, counted: counted.map { ($0.window.key, $0.amount) },
                properties: properties))
    }

    private func hold(_ id: String) throws(ReferenceRefusal) -> OpenHold {
        guard let hold = holds.first(where: { $0.id == id }) else {
            throw ReferenceRefusal("holdNotFound")
        }
        return hold
    }

    mutating func extendHold(_ extend: ExtendHold) throws(ReferenceRefusal) {
        _ = try hold(extend.id)
        try checkExpiry(extend.expires.milliseconds, "expire_time")
        for index in holds.indices where holds[index].id == extend.id {
            holds[index].expires = extend.expires.milliseconds
        }
    }

    mutating func release(_ hold: OpenHold) {
        var draws: [Draw] = []
        if !isSlots(hold.feature) { _ = bring(hold, to: 0, &draws) }
        holds.removeAll { $0.id == hold.id }
    }

    mutating func settleHold(
        _ settle: SettleHold
    ) throws(ReferenceRefusal) -> ReferenceTrack {
        let hold = try hold(settle.id)
        if isSlots(hold.feature) {
            release(hold)
            return ReferenceTrack(
                value: 0, figures: shown(hold.feature, scope(of: hold)), draws: [])
        }
        var draws: [Draw] = []
        let final = settle.value?.raw ?? hold.value
        if !bring(hold, to: final, &draws) { throw ReferenceRefusal("invalid value") }
        holds.removeAll { $0.id == hold.id }
        return ReferenceTrack(
            value: final, figures: shownAfter([], hold.feature, scope(of: hold)), draws: draws)
    }

    /// The entity may be gone.
    private func scope(of hold: OpenHold) -> UInt32 {
        members.contains { $0.number == hold.entity } ? hold.entity : 0
    }

    /// false: a balance would be beyond what can be stored.
    private mutating func bring(_ hold: OpenHold, to final: Amount, _ draws: inout [Draw]) -> Bool {
        holds.removeAll { $0.id == hold.id }
        let held = hold.value
        if final == held { return true }
        if final * held.signum() < 0 {
            let isFine = unwind(hold, held, &draws)
            return draw(hold, final, &draws) && isFine
        }
        if abs(final) >= abs(held) { return draw(hold, final - held, &draws) }
        return unwind(hold, held - final, &draws)
    }

    private mutating func draw(_ hold: OpenHold, _ value: Amount, _ draws: inout [Draw]) -> Bool {
        let spread = ran(
            value, of: hold.feature, scope(of: hold), .cap, hold.properties
        ).spread
        apply(
            spread, counted(spread, asked: value), hold.feature, hold.properties, scope(of: hold))
        draws += spread.draws
        return !spread.overflows
    }

    /// Back into exactly the buckets it came from, the last change first; what came from buckets
    /// that are gone goes where a refund would.
    private mutating func unwind(
        _ hold: OpenHold, _ value: Amount, _ draws: inout [Draw]
    ) -> Bool {
        var rest = abs(value)
        var lost: Amount = 0
        var credits: [UInt32: Amount] = [:]
        for receipt in hold.receipts.reversed() where rest > 0 {
            let units = min(rest, abs(receipt.units)) * value.signum()
            rest -= abs(units)
            let bucket = balances.first { $0.number == receipt.bucket }
            let nominal = receipt.cost.map { ReferenceSpread.credits(units, $0) } ?? units
            if !(bucket?.isRollover ?? false) { credits[receipt.feature, default: 0] += nominal }
            var own = receipt.own
            if units != receipt.units, abs(nominal) < abs(own) { own = nominal }
            guard bucket != nil else {
                if receipt.entity == 0 || scope(of: hold) != 0 { lost += units }
                continue
            }
            change(receipt.bucket) { $0.balance += own }
            draws.append(
                Draw(
                    bucket: receipt.bucket, entity: receipt.entity,
                    feature: FeatureNumber(rawValue: receipt.feature),
                    amount: Quantity(raw: -own)))
        }
        for counted in hold.counted {
            guard let index = counters.firstIndex(where: { $0.key == counted.key }),
                now < counters[index].end
            else { continue }
            let feature = counted.key.feature.rawValue
            let isUnits = feature == hold.feature && kind(feature) != .creditSystem
            let part =
                value == hold.value ? counted.amount : isUnits ? value : credits[feature] ?? 0
            counters[index].used = max(0, counters[index].used - min(part, counted.amount))
        }
        return lost == 0 || draw(hold, -lost, &draws)
    }
}
