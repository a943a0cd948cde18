@testable import Billing

/// Tokens (§2.1) and concurrency limits.
extension ReferenceModel {
    // MARK: Tokens

    mutating func trackTokens(_ tokens: TrackTokens) throws(ReferenceRefusal) -> ReferenceTrack {
        let usage = try usage(of: tokens, at: "")
        return try trackEvent(usage)[0]
    }

    mutating func trackTokens(
        _ parts: [TrackTokens]
    ) throws(ReferenceRefusal) -> [ReferenceTrack] {
        var usages: [TrackUsage] = []
        for (index, tokens) in parts.enumerated() {
            usages.append(try usage(of: tokens, at: "items[\(index)]."))
        }
        var replies: [ReferenceTrack] = []
        for usage in usages { replies += try trackEvent(usage) }
        return replies
    }

    private func usage(
        of tokens: TrackTokens, at path: String
    ) throws(ReferenceRefusal) -> TrackUsage {
        let scope = tokens.feature == nil ? try scope(tokens.entity) : 0
        let systems = features.indices.map { UInt32($0 + 1) }.filter {
            kind($0) == .aiCreditSystem
        }
        let owned = Set((scope == 0 ? allBalances : usable(scope)).map(\.feature))
        let found =
            tokens.feature?.rawValue ?? systems.first { owned.contains($0) }
            ?? systems.first { pools($0).contains { owned.contains($0.feature) } }
            ?? (systems.count == 1 ? systems[0] : nil)
        guard let found, kind(found) == .aiCreditSystem else {
            throw ReferenceRefusal("invalid \(path)feature_id")
        }
        let said = features[Int(found) - 1].markups
        let model = said.models.first { $0.id == tokens.modelID }
        guard let prices = model?.prices ?? tokens.prices else {
            throw ReferenceRefusal("invalid \(path)model_id")
        }
        let provider = said.providers.first { tokens.modelID.hasPrefix($0.name + "/") }
        let markup = model?.percentage ?? provider?.percentage ?? said.standard
        var usage = TrackUsage(
            feature: FeatureNumber(rawValue: found),
            value: Quantity(raw: ReferenceModel.cost(of: tokens.counts, prices, markup.raw)),
            overage: tokens.overage, label: tokens.label)
        usage.entity = tokens.entity
        usage.refusesLate = tokens.refusesLate
        return usage
    }

    /// One token after the other's kind, each with its own mark-up.
    private static func cost(
        of counts: TokenCounts, _ prices: TokenPrices, _ markup: Amount
    ) -> Amount {
        var sum: Amount = 0
        for kind in TokenKind.allCases {
            let isSaid = [.output, .audioOutput, .reasoning].contains(kind)
            guard let price = prices[kind] ?? prices[isSaid ? .output : .input] else { continue }
            sum += Amount(counts[kind]) * price.raw * (100 * unit + markup)
        }
        // A million tokens, per cent; prices have 12 decimals, per cent and amounts 10.
        return divided(sum, by: 1_000_000 * 100 * 1_000_000_000_000)
    }

    // MARK: Slots

    func isSlots(_ feature: UInt32) -> Bool { kind(feature) == .concurrency }

    mutating func takeSlots(_ query: CheckQuery) throws(ReferenceRefusal) -> ReferenceAnswer {
        let feature = query.feature.rawValue
        guard let request = query.hold else { throw ReferenceRefusal("invalid hold") }
        if query.required.raw <= 0 { throw ReferenceRefusal("invalid required_quantity") }
        let scope = try scope(query.entity)
        try admit(request, feature)
        let answer = check(feature, query.required.raw, query.properties, scope)
        let isShadow = !answer.reason.allows && features[Int(feature) - 1].isShadow
        guard answer.reason.allows || isShadow else { return answer }
        let receipt = Receipt(
            bucket: 0, entity: scope, feature: feature, own: query.required.raw,
            units: query.required.raw, cost: nil)
        open(request, feature, receipt, query.properties, scope)
        return ReferenceAnswer(
            reason: answer.reason, required: answer.required, figures: shown(feature, scope),
            isShadow: isShadow)
    }

    /// The balances of a concurrency limit, less what holds hold of them.
    func slots(_ feature: UInt32) -> [Balance] {
        var rows = allBalances.filter { $0.feature == feature }
        /// What doesn't fit.
        func pour(_ amount: Amount, _ isMeant: (Balance) -> Bool) -> Amount {
            var rest = amount
            for index in rows.indices where rest > 0 && isMeant(rows[index]) {
                let part = rows[index].isUnlimited ? rest : min(rest, max(0, rows[index].balance))
                rows[index].balance -= part
                rest -= part
            }
            return rest
        }
        func held(by owner: (UInt32) -> Bool) -> Amount {
            holds.filter { $0.feature == feature && owner($0.entity) }.reduce(0) { $0 + $1.value }
        }
        let known = members.map(\.number)
        var rest = held { !known.contains($0) }
        for member in known { rest += pour(held { $0 == member }) { $0.entity == member } }
        rest = pour(rest) { $0.entity == 0 }
        rest = pour(rest) { $0.isSlice }
        if !rows.isEmpty { rows[0].balance -= rest }
        return rows
    }

    /// The same balances as they are shown.
    func free(_ found: [Balance]) -> [Balance] {
        guard let feature = found.first?.feature, isSlots(feature) else { return found }
        let numbers = found.map(\.number)
        return slots(feature).filter { numbers.contains($0.number) }
    }
}
