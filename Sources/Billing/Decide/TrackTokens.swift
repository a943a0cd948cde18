/// Records what a call to a model used: its tokens, drawn from AI credits at what they cost
/// (entitlements §2.1).
package struct TrackTokens: Sendable {
    /// nil: the customer's AI credit system.
    package var feature: FeatureNumber?
    package var modelID: String
    package var counts: TokenCounts
    /// What the price list says now; nil: nothing.
    package var prices: TokenPrices?
    package var overage: OverageBehavior
    package var label: EventLabel?
    /// Empty: the customer as a whole.
    package var entity = InlineText.empty
    package var refusesLate = false

    package init(
        modelID: String, counts: TokenCounts, overage: OverageBehavior,
        label: EventLabel? = nil
    ) {
        self.modelID = modelID
        self.counts = counts
        self.overage = overage
        self.label = label
    }
}

extension BucketSet {
    func decideTrackTokens(
        _ tokens: TrackTokens, pricing: PricingState, now: Timestamp
    ) throws(Refusal) -> Decision {
        let usage = try usage(of: tokens, pricing)
        var decision = try decideTrack(usage, pricing: pricing, now: now)
        if case .track(let reply) = decision.reply {
            decision.reply = .trackTokens(TokenReply(feature: usage.feature, track: reply))
        }
        return decision
    }

    /// All of them, or none.
    func decideTrackTokensAll(
        _ parts: [TrackTokens], pricing: PricingState, now: Timestamp
    ) throws(Refusal) -> Decision {
        var usages: [TrackUsage] = []
        for (index, tokens) in parts.enumerated() {
            do throws(Refusal) {
                usages.append(try usage(of: tokens, pricing))
            } catch .invalid(let violations) {
                throw .invalid(violations.map { $0.moved(to: "items[\(index)]") })
            }
        }
        var decision = try decideTrackAll(usages, pricing: pricing, now: now)
        if case .trackAll(let replies) = decision.reply {
            decision.reply = .trackTokensAll(
                zip(usages, replies).map { TokenReply(feature: $0.feature, track: $1) })
        }
        return decision
    }

    /// The track of what the tokens cost.
    private func usage(
        of tokens: TrackTokens, _ pricing: PricingState
    ) throws(Refusal) -> TrackUsage {
        let feature =
            if let named = tokens.feature { named } else {
                try aiCredits(in: scope(of: tokens.entity), pricing)
            }
        guard pricing.kind(of: feature) == .aiCreditSystem else {
            throw .invalid([
                Violation(path: "feature_id", message: "must be an AI credit system")
            ])
        }
        var usage = TrackUsage(
            feature: feature, value: try tokens.cost(pricing.feature(feature).markups),
            overage: tokens.overage, label: tokens.eventLabel)
        usage.entity = tokens.entity
        usage.refusesLate = tokens.refusesLate
        return usage
    }

    /// The first AI credit system that the customer has credits of, its own or others that pay for
    /// them; where there is only one, that one.
    private func aiCredits(
        in scope: Scope, _ pricing: PricingState
    ) throws(Refusal) -> FeatureNumber {
        let owned = features(in: scope)
        let all = pricing.features.indices.map { FeatureNumber(rawValue: UInt32($0 + 1)) }
            .filter {
                pricing.kind(of: $0) == .aiCreditSystem && !pricing.removed.features.contains($0)
            }
        let found =
            all.first(where: owned.contains)
            ?? all.first { pricing.pools(of: $0).contains { owned.contains($0.feature) } }
        if let found = found ?? (all.count == 1 ? all.first : nil) { return found }
        throw .invalid([
            Violation(
                path: "feature_id",
                message: all.isEmpty
                    ? "is needed: the catalog has no AI credit system yet; publish one"
                    : "is needed: the customer has none of the AI credit systems")
        ])
    }
}

extension TrackTokens {
    /// With the mark-up; the feature's own prices stand in for the list's.
    fileprivate func cost(_ markups: TokenMarkups) throws(Refusal) -> Quantity {
        guard let prices = markups.model(modelID)?.prices ?? prices else {
            throw .invalid([
                Violation(
                    path: "model_id",
                    message: "\"\(modelID)\" has no price: add it to the file that the setting "
                        + "model-prices names, or to the feature's model_markups")
            ])
        }
        return prices.cost(of: counts, markup: markups.percentage(of: modelID))
    }

    /// What is known of the call, so that lists and sums can tell models apart.
    fileprivate var eventLabel: EventLabel? {
        var properties = label?.properties ?? []
        properties.append(EventProperty(EventLabel.modelKey, .text(modelID)))
        for kind in TokenKind.allCases where counts[kind] > 0 {
            let count = Quantity(units: Int(counts[kind]))
            properties.append(
                EventProperty("$\(kind.name)_tokens", .number(bits: count.double.bitPattern)))
        }
        return EventLabel(time: label?.time, properties: properties)
    }
}

extension EventLabel {
    /// The property that names a model in lists and aggregates; callers can't set it.
    package static let modelKey = "$model"
}

extension Violation {
    fileprivate func moved(to part: String) -> Violation {
        Violation(path: "\(part).\(path)", message: message)
    }
}
