internal import Billing
internal import Repository
internal import Usage
internal import Wire

/// What is asked about usage.
extension Exchange {
    func listEvents() async throws(JSONProblem) -> JSONValue {
        let form = try filled(.listEvents)
        let call = try read(form) { (reader, bytes) throws(CallFault) in
            try reader.listEvents(bytes)
        }
        let service = UsageService(environment)
        let message = try await lane.run { () throws(ExecuteFault) in
            try service.list(call, checkpoint: {})
        }
        return try shown(message, "ListEventsResponse", .eventList, plainContext)
    }

    func aggregateEvents() async throws(JSONProblem) -> JSONValue {
        var body = try body()
        let isRanged = (body["custom_range"] ?? .null) != .null
        if isRanged, (body["range"] ?? .null) != .null {
            throw .invalid("range must not be given together with custom_range")
        }
        let range = body["range"] ?? .null
        if !isRanged {
            let (start, end) = try self.range(range, of: body["customer_id"])
            body.set(
                "custom_range",
                .object([
                    "start": .number(start.milliseconds), "end": .number(end.milliseconds),
                ]))
        }
        if (body["bin_size"] ?? .null) == .null {
            body.set("bin_size", .string(range == .string("24h") ? "hour" : "day"))
        }
        let form = try filled(.aggregateEvents, body)
        let query = try read(form) { (reader, bytes) throws(CallFault) in
            try reader.aggregateEvents(bytes)
        }
        let service = UsageService(environment)
        let message = try await lane.run { () throws(ExecuteFault) in
            try service.aggregate(query, checkpoint: {})
        }
        return try shown(message, "AggregateEventsResponse", .aggregate, plainContext)
    }

    private static let hour: Int64 = 3_600_000

    /// `1bc`, `3bc` and `last_cycle` count the cycles of the customer's main plan; without one, a
    /// cycle is 30 days that end now.
    private func range(
        _ range: JSONValue, of customer: JSONValue?
    ) throws(JSONProblem) -> (start: Timestamp, end: Timestamp) {
        var word = "1bc"
        if case .string(let text) = range { word = text }
        let end = environment.now.adding(milliseconds: 1)
        let days: [String: Int64] = ["24h": 1, "7d": 7, "30d": 30, "90d": 90]
        if let days = days[word] {
            return (end.adding(milliseconds: -days * 24 * Exchange.hour), end)
        }
        let cycles: [String: Int64] = ["1bc": 1, "3bc": 3, "last_cycle": 2]
        guard let count = cycles[word], range == .null || range.isText else {
            throw .invalid(
                "range must be one of 24h, 7d, 30d, 90d, last_cycle, 1bc, 3bc")
        }
        var (start, length) = (
            end.adding(milliseconds: -30 * 24 * Exchange.hour), 30 * 24 * Exchange.hour
        )
        if case .string(let id)? = customer, let customer = CustomerID(id),
            let plan = environment.state(of: customer)?.customer.subscriptions
                .last(where: {
                    $0.periodStart < end && end <= $0.periodEnd && !$0.addOn
                        && $0.periodEnd != .never
                })
        {
            start = plan.periodStart
            length = plan.periodEnd.milliseconds - start.milliseconds
        }
        let first = start.adding(milliseconds: -(count - 1) * length)
        return (first, word == "last_cycle" ? start : end)
    }
}

extension RequestForm {
    static let listEvents = RequestForm(
        "ListEventsRequest",
        [
            .text("start_cursor", as: "page_token"),
            .count("limit", as: "page_size"),
            .text("customer_id", as: "selection.customer_id"),
            features,
            .object(
                "custom_range", as: "",
                RequestShape([
                    .time("start", as: "selection.start_time"),
                    .time("end", as: "selection.end_time"),
                ])),
            .values("filter_by", as: "selection.properties"),
        ] + RequestShape.Key.later("entity_id"))

    static let aggregateEvents = RequestForm(
        "AggregateEventsRequest",
        [
            features.required,
            .text("customer_id", as: "selection.customer_id"),
            .object(
                "custom_range", as: "",
                RequestShape([
                    .time("start", as: "selection.start_time").required,
                    .time("end", as: "selection.end_time").required,
                ])),
            .word("bin_size", as: "bin", ["hour", "day", "week", "month"]),
            .values("filter_by", as: "selection.properties"),
            RequestShape.Key(
                "group_by",
                .own("must be \"$customer_id\", or \"properties.\" and a name") { value, _ in
                    guard case .string(let text) = value else { return nil }
                    if text == "$customer_id" { return .object(["by_customer": .bool(true)]) }
                    guard text.hasPrefix("properties."), text.utf8.count > 11 else { return nil }
                    return .object(["property_key": .string(String(text.dropFirst(11)))])
                }, as: ""
            ).described(.text),
            .count("max_groups", as: "group_limit"),
        ] + RequestShape.Key.later("entity_id", "aggregate_on"))

    /// One id, or a list of some.
    private static let features = RequestShape.Key(
        "feature_id",
        .own("must be a string, or a list of strings") { value, _ in
            if case .string = value { return .array([value]) }
            guard let elements = value.elements, elements.allSatisfy(\.isText) else { return nil }
            return value
        }, as: "selection.feature_ids"
    ).described(.either(.text, .list(.text)))
}
