package import Billing
internal import Logging
internal import Wire

extension PromotionCode {
    /// How a code that refers is counted: no reward's code has a colon in it.
    package static func referring(_ code: String, atMost most: UInt32) -> PromotionCode {
        counted("referral:\(code)", atMost: most)
    }

    static func counted(_ key: String, atMost most: UInt32?) -> PromotionCode {
        var code = PromotionCode("", maxRedemptions: most)
        code.code = key
        return code
    }
}

extension TallyEnvironment {
    /// The code that a customer refers others with, durably.
    package func referralCode(
        of customer: CustomerID, in programmeID: String
    ) throws(ExecuteFault) -> String {
        let owner = ReferralCodes.Owner(programmeID: programmeID, customer: customer.text)
        let (code, sequence) = try directory.referralCodes.code(of: owner) {
            (change) throws(ExecuteFault) in
            try directory.append(change, time: now)
        }
        // One that another call has just made may be on its way yet.
        try directory.wait(for: sequence ?? directory.log.end.sequence)
        return code
    }

    /// Tells the referrer how far a referral is, then notes that it knows: each step is durable
    /// before the next one, and may be taken any number of times.
    package func handOver(
        _ referralID: String, of redeemer: CustomerID
    ) async throws(ExecuteFault) {
        guard let referral = try await untold(referralID, of: redeemer) else { return }
        do throws(ExecuteFault) {
            _ = try await commit(
                .handOver(.receive(referral, from: redeemer)), for: referral.other, request: nil)
        } catch .refused(.customerNotFound) {
            // Nobody is there any more to get anything.
        }
        _ = try await commit(
            .handOver(.confirm(id: referralID, referral.stage)), for: redeemer, request: nil)
    }

    /// The same of all of a customer's, as far as it can be done now: the rest is done later.
    package func handOverAll(of redeemer: CustomerID) async {
        let open = try? customers(of: redeemer).read(
            redeemer, names: directory.current, in: Workspace()
        ) { customer, _ in
            customer.account.referrals.filter(\.isUntold).map(\.id)
        }.answer
        for id in open ?? [] { try? await handOver(id, of: redeemer) }
    }

    /// What the referrer has yet to be told, once it can't be lost any more.
    private func untold(
        _ id: String, of redeemer: CustomerID
    ) async throws(ExecuteFault) -> Referral? {
        do throws(ExecuteFault) {
            let (found, point) = try customers(of: redeemer).read(
                redeemer, names: directory.current, in: Workspace()
            ) { customer, _ in
                customer.account.referrals.first { $0.id == id && $0.isUntold }
            }
            try await arrive(at: point)
            return found
        } catch .refused(.customerNotFound) {
            return nil
        }
    }
}

/// Hands over what redeemers of a partition have decided: at once, and after a crash what it left.
struct HandoverWork: Sendable {
    let environment: TallyEnvironment
    let partition: Partition

    private static let pause = Duration.milliseconds(200)

    /// Until the repository closes.
    func run() async {
        for await handover in partition.customers.settlements.handovers {
            guard await partition.durability.reach(handover.sequence) else { return }
            while !Task.isCancelled {
                do throws(ExecuteFault) {
                    try await environment.handOver(handover.referral, of: handover.customer)
                    break
                } catch {
                    environment.logger.error(
                        "a referral could not be handed over and is tried again",
                        metadata: ["referral": "\(handover.referral)", "error": "\(error)"])
                    try? await Task.sleep(for: HandoverWork.pause)
                }
            }
        }
    }
}
