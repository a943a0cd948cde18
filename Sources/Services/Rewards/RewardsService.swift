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
