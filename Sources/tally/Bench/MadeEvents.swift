internal import Billing
internal import Events
internal import Repository

/// A day of events drawn by a seed, what is asked about them, and what the answer must be.
struct MadeEvents {
    private static let dayStart: Int64 = 1_792_972_800_000
    private static let day: Int64 = 86_400_000
    private static let regions = ["eu", "us", "ap", "sa"]
    private static let models = 100

    private let customers: Int
    private var state: UInt64
    /// Of the region that is asked for, by hour and model.
    private var expected = [EventTotal](repeating: .zero, count: 24 * MadeEvents.models)

    init(customers: Int, seed: UInt64) {
        self.customers = customers
        state = seed
    }

    mutating func write(_ count: Int, to folder: EventFolder) throws {
        let labels = Self.labels()
        var builder = EventPartBuilder(identity: 1, after: .start)
        for number in 0..<count {
            let time = Self.dayStart + Int64(number) * Self.day / Int64(count)
            if builder.isFull(for: Timestamp(milliseconds: time)) {
                _ = try folder.write(&builder)
                builder = EventPartBuilder(identity: 1, after: builder.watermark)
            }
            add(UInt64(number) + 1, time, labels, to: &builder)
        }
        _ = try folder.write(&builder)
    }

    private mutating func add(
        _ sequence: UInt64, _ time: Int64, _ labels: [EventLabel],
        to builder: inout EventPartBuilder
    ) {
        let label = Int(draw(below: UInt64(labels.count)))
        let value = Quantity(units: Int(draw(below: 1_000)) + 1)
        let feature = FeatureNumber(rawValue: UInt32(draw(below: 3)) + 1)
        let customer = Self.customer(Int(draw(below: UInt64(customers))))
        if label < Self.models {
            let hour = Int((time - Self.dayStart) / 3_600_000)
            expected[hour * Self.models + label] += EventTotal(sum: value, count: 1)
        }
        customer.withBytes { customer in
            builder.add(
                RecordedEvent(
                    sequence: sequence, index: 0, position: 1 << 32 | sequence * 128,
                    commitTime: Timestamp(milliseconds: time), customer: customer,
                    feature: feature, value: value, label: labels[label]))
        }
        builder.pass(EventWatermark(sequence: sequence, position: 1 << 32, chain: 0))
    }

    /// One for each region and model, region by region.
    private static func labels() -> [EventLabel] {
        regions.flatMap { region in
            (0..<models).compactMap { model in
                EventLabel(
                    time: nil,
                    properties: [
                        EventProperty("region", .text(region)),
                        EventProperty("model", .text("model-\(model)")),
                    ])
            }
        }
    }

    private static func customer(_ number: Int) -> CustomerID {
        guard let id = CustomerID("customer-\(number)") else {
            preconditionFailure("the id is short")
        }
        return id
    }

    /// SplitMix64.
    private mutating func draw(below limit: UInt64) -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return (mixed ^ mixed >> 31).multipliedFullWidth(by: limit).high
    }
}

extension MadeEvents {
    private static let region = EventFilter(
        properties: [EventProperty("region", .text(regions[0]))])

    private func question(_ filter: EventFilter, groupLimit: Int) -> AggregateQuery {
        let range = Self.dayStart..<Self.dayStart + Self.day
        guard let bins = TimeBins(range, by: .hour, in: .utc) else {
            preconditionFailure("a day has 24 hours")
        }
        return AggregateQuery(
            filter: filter, bins: bins, splitsFeatures: false, grouping: .property("model"),
            groupLimit: groupLimit)
    }

    /// The question of the figure.
    var byModel: AggregateQuery { question(Self.region, groupLimit: 250) }

    var topModels: AggregateQuery { question(Self.region, groupLimit: 9) }

    var allRegions: AggregateQuery { question(EventFilter(), groupLimit: 250) }

    var oneCustomer: AggregateQuery {
        question(EventFilter(customer: Self.customer(0)), groupLimit: 250)
    }

    var customerList: ListQuery {
        ListQuery(filter: EventFilter(customer: Self.customer(0)))
    }

    /// Holds an answer to `byModel` against what was made.
    func check(_ series: [EventSeries]) throws {
        var left = expected.reduce(into: EventTotal.zero) { $0 += $1 }
        for series in series {
            guard case .value(.text(let name)) = series.group,
                let model = Int(name.dropFirst("model-".count)),
                series.totals == (0..<24).map({ expected[$0 * Self.models + model] })
            else { throw CommandFault("the answer is wrong", exit: .refused) }
            left.count -= series.total.count
        }
        guard left.count == 0 else { throw CommandFault("the answer lacks events", exit: .refused) }
    }
}
