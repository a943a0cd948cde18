import Billing
import RPC
import Stories
import Testing

/// The rows of the specification once more, through the API: every message there and back.
@Suite("Stories through the API") struct StoryTests {
    @Test("are told as to the core", arguments: StoryTable.all)
    func tell(table: StoryTable) async throws {
        var options = APIStage.Options()
        options.start = try #require(table.stories.map(\.start).min())
        // All stories ask for lists at once.
        options.limits.slowCalls.waiting = 10_000
        options.limits.slowCalls.perPrincipal = 10_000
        try await APIStage.with(table.published, options) { stage in
            // All stories of a moment at once, then those of the next one.
            var waiting = table.stories.enumerated().map { number, story in
                let teller = Teller(story, as: "row_\(number)", table.pricing, on: stage)
                return (time: story.start, teller: teller)
            }
            while let now = waiting.map(\.time).min() {
                stage.clock.set(now)
                let due = waiting.filter { $0.time <= now }.map(\.teller)
                waiting.removeAll { $0.time <= now }
                waiting += await StoryTests.tell(due)
            }
        }
    }

    /// Those that aren't over yet, and what they wait for.
    private static func tell(_ tellers: [Teller]) async -> [(time: Timestamp, teller: Teller)] {
        await withTaskGroup(of: (Timestamp, Teller)?.self) { group in
            for teller in tellers {
                group.addTask { await teller.tell().map { ($0, teller) } }
            }
            return await group.reduce(into: []) { waiting, next in
                if let next { waiting.append(next) }
            }
        }
    }
}

extension StoryTable {
    /// The catalog, with what else the stories need: names of events, and plans of what is given.
    fileprivate var published: PricingState {
        var features = pricing.features
        var plans = pricing.plans.compactMap(\.first)
        for step in stories.flatMap(\.steps) {
            switch step {
            case .event(let fed, _):
                let name = StepRequest.eventName(of: fed)
                for index in features.indices where fed.contains(features[index].id) {
                    guard !features[index].eventNames.contains(name) else { continue }
                    features[index].eventNames.append(name)
                }
            case .given(let buckets):
                for bucket in buckets {
                    let plan = bucket.plan(of: pricing.feature(bucket.feature).id)
                    if let plan, !plans.contains(where: { $0.id == plan.id }) { plans.append(plan) }
                }
            default: break
            }
        }
        var draft = PricingDraft(currency: "usd", features: features, plans: plans)
        draft.taxRates = pricing.taxRates
        draft.settings = pricing.settings
        draft.rewards = pricing.rewards
        let first = PricingState.empty.publishing(draft)
        // Each revision of a plan comes after the one before.
        return (1..<(pricing.plans.map(\.count).max() ?? 1)).reduce(first) { state, index in
            let revised = pricing.plans.filter { $0.count > index }.map { $0[index] }
            return state.publishing(PricingDraft(currency: "usd", features: [], plans: revised))
        }
    }
}
