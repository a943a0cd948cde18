internal import Billing
internal import Synchronization
internal import Wire

/// How often each code of the environment was redeemed. The directory's log is the record of it, as
/// customers of all partitions share a code.
///
/// A redemption is reserved, durably, before the customer's own record says that it took place: it
/// counts from then on, so that no code is redeemed more often than it may be, whatever fails. What
/// becomes of it says the customer's state alone: it has redeemed it, or what it buys holds it, or
/// neither, and then it is given back. Both ends are noted here when they are seen: at once by who
/// has redeemed, each second by `RedemptionWork`, which looks after those that are open, also after
/// a crash.
package final class Redemptions: Sendable {
    struct Reservation: Sendable, Equatable {
        var id: String
        var code: String
        var customer: String
        /// Of its record in this run; 0: of an earlier one.
        var sequence: UInt64 = 0
        /// Calls that are about to redeem it, which the customer's state doesn't show yet.
        var calls = 0
        /// How many there have been.
        var allCalls = 0
    }

    private struct State {
        /// Redeemed for good.
        var counts: [String: Int] = [:]
        /// By id.
        var open: [String: Reservation] = [:]

        func count(of code: String) -> Int {
            counts[code, default: 0] + open.values.count { $0.code == code }
        }

        func reservation(_ code: String, _ customer: CustomerID) -> Reservation? {
            open.values.first { $0.code == code && $0.customer == customer.text }
        }
    }

    private let state = Mutex(State())

    /// A record of the directory's log.
    func restore(_ change: DirectoryRecord.Change) {
        state.withLock { state in
            switch change {
            case .codeReserved(let id, let code, let customer):
                state.open[id] = Reservation(id: id, code: code, customer: customer)
            case .codeSettled(let id, let isKept):
                guard let reservation = state.open.removeValue(forKey: id), isKept else { return }
                state.counts[reservation.code, default: 0] += 1
            case .codeCounted(let code, let redemptions):
                state.counts[code, default: 0] += redemptions
            case .published, .clockMoved, .referralCodeMade, .fingerprintKeyed: break
            }
        }
    }

    /// Trials of a fingerprint are counted like codes: "trial:1f…:pro".
    static let trialPrefix = "trial:"

    /// Another customer has it, or is about to.
    func isTaken(_ code: String, besides customer: CustomerID) -> Bool {
        state.withLock { state in
            state.counts[code, default: 0] > 0
                || state.open.values.contains {
                    $0.code == code && $0.customer != customer.text
                }
        }
    }

    /// Redeemed for good.
    func kept(of code: String) -> Int { state.withLock { $0.counts[code, default: 0] } }

    /// Redeemed, or about to be.
    package func count(of code: String) -> Int { state.withLock { $0.count(of: code) } }

    /// All that were redeemed or are about to be, in order of code.
    var counts: [(code: String, redemptions: Int)] {
        state.withLock { state in
            var all = state.counts
            for reservation in state.open.values { all[reservation.code, default: 0] += 1 }
            return all.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        }
    }

    /// It can't be had once more, but by a customer for whom it is reserved.
    func isUsedUp(_ code: PromotionCode, for customer: CustomerID) -> Bool {
        guard let most = code.maxRedemptions else { return false }
        return state.withLock { state in
            state.count(of: code.code) >= most && state.reservation(code.code, customer) == nil
        }
    }

    /// What no call is about to redeem.
    var idle: [Reservation] {
        state.withLock { state in
            state.open.values.filter { $0.calls == 0 }.sorted { $0.id < $1.id }
        }
    }

    func find(_ id: String) -> Reservation? { state.withLock { $0.open[id] } }

    /// Counts a redemption; nil: it is used up. Of a customer who has one open it is that one. The
    /// call that asked for it is to `leave` it, and to wait until its record is durable.
    ///
    /// - Parameter append: puts a record into the log, in the order of these calls.
    func reserve(
        _ code: PromotionCode, for customer: CustomerID, id: String,
        _ append: (DirectoryRecord.Change) throws(ExecuteFault) -> UInt64
    ) throws(ExecuteFault) -> Reservation? {
        let result = state.withLock { state -> Result<Reservation?, ExecuteFault> in
            if var present = state.reservation(code.code, customer) {
                present.calls += 1
                present.allCalls += 1
                state.open[present.id] = present
                return .success(present)
            }
            if let most = code.maxRedemptions, state.count(of: code.code) >= most {
                return .success(nil)
            }
            var new = Reservation(id: id, code: code.code, customer: customer.text)
            do throws(ExecuteFault) {
                new.sequence = try append(
                    .codeReserved(id: id, code: code.code, customer: customer.text))
            } catch {
                return .failure(error)
            }
            (new.calls, new.allCalls) = (1, 1)
            state.open[id] = new
            return .success(new)
        }
        return try result.get()
    }

    /// A call has ended: the customer's state says what came of it.
    func leave(_ ids: [String]) {
        state.withLock { state in
            for id in ids { state.open[id]?.calls -= 1 }
        }
    }

    /// It was redeemed, or is given back; not if a call has come since it was looked at.
    func settle(
        _ seen: Reservation, isKept: Bool,
        _ append: (DirectoryRecord.Change) throws(ExecuteFault) -> UInt64
    ) throws(ExecuteFault) {
        let result = state.withLock { state -> Result<Void, ExecuteFault> in
            guard let present = state.open[seen.id], isKept || present == seen else {
                return .success(())
            }
            do throws(ExecuteFault) {
                _ = try append(.codeSettled(id: seen.id, isKept: isKept))
            } catch {
                return .failure(error)
            }
            state.open[seen.id] = nil
            if isKept { state.counts[seen.code, default: 0] += 1 }
            return .success(())
        }
        try result.get()
    }
}
