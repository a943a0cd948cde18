package import Billing
internal import Wire

/// Trials that there are once for a fingerprint. As customers of all partitions may have the same
/// one, a trial is reserved in the directory before it begins, like a code that may be redeemed
/// once: what becomes of the reservation says the customer's state. All trials of customers with a
/// fingerprint count, also those of plans that don't ask for it yet.
extension TallyEnvironment {
    /// How often a call whose customer's fingerprint changes meanwhile tries anew.
    private static let claimPatience = 4

    /// The keyed hash of a fingerprint; nil: the text is empty.
    package func mark(of fingerprint: String) throws(ExecuteFault) -> FingerprintMark? {
        guard !fingerprint.isEmpty else { return nil }
        let content = try directory.fingerprintSecret(time: now) + Array(fingerprint.utf8)
        let digest = content.withUnsafeBytes { SHA256.digest($0) }
        let hash = digest.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return FingerprintMark(rawValue: hash == 0 ? 1 : hash)
    }

    /// What a preview goes by: nothing is reserved.
    package func trialClaim(
        of plan: PlanNumber, for customer: CustomerID, _ mark: FingerprintMark?,
        _ pricing: PricingState
    ) -> TrialClaim? {
        guard let mark else { return nil }
        let code = pricing.trialCode(of: plan, mark)
        return TrialClaim(
            mark, isTaken: directory.redemptions.isTaken(code.code, besides: customer))
    }

    /// Runs a call that may begin trials of a customer with a fingerprint.
    ///
    /// - Parameters:
    ///   - plans: those whose trials it may begin, of the customer as it is.
    ///   - body: commits it, with what the directory says of them.
    package func claimingTrials<Answer: Sendable>(
        for customer: CustomerID,
        _ plans: (borrowing CustomerState, PricingState) -> [PlanNumber],
        _ body: ([PlanNumber: TrialClaim]) async throws(ExecuteFault) -> Answer
    ) async throws(ExecuteFault) -> Answer {
        for _ in 0..<TallyEnvironment.claimPatience {
            let asked = try? customers(of: customer).read(
                customer, names: directory.current, in: Workspace()
            ) { customer, names in
                (customer.account.fingerprint, plans(customer, names.pricing))
            }.answer
            guard let (mark, plans) = asked, let mark, !plans.isEmpty else {
                do throws(ExecuteFault) {
                    return try await body([:])
                } catch .refused(.trialUnclaimed) { continue }
            }
            do throws(ExecuteFault) {
                return try await claiming(plans, mark, for: customer, body)
            } catch .refused(.trialUnclaimed) { continue }
        }
        throw .refused(.trialUnclaimed)
    }

    /// Runs a call with the trials of these plans reserved, as far as they can be had.
    package func claiming<Answer: Sendable>(
        _ plans: [PlanNumber], _ mark: FingerprintMark, for customer: CustomerID,
        _ body: ([PlanNumber: TrialClaim]) async throws(ExecuteFault) -> Answer
    ) async throws(ExecuteFault) -> Answer {
        let pricing = directory.current.pricing
        let codes = plans.map { pricing.trialCode(of: $0, mark) }
        return try await reserving(codes, for: customer) {
            (reserved) async throws(ExecuteFault) in
            var claims: [PlanNumber: TrialClaim] = [:]
            for (plan, code) in zip(plans, codes) {
                let isTaken =
                    reserved[code.code] == nil
                    || directory.redemptions.isTaken(code.code, besides: customer)
                claims[plan] = TrialClaim(mark, isTaken: isTaken)
            }
            return try await body(claims)
        }
    }

    /// What a customer has tried counts for a fingerprint that it gets.
    package func countTrials(
        of customer: CustomerID, as mark: FingerprintMark
    ) throws(ExecuteFault) {
        let tried = try? customers(of: customer).read(
            customer, names: directory.current, in: Workspace()
        ) { customer, _ in
            customer.account.fingerprint == mark ? [] : customer.account.trials.map(\.plan)
        }.answer
        let pricing = directory.current.pricing
        for plan in Set(tried ?? []).sorted(by: { $0.rawValue < $1.rawValue }) {
            let code = pricing.trialCode(of: plan, mark).code
            guard directory.redemptions.kept(of: code) == 0 else { continue }
            let change = DirectoryRecord.Change.codeCounted(code: code, redemptions: 1)
            try directory.commit(DirectoryRecord(time: now, change: change, requestID: ""))
            directory.redemptions.restore(change)
        }
    }
}

extension PricingState {
    /// How the trials of a plan are counted that customers of a fingerprint have.
    fileprivate func trialCode(of plan: PlanNumber, _ mark: FingerprintMark) -> PromotionCode {
        let latest = self.plan(self.latest(plan))
        let hex = String(mark.rawValue, radix: 16)
        return .counted(
            "\(Redemptions.trialPrefix)\(hex):\(latest.id)",
            atMost: latest.trial?.isUnique == true ? 1 : nil)
    }
}

extension Redemptions.Reservation {
    /// The plan whose trial it is; nil: it is a code's.
    var trialPlanID: String? {
        guard code.hasPrefix(Redemptions.trialPrefix) else { return nil }
        return code.split(separator: ":").last.map(String.init)
    }
}
