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
            let reserved = try reserve(codes, for: customer)
            do throws(ExecuteFault) {
                let answer = try await body(reserved)
                leaveRedemptions(reserved.values.sorted(), of: customer)
                return answer
            } catch .refused(.promotionCodeRefused(let code, .usedUp))
                where reserved[code] != nil && attempt < TallyEnvironment.patience
            {
                leaveRedemptions(reserved.values.sorted(), of: customer)
                attempt += 1
            } catch {
                leaveRedemptions(reserved.values.sorted(), of: customer)
                throw error
            }
        }
    }

    /// Reserves what a call is about to redeem, durably; by code, what it got: one that is used up
    /// is missing. To be given to `leaveRedemptions` once the call has ended.
    private func reserve(
        _ codes: [String], for customer: CustomerID
    ) throws(ExecuteFault) -> [String: String] {
        var reserved: [String: String] = [:]
        var last: UInt64 = 0
        do throws(ExecuteFault) {
            for text in codes {
                guard let code = directory.current.pricing.reward(code: text)?.code else {
                    continue
                }
                let reservation = try directory.redemptions.reserve(
                    code, for: customer, id: Effects.newID(prefix: "red_")
                ) { (change) throws(ExecuteFault) in
                    try directory.append(change, time: now)
                }
                guard let reservation else { continue }
                reserved[text] = reservation.id
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
        guard let state = redemption(reservation.id, of: customer) else { return }
        try? directory.redemptions.settle(reservation, isKept: state == .redeemed) {
            (change) throws(ExecuteFault) in
            try directory.append(change, time: now)
        }
    }

    private enum RedemptionState { case redeemed, gone }

    /// nil: it is open, or nobody can tell yet.
    private func redemption(_ id: String, of customer: CustomerID) -> RedemptionState? {
        let customers = customers(of: customer)
        do throws(ExecuteFault) {
            let (found, point) = try customers.read(
                customer, names: directory.current, in: Workspace()
            ) { customer, _ -> RedemptionState? in
                if customer.account.redemptions.contains(where: { $0.id == id }) {
                    return .redeemed
                }
                return customer.holds(redemption: id) ? nil : .gone
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
