import Billing
import Events
import Testing

@Suite("Questions about events")
struct QuestionTests {
    private static let filters: [EventFilter] = [
        EventFilter(),
        EventFilter(customer: Samples.customer("c7")),
        EventFilter(customer: Samples.customer("nobody")),
        EventFilter(features: [FeatureNumber(rawValue: 2)]),
        EventFilter(features: [FeatureNumber(rawValue: 1), FeatureNumber(rawValue: 4)]),
        EventFilter(features: [FeatureNumber(rawValue: 9)]),
        EventFilter(times: 1_792_900_000_000..<1_793_060_000_000),
        EventFilter(properties: [EventProperty("model", .text("m3"))]),
        EventFilter(properties: [
            EventProperty("cached", .boolean(true)), EventProperty("tier", Samples.number(0.5)),
        ]),
        EventFilter(properties: [EventProperty("model", .text("m99"))]),
        EventFilter(properties: [EventProperty("unknown", .text("m3"))]),
        EventFilter(
            customer: Samples.customer("c7"), features: [FeatureNumber(rawValue: 3)],
            times: 1_792_950_000_000..<1_793_100_000_000,
            properties: [EventProperty("model", .text("m3"))]),
    ]

    private static func parts(_ seed: UInt64) throws -> (model: Model, parts: [EventPart]) {
        let events = Samples.events(1_200, seed: seed)
        return (Model(events: events), try EventPartBuilder.parts(of: events, cuts: [300, 800]))
    }

    @Test("Lists are those of a plain list", arguments: [1, 2, 3] as [UInt64])
    func list(seed: UInt64) throws {
        let (model, parts) = try Self.parts(seed)
        #expect(parts.count == 3)
        for filter in Self.filters {
            for order in [ListQuery.Order.newestFirst, .oldestFirst] {
                for limit in [1, 17, 1_000] {
                    let query = ListQuery(filter: filter, order: order, limit: limit)
                    #expect(try query.run(over: parts) == model.list(query))
                }
            }
        }
    }

    @Test("A walk shows what a list does, and ends when it is told", arguments: [1, 2] as [UInt64])
    func walk(seed: UInt64) throws {
        let (_, parts) = try Self.parts(seed)
        for filter in Self.filters {
            let query = ListQuery(filter: filter, order: .oldestFirst, limit: ListQuery.limit)
            var walked: [UsageEvent] = []
            try filter.forEach(over: parts) { event in
                walked.append(event)
                return true
            }
            let first = walked.sorted { $0.cursor < $1.cursor }.prefix(ListQuery.limit)
            #expect(try Array(first) == query.run(over: parts))
            var count = 0
            try filter.forEach(over: parts) { _ in
                count += 1
                return count < 3
            }
            #expect(count == min(3, walked.count))
        }
    }

