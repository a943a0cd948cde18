package import Billing
internal import CTallyProto

/// What calls to models used. What a model costs isn't known here: whoever serves the call looks it
/// up, so that a retry is the same call whatever the price list says by then.
extension RequestReader {
    package func trackTokens(_ bytes: UnsafeRawBufferPointer) throws(CallFault) -> TokensCall {
        let message = try open(bytes, tally__v1__track_tokens_request__init)
        var fields = FieldReader()
        let customer = fields.customerID(message.pointee.customer_id)
        let requestID = fields.requestID(message.pointee.request_id)
        let tokens = try tokens(message.pointee, &fields)
        guard let customer, let tokens, fields.violations.isEmpty else {
            throw .invalid(fields.violations)
        }
        var fingerprint = Fingerprint(key: fingerprintKey, method: .trackTokens)
        fingerprint.add(tokens)
        return TokensCall(
            customer: customer, calls: [tokens], isBatch: false,
            request: mark(requestID, .trackTokens, fingerprint))
    }

    package func batchTrackTokens(
        _ bytes: UnsafeRawBufferPointer
    ) throws(CallFault) -> TokensCall {
        let message = try open(bytes, tally__v1__batch_track_tokens_request__init)
        var fields = FieldReader()
        let customer = fields.customerID(message.pointee.customer_id)
        let requestID = fields.requestID(message.pointee.request_id)
        let items = elements(message.pointee.n_items, message.pointee.items)
        fields.count(items.count, at: "items", limit: RequestReader.batchTrackLimit)
        var fingerprint = Fingerprint(key: fingerprintKey, method: .batchTrackTokens)
        var calls: [TrackTokens] = []
        for (index, item) in items.enumerated() where fields.violations.isEmpty {
            for (path, id) in [
                ("customer_id", item.pointee.customer_id), ("request_id", item.pointee.request_id),
            ] where !Wire.bytes(of: id).isEmpty {
                fields.fault(path, "stays empty in a batch")
            }
            if let tokens = try tokens(item.pointee, &fields) {
                fingerprint.add(tokens)
                calls.append(tokens)
            }
            fields.move(to: "items[\(index)]")
        }
        guard let customer, fields.violations.isEmpty else { throw .invalid(fields.violations) }
        return TokensCall(
            customer: customer, calls: calls, isBatch: true,
            request: mark(requestID, .batchTrackTokens, fingerprint))
    }

    /// nil: a fault was noted.
    private func tokens(
        _ message: Tally__V1__TrackTokensRequest, _ fields: inout FieldReader
    ) throws(CallFault) -> TrackTokens? {
        let model = fields.text(message.model_id, at: "model_id", limit: ModelID.limit)
        if ModelID.provider(of: model) == nil { fields.fault("model_id", ModelID.rule) }
        let counts = counts(message, &fields)
        let overage = fields.overage(message.overage_behavior)
        let properties = fields.properties(
            elements(message.n_properties, message.properties).map {
                ($0.pointee.key, $0.pointee.value)
            })
        let time = fields.optionalInstant(message.event_time, at: "event_time")
        let entity = fields.optionalEntity(message.entity_id)
        guard fields.violations.isEmpty, let overage else { return nil }
        var tokens = TrackTokens(
            modelID: model, counts: counts, overage: overage,
            label: EventLabel(time: time, properties: properties))
        if !Wire.bytes(of: message.feature_id).isEmpty {
            tokens.feature = try feature(message.feature_id, &fields)
        }
        tokens.entity = entity
        tokens.refusesLate = message.refuse_late != 0
        return tokens
    }

    private func counts(
        _ message: Tally__V1__TrackTokensRequest, _ fields: inout FieldReader
    ) -> TokenCounts {
        var counts = TokenCounts()
        for (kind, count) in [
            (TokenKind.input, message.input_tokens), (.output, message.output_tokens),
            (.cacheRead, message.cache_read_tokens), (.cacheWrite, message.cache_write_tokens),
            (.audioInput, message.audio_input_tokens),
            (.audioOutput, message.audio_output_tokens),
            (.reasoning, message.reasoning_tokens),
        ] {
            if count > TokenCounts.limit {
                fields.fault("\(kind.name)_tokens", "must be at most 10^12")
            }
            counts[kind] = count
        }
        return counts
    }
}

/// Calls to models, to be priced and tracked.
package struct TokensCall: Sendable {
    package var customer: CustomerID
    /// Without prices.
    package var calls: [TrackTokens]
    /// The reply is a list, even of one.
    package var isBatch: Bool
    package var request: RequestMark?

    /// What to execute at these prices.
    package func command(at prices: ModelPrices) -> Command {
        let priced = calls.map { call in
            var call = call
            call.prices = prices[call.modelID]
            return call
        }
        return isBatch ? .trackTokensAll(priced) : .trackTokens(priced[0])
    }
}

extension Fingerprint {
    /// What the caller said; not what it costs.
    fileprivate mutating func add(_ tokens: TrackTokens) {
        add(UInt64(tokens.feature?.rawValue ?? 0))
        add(tokens.modelID)
        for kind in TokenKind.allCases { add(tokens.counts[kind]) }
        add(UInt64(tokens.overage.rawValue) << 1 | (tokens.refusesLate ? 1 : 0))
        add(tokens.entity)
        if let label = tokens.label { add(label) }
    }
}
