@testable import Billing

/// What holds of an explanation in every state, whatever is asked.
struct ExplainLaws {
    let pricing: PricingState
    let customer: CustomerState
    let now: Timestamp

    /// What doesn't; nil: all of it does.
    func broken(by question: CheckQuery) -> String? {
        guard let answer = try? customer.check(question, pricing: pricing, now: now) else {
            let explained = try? customer.explain(question, pricing: pricing, now: now)
            return explained == nil ? nil : "explains what a check refuses"
        }
        guard let told = try? customer.explain(question, pricing: pricing, now: now) else {
            return "refuses what a check answers"
        }
        if told.answer != answer { return "says \(told.answer), the check \(answer)" }
        return rules(told) ?? parts(told, question) ?? deduction(told, question)
    }

    /// The last rule of the pool that decides leads to the answer.
    private func rules(_ told: CheckExplanation) -> String? {
        let deciding = told.pools.filter(\.decides)
        guard deciding.count == 1, let pool = deciding.first, let last = pool.rules.last else {
            return "\(deciding.count) pools decide"
        }
        if pool.reason != told.answer.reason { return "the deciding pool says \(pool.reason)" }
        if pool.required != told.answer.required { return "the amounts differ" }
        let isFollowed: Bool =
            switch (last.rule, pool.reason) {
            case (.owned, .notIncluded), (.flag, .flag), (.unlimited, .unlimited),
                (.negative, .nothingRequired), (.usageLimit, .usageLimit), (.remaining, .included),
                (.overage, .insufficientBalance), (.overage, .concurrencyLimit),
                (.spendLimit, .overage),
                (.spendLimit, .spendLimit), (.maxPurchase, .overage), (.maxPurchase, .maxPurchase):
                true
            case _: false
            }
        guard isFollowed else { return "\(last.rule) doesn't lead to \(pool.reason)" }
        guard let available = last.available else { return nil }
        return (last.required <= available) == pool.reason.allows
            ? nil : "\(last.required) of \(available) is \(pool.reason)"
    }

    /// Every bucket of the features is either drawn from or passed over.
    private func parts(_ told: CheckExplanation, _ question: CheckQuery) -> String? {
        let features =
            [question.feature] + pricing.pools(of: question.feature).map(\.feature)
        var all: [UInt32] = []
        customer.buckets.each { bucket, _ in
            if features.contains(bucket.feature) { all.append(bucket.number) }
        }
        let found = told.parts.map(\.bucket.number) + told.excluded.map(\.bucket.number)
        return found.sorted() == all.sorted() ? nil : "of parts \(all) it tells \(found)"
    }

    /// What it says is what a check that deducts does.
    private func deduction(_ told: CheckExplanation, _ question: CheckQuery) -> String? {
        switch pricing.kind(of: question.feature) {
        case .boolean, .concurrency: return nil
        case .metered, .allocated, .creditSystem, .aiCreditSystem: break
        }
        if question.required > .zero {
            let covered = told.parts.reduce(told.missing) { $0 + $1.covers }
            // What lands nowhere in shadow mode isn't missing to anybody.
            if covered != question.required { return "covers \(covered) of \(question.required)" }
        }
        guard
            let decision = try? customer.decide(
                .checkAndDeduct(question), pricing: pricing, now: now)
        else { return nil }
        let drawn = decision.facts.compactMap { fact -> Draw? in
            guard case .deducted(let bucket, let amount, let entity) = fact else { return nil }
            return Draw(bucket: bucket, entity: entity, feature: question.feature, amount: amount)
        }
        let said = told.parts.filter { $0.gives != .zero }.map {
            Draw(
                bucket: $0.bucket.number, entity: $0.entity, feature: question.feature,
                amount: $0.gives)
        }
        if decision.facts.isEmpty {
            return told.missing > .zero || told.parts.isEmpty
                ? nil : "a deduction does nothing, though nothing is missing"
        }
        return drawn == said ? nil : "a deduction draws \(drawn), not \(said)"
    }
}