    @Test("A list goes on behind its cursor, whatever was added", arguments: [1, 2] as [UInt64])
    func pages(seed: UInt64) throws {
        let events = Samples.events(2_000, seed: seed)
        for filter in Self.filters {
            for order in [ListQuery.Order.newestFirst, .oldestFirst] {
                var (seen, known) = ([ModelEvent](), 1_000)
                var after: EventCursor?
                while true {
                    let parts = try EventPartBuilder.parts(
                        of: Array(events[..<known]), cuts: [400, 1_200])
                    let page = try ListQuery(
                        filter: filter, order: order, after: after, limit: 83
                    ).run(over: parts)
                    seen += page
                    after = page.last?.cursor ?? after
                    if page.count < 83, known == events.count { break }
                    known = min(events.count, known + 250)
                }
                #expect(Set(seen.map(\.cursor)).count == seen.count)
                let early = Model(events: Array(events[..<1_000])).matching(filter)
                #expect(Set(early.map(\.cursor)).isSubset(of: seen.map(\.cursor)))
                #expect(
                    seen.map(\.cursor)
                        == seen.map(\.cursor).sorted { a, b in
                            order == .newestFirst ? a > b : a < b
                        })
            }
        }
    }

    @Test("Aggregates are those of a plain list", arguments: [1, 2, 3] as [UInt64])
    func aggregate(seed: UInt64) throws {
        let (model, parts) = try Self.parts(seed)
        let range: Range<Int64> = 1_792_700_000_000..<1_793_150_000_123
        let groupings: [AggregateQuery.Grouping?] = [
            nil, .property("model"), .property("tier"), .property("nothing"), .customer,
        ]
        for unit in BinUnit.allCases {
            let bins = try #require(TimeBins(range, by: unit, in: .utc))
            for grouping in groupings {
                for (splits, limit) in [(true, 250), (false, 250), (true, 4), (false, 0)] {
                    for filter in Self.filters {
                        let query = AggregateQuery(
                            filter: filter, bins: bins, splitsFeatures: splits,
                            grouping: grouping, groupLimit: limit)
                        let series = try query.run(over: parts)
                        #expect(series.totals(bins) == model.aggregate(query))
                        for series in series {
                            let sum = series.totals.reduce(into: EventTotal.zero) { $0 += $1 }
                            #expect(sum == series.total)
                        }
                    }
                }
            }
        }
    }

    @Test("Groups come by their sums, the others last")
    func order() throws {
        let (_, parts) = try Self.parts(1)
        let bins = try #require(
            TimeBins(1_792_000_000_000..<1_794_000_000_000, by: .month, in: .utc))
        let series = try AggregateQuery(
            filter: EventFilter(), bins: bins, splitsFeatures: false,
            grouping: .property("model"), groupLimit: 3
        ).run(over: parts)
        #expect(series.count == 4)
        #expect(series.last?.group == .other)
        let sums = series.dropLast().map(\.total.sum)
        #expect(sums == sums.sorted(by: >))
    }

    @Test("Many keys: what is no column is found all the same")
    func manyKeys() throws {
        let events = (0..<600).map { number in
            Samples.event(
                UInt64(number) + 1, time: Int64(number) * 1_000,
                properties: [
                    EventProperty("key\(number % 300)", .text("v\(number % 7)")),
                    EventProperty("common", .text("x")),
                ])
        }
        let parts = try EventPartBuilder.parts(of: events, cuts: [450])
        let model = Model(events: events)
        for key in ["key0", "key254", "key255", "key256", "key299", "common"] {
            for value in ["v0", "v3", "x"] {
                let filter = EventFilter(properties: [EventProperty(key, .text(value))])
                let list = ListQuery(filter: filter, limit: 1_000)
                #expect(try list.run(over: parts) == model.list(list))
                let bins = try #require(TimeBins(0..<600_000, by: .hour, in: .utc))
                let query = AggregateQuery(
                    filter: EventFilter(), bins: bins, grouping: .property(key), groupLimit: 5)
                #expect(try query.run(over: parts).totals(bins) == model.aggregate(query))
            }
        }
    }

    @Test("Several blocks, exact to the last decimal")
    func blocks() throws {
        let count = 140_000
        let tiny = Quantity(raw: 1)
        let large = Quantity(units: 1_000_000_000_000_000)
        var builder = EventPartBuilder(identity: 1, after: .start)
        for number in 0..<count {
            builder.add(
                Samples.event(
                    UInt64(number) + 1, time: Int64(number) * 1_000, customer: "c\(number % 3)",
                    value: number % 2 == 0 ? large : tiny,
                    properties: number < 70_000 ? [] : [EventProperty("late", .boolean(true))]))
        }
        let part = try EventPart(file: MemoryBytes(bytes: builder.finish()))
        try part.verify()
        #expect(part.rows == count)
        let bins = try #require(TimeBins(0..<Int64(count) * 1_000, by: .day, in: .utc))
        let query = AggregateQuery(filter: EventFilter(), bins: bins, grouping: .property("late"))
        let series = try query.run(over: [part])
        let half = Int128(count / 4) * (large.raw + tiny.raw)
        #expect(series.map(\.total.sum.raw) == [half, half])
        #expect(series.map(\.total.count) == [70_000, 70_000])
        let list = ListQuery(
            filter: EventFilter(customer: Samples.customer("c1")), order: .oldestFirst,
            after: EventCursor(time: 65_530_000, sequence: 65_531, index: 0), limit: 5)
        #expect(
            try list.run(over: [part]).map(\.cursor.sequence) == [
                65_534, 65_537, 65_540, 65_543, 65_546,
            ])
    }

    @Test("Bounds are kept")
    func bounds() throws {
        let events = (0..<300).map { Samples.event(UInt64($0) + 1, time: 0, customer: "c\($0)") }
        let parts = try EventPartBuilder.parts(of: events, cuts: [])
        let bins = try #require(TimeBins(0..<10_000 * 3_600_000, by: .hour, in: .utc))
        let query = AggregateQuery(
            filter: EventFilter(), bins: bins, grouping: .customer, groupLimit: 250)
        #expect(throws: EventFault.tooManyCells(limit: AggregateQuery.cellLimit)) {
            try query.run(over: parts)
        }
        #expect(TimeBins(0..<10_001 * 3_600_000, by: .hour, in: .utc) == nil)
        struct Stop: Error {}
        #expect(throws: Stop.self) {
            try ListQuery(filter: EventFilter()).run(over: parts) { throw Stop() }
        }
    }
}
