package import Billing

/// Asks for sums and counts over time.
package struct AggregateQuery: Sendable {
    /// What sums are split by, beside the feature.
    package enum Grouping: Sendable, Equatable {
        case property(String)
        case customer
    }

    /// Its times are those of the bins.
    package var filter: EventFilter
    package var bins: TimeBins
    package var splitsFeatures: Bool
    package var grouping: Grouping?
    /// The groups with the largest sums are shown, the others as one.
    package var groupLimit: Int

    package init(
        filter: EventFilter, bins: TimeBins, splitsFeatures: Bool = true,
        grouping: Grouping? = nil, groupLimit: Int = 9
    ) {
        self.filter = filter
        self.filter.times = bins.range
        self.bins = bins
        self.splitsFeatures = splitsFeatures
        self.grouping = grouping
        self.groupLimit = max(0, groupLimit)
    }
}

/// What a series is about.
package enum EventGroup: Sendable, Hashable {
    case all
    case value(PropertyValue)
    case customer(CustomerID)
    /// The event hasn't the property.
    case absent
    /// All beyond the limit.
    case other
}

/// One line of the answer. Series without an event are left out.
package struct EventSeries: Sendable, Equatable {
    /// nil: all together.
    package var feature: FeatureNumber?
    package var group: EventGroup
    /// One for each bin.
    package var totals: [EventTotal]
    package var total: EventTotal
}

extension AggregateQuery {
    /// How many distinct groups may come up, and how many bins × features × groups.
    package static let distinctLimit = 200_000
    package static let cellLimit = 1 << 18

    /// Adds up. Series come by feature, then by sum, the largest first, the others last.
    ///
    /// - Parameter checkpoint: called between blocks; what it throws ends the question.
    package func run(
        over parts: [EventPart], checkpoint: () throws -> Void = {}
    ) throws -> [EventSeries] {
        let open = try parts.compactMap { part in
            try PartFilter(filter, in: part).map { OpenPart(part: part, filter: $0) }
        }
        let features = splitsFeatures ? try Self.features(in: open) : []
        let groups = try Groups(grouping, in: open)
        var shown = Array(groups.all)
        if shown.count > groupLimit, grouping != nil {
            shown = try largest(groups, in: open, checkpoint)
        }
        var plan = CellPlan(
            bins: bins, features: features, groups: groups, shown: shown,
            hasOther: shown.count < groups.all.count)
        let sums = try plan.run(open, checkpoint)
        return try plan.series(sums)
    }

    /// The groups with the largest sums, over all bins and features.
    private func largest(
        _ groups: Groups, in open: [OpenPart], _ checkpoint: () throws -> Void
    ) throws -> [Int] {
        var plan = CellPlan(
            bins: TimeBins(all: bins.range), features: [], groups: groups,
            shown: Array(groups.all), hasOther: false)
        let sums = try plan.run(open, checkpoint)
        var totals: [(group: Int, total: EventTotal)] = []
        for group in groups.all where sums[group].count > 0 {
            totals.append((group, sums[group]))
        }
        totals.sort { groups.comes($0, before: $1) }
        return totals.prefix(groupLimit).map(\.group)
    }

    /// The features of all files, in order.
    private static func features(in open: [OpenPart]) throws -> [UInt32] {
        var found: Set<UInt32> = []
        for open in open { found.formUnion(try open.features()) }
        return found.sorted()
    }
}

/// A file in which something may match.
struct OpenPart {
    let part: EventPart
    let filter: PartFilter

    /// The numbers of its features, by code.
    func features() throws -> [UInt32] {
        let table = try part.table(.features)
        return (0..<table.count).map { table.with($0) { ByteReader.number(in: $0) } }
    }
}

extension ByteReader {
    static func number(in bytes: UnsafeRawBufferPointer) -> UInt32 {
        var reader = ByteReader(bytes)
        return reader.next()
    }
}

/// The distinct groups of all files. Group 0 has what the grouping doesn't apply to.
struct Groups {
    private let grouping: AggregateQuery.Grouping?
    private var names = TextInterner()
    /// The column that is grouped by, and its codes' groups, for each file.
    private(set) var columns: [(column: Int, groups: [UInt32])] = []

    init(_ grouping: AggregateQuery.Grouping?, in open: [OpenPart]) throws {
        self.grouping = grouping
        for open in open { columns.append(try column(in: open.part)) }
    }

    var all: Range<Int> { 0..<names.table.count + 1 }

    /// The largest sum first; equal ones by count, then by name, so that there is an order.
    func comes(
        _ a: (group: Int, total: EventTotal), before b: (group: Int, total: EventTotal)
    ) -> Bool {
        if a.total.sum != b.total.sum { return a.total.sum > b.total.sum }
        if a.total.count != b.total.count { return a.total.count > b.total.count }
        guard a.group > 0, b.group > 0 else { return a.group < b.group }
        return names.table.with(a.group - 1) { first in
            names.table.with(b.group - 1) { first.lexicographicallyPrecedes($0) }
        }
    }

    func group(_ number: Int) throws -> EventGroup {
        switch grouping {
        case nil: .all
        case .property:
            number == 0
                ? .absent
                : .value(try names.table.with(number - 1) { try PropertyCoding.value($0) })
        case .customer:
            .customer(names.table.with(number - 1) { CustomerID($0) } ?? CustomerID.none)
        }
    }

