package import Billing
internal import Wire

extension TallyEnvironment {
    /// How often a call that finds its redemption used by another call of its customer tries anew.
    private static let patience = 4

    /// Runs a call that redeems codes. One that is used up isn't reserved: the call is refused for
    /// it, unless it was answered before.
    ///
    /// - Parameter body: gets the redemptions that are reserved, by code, and commits: the reply.
    package func redeeming(
        _ codes: [String], for customer: CustomerID,
        _ body: ([String: String]) async throws(ExecuteFault) -> [UInt8]
    ) async throws(ExecuteFault) -> [UInt8] {
        var attempt = 1
        while true {
            let pricing = directory.current.pricing
            let known = codes.compactMap { text in
                pricing.reward(code: text).map { (text, $0.code) }
            }
            var held: Set<String> = []
            do throws(ExecuteFault) {
                return try await reserving(known.map(\.1), for: customer) {
                    (reserved) async throws(ExecuteFault) in
                    let asked = known.compactMap { text, code in
                        reserved[code.code].map { (text, $0) }
                    }
                    held = Set(reserved.keys)
                    return try await body(Dictionary(asked, uniquingKeysWith: { $1 }))
                }
            } catch .refused(.promotionCodeRefused(let code, .usedUp))
                where held.contains(code) && attempt < TallyEnvironment.patience
            {
                attempt += 1
            }
        }
    }

    /// Runs a call with redemptions reserved.
    ///
    /// - Parameter body: gets those that could be had, by code, and commits.
    package func reserving<Answer: Sendable>(
        _ codes: [PromotionCode], for customer: CustomerID,
        _ body: ([String: String]) async throws(ExecuteFault) -> Answer
    ) async throws(ExecuteFault) -> Answer {
        let reserved = try reserve(codes, for: customer)
        do throws(ExecuteFault) {
            let answer = try await body(reserved)
            leaveRedemptions(reserved.values.sorted(), of: customer)
            return answer
        } catch {
            leaveRedemptions(reserved.values.sorted(), of: customer)
            throw error
        }
    }

    /// Reserves what a call is about to redeem, durably; by code, what it got: one that is used up
    /// is missing. To be given to `leaveRedemptions` once the call has ended.
    private func reserve(
        _ codes: [PromotionCode], for customer: CustomerID
    ) throws(ExecuteFault) -> [String: String] {
        var reserved: [String: String] = [:]
        var last: UInt64 = 0
        do throws(ExecuteFault) {
            for code in codes {
                let reservation = try directory.redemptions.reserve(
                    code, for: customer, id: Effects.newID(prefix: "red_")
                ) { (change) throws(ExecuteFault) in
                    try directory.append(change, time: now)
                }
                guard let reservation else { continue }
                reserved[code.code] = reservation.id
                last = max(last, reservation.sequence)
            }
            if last > 0 { try directory.wait(for: last) }
        } catch {
            leaveRedemptions(reserved.values.sorted(), of: customer)
            throw error
        }
        return reserved
    }

    /// The call that reserved them has ended, its record is durable.
    private func leaveRedemptions(_ ids: [String], of customer: CustomerID) {
        directory.redemptions.leave(ids)
        for id in ids {
            guard let reservation = directory.redemptions.find(id), reservation.calls == 0
            else { continue }
            settle(reservation, of: customer)
        }
    }

    /// Notes how a redemption ended, if it has: what fails is done again later.
    func settle(_ reservation: Redemptions.Reservation, of customer: CustomerID) {
        guard let state = redemption(reservation, of: customer) else { return }
        try? directory.redemptions.settle(reservation, isKept: state == .redeemed) {
            (change) throws(ExecuteFault) in
            try directory.append(change, time: now)
        }
    }

    private enum RedemptionState { case redeemed, gone }

    /// nil: it is open, or nobody can tell yet.
    private func redemption(
        _ reservation: Redemptions.Reservation, of customer: CustomerID
    ) -> RedemptionState? {
        let customers = customers(of: customer)
        do throws(ExecuteFault) {
            let (found, point) = try customers.read(
                customer, names: directory.current, in: Workspace()
            ) { customer, names -> RedemptionState? in
                if let plan = reservation.trialPlanID.flatMap({ names.pricing.plan(id: $0) }) {
                    if customer.account.trials.contains(where: { $0.plan == plan }) {
                        return .redeemed
                    }
                    return customer.isTrying(plan) ? nil : .gone
                }
                if customer.hasRedeemed(reservation.id) { return .redeemed }
                return customer.holds(redemption: reservation.id) ? nil : .gone
            }
            // What may yet be lost decides nothing.
            return point.sequence <= customers.log.durableSequence ? found : nil
        } catch .refused(.customerNotFound) {
            // Deleted, whatever it had redeemed: it counts.
            return .redeemed
        } catch {
            return nil
        }
    }

    /// A code that is asked for can't be had, as it was redeemed too often.
    package func refuseUsedUp(
        _ codes: [String], for customer: CustomerID
    ) throws(ExecuteFault) {
        for text in codes {
            guard let code = directory.current.pricing.reward(code: text)?.code,
                directory.redemptions.isUsedUp(code, for: customer)
            else { continue }
            throw .refused(.promotionCodeRefused(code.code, .usedUp))
        }
    }
}

extension CustomerState {
    fileprivate func hasRedeemed(_ id: String) -> Bool {
        account.redemptions.contains { $0.id == id }
            || account.referrals.contains { $0.id == id && $0.role == .redeemer }
    }

    /// What it is buying redeems it.
    fileprivate func holds(redemption id: String) -> Bool {
        let orders =
            account.effects.map(\.order) + [account.checkout?.order].compactMap { $0 }
            + account.receivables.map(\.order)
        return (orders + orders.flatMap(\.parts)).flatMap(\.discounts)
            .contains { $0.redemption == id }
    }
}

/// Looks after redemptions whose calls have ended and that are open: what a payment page holds that
/// is paid or given up later, and what a crash left.
struct RedemptionWork: Sendable {
    let environment: TallyEnvironment

    /// Of one round, so that a round is short.
    private static let batch = 256

    func run() async {
        var start = 0
        while !Task.isCancelled {
            let idle = environment.directory.redemptions.idle
            if start >= idle.count { start = 0 }
            for reservation in idle.dropFirst(start).prefix(RedemptionWork.batch) {
                guard let customer = CustomerID(reservation.customer) else { continue }
                environment.settle(reservation, of: customer)
            }
            start += RedemptionWork.batch
            try? await Task.sleep(for: .seconds(1))
        }
    }
}
