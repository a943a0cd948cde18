internal import Billing
internal import Repository
internal import Wire

/// The ids behind the numbers in customers' records, from the directory's log beside theirs. What
/// can't be found is shown as its number.
struct LogNames {
    private var pricing = PricingState.empty

    init(beside folder: String) {
        let directory = folder + "/../directory"
        var payloads = LogPayloads(folder: directory)
        let arena = Arena()
        try? LogReader(folder: directory).forEachFrame { frame in
            guard frame.header?.kind == .record, let bytes = try payloads.payload(of: frame) else {
                return
            }
            arena.reset()
            let record = try bytes.withUnsafeBytes {
                try RecordDecoder(arena: arena).directory($0)
            }
            if let published = record.published { pricing = pricing.publishing(published) }
        }
    }

    func text(_ feature: FeatureNumber) -> String {
        guard 1...pricing.features.count ~= Int(feature.rawValue) else {
            return "feature \(feature.rawValue)"
        }
        return pricing.feature(feature).id
    }

    func text(_ plan: PlanNumber) -> String {
        guard 1...pricing.plans.count ~= Int(plan.rawValue) else { return "plan \(plan.rawValue)" }
        return pricing.plans[Int(plan.rawValue) - 1][0].id
    }
}