    private mutating func column(in part: EventPart) throws -> (column: Int, groups: [UInt32]) {
        let rest = EventColumn.rest.rawValue
        switch grouping {
        case nil: return (EventColumn.index.rawValue, [])
        case .customer:
            return (EventColumn.customer.rawValue, try numbers(of: part.table(.customers)))
        case .property(let key):
            if let property = part.keys.firstIndex(of: key) {
                let values = try numbers(of: part.values(ofProperty: property))
                return (EventColumn.propertyBase + property, [0] + values)
            }
            var groups: [UInt32] = []
            for value in try RestColumn(key: key, in: part).values {
                groups.append(try value.map { try $0.withUnsafeBytes { try number(of: $0) } } ?? 0)
            }
            return (rest, groups)
        }
    }

    private mutating func numbers(of table: TextTable) throws -> [UInt32] {
        var numbers: [UInt32] = []
        numbers.reserveCapacity(table.count)
        for entry in 0..<table.count {
            numbers.append(try table.with(entry) { try number(of: $0) })
        }
        return numbers
    }

    private mutating func number(of text: UnsafeRawBufferPointer) throws(EventFault) -> UInt32 {
        let number = names.number(of: text) + 1
        guard names.table.count <= AggregateQuery.distinctLimit else {
            throw .tooManyGroups(limit: AggregateQuery.distinctLimit)
        }
        return number
    }
}

extension CustomerID {
    /// No customer's.
    static var none: CustomerID {
        guard let id = CustomerID("") else { preconditionFailure("an empty text is short") }
        return id
    }
}

/// Lays the answer out as cells: bin by bin, in each feature by feature, in each group by group.
private struct CellPlan {
    let bins: TimeBins
    /// Empty: not split.
    let features: [UInt32]
    let groups: Groups
    /// The groups that have a place of their own, and whether one follows for the others.
    let shown: [Int]
    let hasOther: Bool

    private var width: Int { shown.count + (hasOther ? 1 : 0) }
    private var stride: Int { max(1, features.count) * width }

    init(bins: TimeBins, features: [UInt32], groups: Groups, shown: [Int], hasOther: Bool) {
        self.bins = bins
        self.features = features
        self.groups = groups
        self.shown = shown
        self.hasOther = hasOther
    }

    mutating func run(
        _ open: [OpenPart], _ checkpoint: () throws -> Void
    ) throws -> CellSums {
        let cells = stride.multipliedReportingOverflow(by: bins.starts.count)
        guard !cells.overflow, cells.partialValue <= AggregateQuery.cellLimit else {
            throw EventFault.tooManyCells(limit: AggregateQuery.cellLimit)
        }
        var sums = CellSums(cells: cells.partialValue)
        for (index, open) in open.enumerated() {
            let scan = BlockScan(open.part)
            let offsets = try offsets(of: open, groups.columns[index].groups)
            for block in open.part.blocks.indices where open.filter.canMatch(block, in: open.part) {
                try checkpoint()
                try scan.begin(block, open.filter)
                if scan.count == 0 { continue }
                let binned = try scan.startCells(bins: bins, stride: stride)
                if !offsets.features.isEmpty {
                    try scan.addCells(EventColumn.feature.rawValue, offsets: offsets.features)
                }
                if !offsets.groups.isEmpty {
                    try scan.addCells(groups.columns[index].column, offsets: offsets.groups)
                }
                try scan.addValues(
                    to: &sums, from: binned.lowerBound * stride, cells: binned.count * stride)
            }
        }
        return sums
    }

    /// What each code of a file adds to the cell.
    private func offsets(
        of open: OpenPart, _ groupsByCode: [UInt32]
    ) throws -> (features: [UInt32], groups: [UInt32]) {
        var place = [UInt32](repeating: UInt32(shown.count), count: groups.all.count)
        for (index, group) in shown.enumerated() { place[group] = UInt32(index) }
        let groups = groupsByCode.map { place[Int($0)] }
        guard !features.isEmpty else { return ([], groups) }
        let byCode = try open.features().map { feature in
            guard let index = features.firstIndex(of: feature) else {
                preconditionFailure("the features of all files were collected before")
            }
            return UInt32(index * width)
        }
        return (byCode, groups)
    }

    func series(_ sums: borrowing CellSums) throws -> [EventSeries] {
        var all: [EventSeries] = []
        for feature in 0..<max(1, features.count) {
            // The others, which are no group, count as `.max`.
            var lines: [(group: Int, series: EventSeries)] = []
            for place in 0..<width {
                var totals: [EventTotal] = []
                var total = EventTotal.zero
                for bin in bins.starts.indices {
                    let cell = sums[bin * stride + feature * width + place]
                    totals.append(cell)
                    total += cell
                }
                guard total.count > 0 else { continue }
                let group = place < shown.count ? try groups.group(shown[place]) : .other
                lines.append(
                    (
                        place < shown.count ? shown[place] : .max,
                        EventSeries(
                            feature: features.isEmpty
                                ? nil : FeatureNumber(rawValue: features[feature]),
                            group: group, totals: totals, total: total)
                    ))
            }
            lines.sort { a, b in
                if a.group == .max || b.group == .max { return a.group < b.group }
                return groups.comes((a.group, a.series.total), before: (b.group, b.series.total))
            }
            all += lines.map(\.series)
        }
        return all
    }
}
