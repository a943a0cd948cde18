@testable import Billing

/// What holds after every command, read off the core's state and facts alone.
struct ReferenceLaws {
    let pricing: PricingState
    let before: CustomerState
    let after: CustomerState
    let now: Timestamp

    /// What doesn't; nil: all of it does.
    func broken(by step: ReferenceStep, facts: ArraySlice<Fact>) -> String? {
        let isShadowed = facts.contains(where: \.isShadowed)
        switch step.command {
        case .track(let usage) where usage.others.isEmpty && !usage.setsUsage:
            if let fault = sum(usage, facts, isShadowed) ?? ceiling(usage) { return fault }
            if usage.overage != .overflow, !isShadowed, let fault = floor(facts) { return fault }
        case .checkAndDeduct:
            if !isShadowed, let fault = floor(facts) { return fault }
        default: break
        }
        if isShadowed, !pricing.features.contains(where: \.isShadow) {
            return "a denial was passed over"
        }
        return replay(facts) ?? views ?? unwinding(step.question)
    }

    private func buckets(_ customer: CustomerState) -> [UInt32: Bucket] {
        var found: [UInt32: Bucket] = [:]
        customer.buckets.each { bucket, _ in found[bucket.number] = bucket }
        return found
    }

    /// The sum of what was drawn is what was used: all of it, or less where it was capped.
    private func sum(
        _ usage: TrackUsage, _ facts: ArraySlice<Fact>, _ isShadowed: Bool
    ) -> String? {
        guard !facts.isEmpty, pricing.kind(of: usage.feature) != .boolean else { return nil }
        let pools = pricing.pools(of: usage.feature)
        let old = buckets(before)
        var units: Int128 = 0
        var slack: Int128 = 0
        var isFree = false
        for case .deducted(let number, let amount, _) in facts {
            guard let bucket = old[number] else { return "drew from \(number), which isn't there" }
            guard bucket.feature != usage.feature else {
                units += amount.raw
                continue
            }
            guard let pool = pools.first(where: { $0.feature == bucket.feature }) else {
                return "drew from \(number), which is of another feature"
            }
            let cost = pool.cost.raw == 0 ? UnitPrice.scale : pool.cost.raw
            units += amount.raw * UnitPrice.scale / cost
            slack += UnitPrice.scale / cost + 2
        }
        for pool in pools where pool.cost == .zero {
            if old.values.contains(where: {
                $0.feature == pool.feature && $0.flags.contains(.rollover)
            }) {
                isFree = true
            }
        }
        let (used, asked) =
            usage.value.raw < 0 ? (-units, -usage.value.raw) : (units, usage.value.raw)
        if used > asked + slack || used < -slack { return "asked \(asked), drew \(used)" }
        let isWhole =
            usage.overage == .reject && usage.value.raw > 0 && !isFree && !isShadowed
        let isOwned = !old.values.filter { bucket in
            bucket.feature == usage.feature || pools.contains { $0.feature == bucket.feature }
        }.isEmpty
        if isWhole, isOwned, used < asked - slack { return "took \(used) of \(asked)" }
        return nil
    }

    /// What a refund gives back stays within what was granted.
    private func ceiling(_ usage: TrackUsage) -> String? {
        guard usage.value < .zero, usage.overage != .overflow else { return nil }
        let old = buckets(before)
        for (number, bucket) in buckets(after) {
            guard let was = old[number], bucket.balance > was.balance else { continue }
            if bucket.balance > bucket.granted { return "bal_\(number) was lifted above its grant" }
        }
        return nil
    }

    /// No balance is drawn below its floor.
    private func floor(_ facts: ArraySlice<Fact>) -> String? {
        let old = buckets(before)
        for (number, bucket) in buckets(after) {
            guard let was = old[number], bucket.balance < was.balance, bucket.balance < .zero,
                !bucket.flags.contains(.unlimited)
            else { continue }
            let controls = controls
            let mayRun =
                !bucket.flags.isDisjoint(with: [.priced, .allocated])
                || controls.contains { owned in
                    owned.overagePermissions.contains {
                        $0.feature == bucket.feature && $0.isEnabled
                    }
                }
            if !mayRun { return "bal_\(number) was drawn below 0" }
            let isSet = controls.contains { owned in
                owned.spendLimits.contains {
                    ($0.feature ?? bucket.feature) == bucket.feature && $0.isEnabled
                }
            }
            if bucket.flags.contains(.limited), !isSet, bucket.overage > bucket.maxOverage {
                return "bal_\(number) was drawn below its floor"
            }
        }
        return nil
    }

    private var controls: [Controls] {
        let extras = before.buckets.extras
        return extras.controls.map(\.controls)
            + extras.entities.all.map(\.controls)
    }

    /// The facts alone make the same state.
    private func replay(_ facts: ArraySlice<Fact>) -> String? {
        var replayed = before
        replayed.apply(Array(facts))
        return StateView(replayed) == StateView(after) ? nil : "replayed facts make another state"
    }

    /// What was granted is what is left and what was used.
    private var views: String? {
        for index in pricing.features.indices {
            let feature = FeatureNumber(rawValue: UInt32(index + 1))
            guard let view = after.balance(of: feature), !view.unlimited else { continue }
            if view.granted != view.remaining - view.overage + view.usage {
                return "figures of feature \(index + 1) don't add up"
            }
            if view.remaining < .zero || view.overage < .zero { return "figures below 0" }
        }
        return nil
    }

    /// Something held and let go leaves no trace.
    private func unwinding(_ question: CheckQuery) -> String? {
        var query = question
        query.hold = HoldRequest(id: "unwound", expires: nil)
        var customer = after
        guard let held = try? customer.decide(.checkAndDeduct(query), pricing: pricing, now: now),
            case .check(let answer) = held.reply, answer.allowed, !held.facts.isEmpty
        else { return nil }
        customer.apply(held.facts)
        let release = SettleHold(id: "unwound", value: .zero)
        guard let released = try? customer.decide(.settleHold(release), pricing: pricing, now: now)
        else { return "a hold couldn't be let go" }
        customer.apply(released.facts)
        if trace(customer, query) != trace(after, query) {
            return "a hold of \(query) left a trace"
        }
        return nil
    }

    private struct Trace: Equatable {
        var state: StateView
        var used: [Quantity]
    }

    /// Counts matter only where they limit something, and what other holds added to them only as
    /// long as it can be taken back: not once a window is over.
    private func trace(_ customer: CustomerState, _ query: CheckQuery) -> Trace {
        var customer = customer
        let scope = (try? customer.buckets.scope(of: query.entity)) ?? .customer
        let current = pricing.features.indices.flatMap { index in
            FeatureLimits(
                of: FeatureNumber(rawValue: UInt32(index + 1)), in: scope, customer.buckets,
                pricing.order, properties: query.properties, now: now
            ).windows.map(\.current)
        }
        if customer.buckets.hasExtras {
            customer.buckets.changeExtras { extras in
                let live = extras.windows.filter { window in
                    current.contains {
                        $0.key == window.key && $0.start == window.start && $0.end == window.end
                    }
                }
                for index in extras.holds.indices {
                    extras.holds[index].counted.removeAll { counted in
                        !live.contains { $0.key == counted.window }
                    }
                }
                extras.windows = []
            }
        }
        return Trace(state: StateView(customer), used: current.map(\.used))
    }
}

extension Fact {
    /// Usage that would have been denied.
    fileprivate var isShadowed: Bool {
        guard case .usageRecorded(_, _, let label) = self else { return false }
        return label?.properties.contains { $0.key == EventLabel.shadowKey } ?? false
    }
}
