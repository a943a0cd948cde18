@testable import Billing

extension Desk {
    /// What top-ups so far have done that they may not; nil: nothing.
    var topUpFault: String? {
        var attempts: [FeatureNumber: [Timestamp]] = [:]
        var open: Set<String> = []
        var bought: [FeatureNumber: Quantity] = [:]
        var asked: [String: BoughtUnits] = [:]
        for fact in facts {
            switch fact {
            case .topUpSet(let record):
                let known = attempts[record.feature] ?? []
                attempts[record.feature] = known + record.attempts.filter { !known.contains($0) }
            case .effectRequested(let effect):
                if !open.isEmpty { return "two charges at once" }
                open.insert(effect.id)
                if effect.order.purpose == .topUp { asked[effect.id] = effect.order.bought.first }
            case .effectSettled(let id, let outcome):
                open.remove(id)
                guard outcome == .done, let units = asked[id] else { continue }
                bought[units.feature, default: .zero] =
                    bought[units.feature, default: .zero] - units.units
            case .notified(let notice):
                guard case .toppedUp(let units) = notice.event else { continue }
                bought[notice.feature, default: .zero] =
                    bought[notice.feature, default: .zero] + units
            default: break
            }
        }
        for (feature, times) in attempts {
            for (first, third) in zip(times, times.dropFirst(TopUpRecord.attemptLimit))
            where third < first.adding(milliseconds: TopUpRecord.attemptSpan) {
                return "too many attempts for \(feature)"
            }
        }
        // What credit paid was asked of nobody.
        let lost = bought.filter { $0.value < .zero }
        return lost.isEmpty ? nil : "paid and not told: \(lost)"
    }
}
