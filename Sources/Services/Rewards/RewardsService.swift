internal import Billing
package import Repository
package import Wire

/// Gives discounts, and what codes promise.
package struct RewardsService: Sendable {
    private let environment: TallyEnvironment

    /// How often a call that finds a charge under way waits for it.
    private static let patience = 8

    package init(_ environment: TallyEnvironment) {
        self.environment = environment
    }

    package func execute(_ call: RewardCall) async throws(ExecuteFault) -> [UInt8] {
        // What would be refused anyway redeems nothing.
        let codes = isRefused(call) ? [] : call.code.map { [$0] } ?? []
        return try await environment.redeeming(codes, for: call.customer) {
            (reserved) async throws(ExecuteFault) in
            try await commit(call, call.command(redeeming: reserved))
        }
    }

    /// The code that a customer refers others with.
    package func code(_ call: ReferralCodeCall) async throws(ExecuteFault) -> [UInt8] {
        // Nobody who isn't there gets one.
        _ = try mark(of: call.customer)
        guard environment.directory.current.pricing.programme(id: call.programmeID) != nil else {
            throw .refused(.programmeNotFound(call.programmeID))
        }
        let code = try environment.referralCode(of: call.customer, in: call.programmeID)
        return try await environment.commit(
            .noteReferralCode(NoteReferralCode(programmeID: call.programmeID, code: code)),
            for: call.customer, request: call.request
        ).message
    }

    /// Redeems another customer's code, and tells that one.
    package func refer(_ call: ReferralCall) async throws(ExecuteFault) -> [UInt8] {
        _ = try mark(of: call.customer)
        let pricing = environment.directory.current.pricing
        guard let owner = environment.directory.referralCodes.owner(of: call.code),
            let referrer = CustomerID(owner.customer),
            let programme = pricing.programme(id: owner.programmeID)
        else { throw .refused(.referralCodeNotFound(call.code)) }
        var redeem = RedeemReferral(
            programmeID: programme.id, code: call.code, referrer: referrer)
        do throws(ExecuteFault) {
            redeem.referrerMark = try mark(of: referrer)
        } catch .refused(.customerNotFound) {
            throw .refused(.referralCodeNotFound(call.code))
        }
        let counted = PromotionCode.referring(
            call.code, atMost: programme.maxRedemptions ?? ReferralProgramme.redemptionLimit)
        // What would be refused anyway redeems nothing.
        let codes = isRefused(redeem, for: call.customer) ? [] : [counted]
        let message = try await environment.reserving(codes, for: call.customer) {
            [redeem] (reserved) async throws(ExecuteFault) in
            var redeem = redeem
            redeem.redemption = reserved[counted.code] ?? ""
            return try await environment.commit(
                .redeemReferral(redeem), for: call.customer, request: call.request
            ).message
        }
        await environment.handOverAll(of: call.customer)
        return message
    }

    private func mark(of customer: CustomerID) throws(ExecuteFault) -> FingerprintMark? {
        try environment.customers(of: customer).read(
            customer, names: environment.directory.current, in: Workspace()
        ) { customer, _ in customer.account.fingerprint }.answer
    }

    private func isRefused(_ redeem: RedeemReferral, for customer: CustomerID) -> Bool {
        var redeem = redeem
        redeem.redemption = "asked"
        let customers = environment.customers(of: customer)
        let isTaken = try? customers.read(
            customer, names: environment.directory.current, in: Workspace()
        ) { customer, names in
            let now = customer.buckets.clock.time(at: customers.environmentTime)
            let command = Command.redeemReferral(redeem)
            return (try? customer.decide(command, pricing: names.pricing, now: now)) != nil
        }.answer
        return isTaken != true
    }

    private func isRefused(_ call: RewardCall) -> Bool {
        guard let code = call.code else { return false }
        let customers = environment.customers(of: call.customer)
        let names = environment.directory.current
        let found = try? customers.read(call.customer, names: names, in: Workspace()) {
            (customer, names) -> Refusal? in
            let now = customer.buckets.clock.time(at: customers.environmentTime)
            do throws(Refusal) {
                _ = try customer.decide(
                    call.command(redeeming: [code: "asked"]), pricing: names.pricing, now: now)
                return nil
            } catch {
                return error == .purchaseInProgress ? nil : error
            }
        }
        return found.map { $0.answer != nil } ?? true
    }

    private func commit(
        _ call: RewardCall, _ command: Command
    ) async throws(ExecuteFault) -> [UInt8] {
        for _ in 0..<RewardsService.patience {
            do throws(ExecuteFault) {
                return try await environment.commit(
                    command, for: call.customer, request: call.request
                ).message
            } catch .refused(.purchaseInProgress) {
                _ = await environment.waitForOpenEffect(of: call.customer)
            }
        }
        throw .refused(.purchaseInProgress)
    }

    /// What is known of a code.
    package func find(
        _ code: String, names: PricingNames, in workspace: Workspace
    ) throws(ExecuteFault) -> Execution {
        guard let reward = names.pricing.reward(code: code) else {
            throw .refused(.promotionCodeNotFound(code))
        }
        let message = ReplyWriter(arena: workspace.arena, names: names).promotionCode(
            reward, redemptions: environment.directory.redemptions.count(of: reward.code.code))
        return .done(Outcome(message: message))
    }
}
