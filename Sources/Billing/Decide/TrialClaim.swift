/// What the directory says of a plan's trial, for whoever has a fingerprint (billing §9): customers
/// are of several partitions, and none of them knows the others.
package struct TrialClaim: Sendable, Equatable {
    /// Of the customer, when the directory was asked.
    package var mark: FingerprintMark
    /// Another customer of the fingerprint has had the trial, or is about to. Otherwise it is
    /// reserved for this one.
    package var isTaken: Bool

    package init(_ mark: FingerprintMark, isTaken: Bool) {
        self.mark = mark
        self.isTaken = isTaken
    }
}

extension CustomerState {
    /// The trial that a plan has for whoever buys it; nil: it was had before. Who has tried the
    /// plan is judged by that alone; whoever hasn't, by the fingerprint as well.
    func ownTrial(
        of plan: Plan, _ claim: TrialClaim?, in scope: PlanScope, _ pricing: PricingState
    ) -> FreeTrial? {
        guard let trial = plan.trial, let number = pricing.plan(id: plan.id),
            !account.trials.contains(TrialMark(plan: number, entity: scope.entity))
        else { return nil }
        guard let claim, claim.isTaken, trial.isUnique, claim.mark == account.fingerprint,
            !account.trials.contains(where: { $0.plan == number })
        else { return trial }
        return nil
    }

    /// A trial that there is once for a fingerprint is reserved before it begins.
    ///
    /// - Parameter pricing: with the plan that is made for it, if there is one.
    func requireClaim(
        _ attach: AttachPlan, _ order: Order, _ pricing: PricingState
    ) throws(Refusal) {
        guard let mark = account.fingerprint, order.trialEnd != .never,
            (attach.customize?.trial ?? .kept) == .kept,
            pricing.plan(order.plan).trial?.isUnique == true,
            attach.trialClaim?.mark != mark,
            !account.trials.contains(where: { $0.plan == order.plan.plan })
        else { return }
        throw .trialUnclaimed
    }

    /// Plans whose trial a command may begin: for each the directory is asked before.
    package func trials(of command: Command, pricing: PricingState) -> [PlanNumber] {
        guard account.fingerprint != nil else { return [] }
        var found: [PlanNumber] = []
        for plan in trials(begunBy: command, pricing)
        where !found.contains(plan) && !account.trials.contains(where: { $0.plan == plan }) {
            found.append(plan)
        }
        return found
    }

    private func trials(begunBy command: Command, _ pricing: PricingState) -> [PlanNumber] {
        switch command {
        case .attach(let attach):
            let trial = attach.customize?.trial ?? .kept
            let isSold = pricing.plan(pricing.latest(attach.plan)).trial != nil
            return trial == .removed || trial == .kept && !isSold ? [] : [attach.plan]
        case .attachSeveral(let several):
            return several.plans.flatMap { trials(begunBy: .attach($0), pricing) }
        case .createSchedule(let schedule):
            return schedule.phases.first?.plans.flatMap {
                trials(begunBy: .attach($0), pricing)
            } ?? []
        case .completeCheckout(let paid):
            guard let page = account.checkout, page.session == paid.session,
                page.order.purpose == .setup, page.order.plan != .none
            else { return [] }
            return [page.order.plan.plan]
        case _: return []
        }
    }

    /// What it is buying begins with a trial of a plan.
    package func isTrying(_ plan: PlanNumber) -> Bool {
        let orders = account.effects.map(\.order) + [account.checkout?.order].compactMap { $0 }
        return (orders + orders.flatMap(\.parts))
            .contains { $0.trialEnd != .never && $0.plan.plan == plan }
    }
}
