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
        try await APIStage.with(table.pricing.naming(table.events), options) { stage in
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
    /// Features that one event feeds together.
    fileprivate var events: [[String]] {
        stories.flatMap(\.steps).reduce(into: []) { events, step in
            if case .event(let features, _) = step, !events.contains(features) {
                events.append(features)
            }
        }
    }
}

extension PricingState {
    /// With a name for each event.
    fileprivate func naming(_ events: [[String]]) -> PricingState {
        var features = features
        for index in features.indices {
            for event in events where event.contains(features[index].id) {
                features[index].eventNames.append(StepRequest.eventName(of: event))
            }
        }
        var draft = PricingDraft(
            currency: "usd", features: features, plans: plans.compactMap(\.last))
        draft.settings = settings
        return PricingState.empty.publishing(draft)
    }
}
