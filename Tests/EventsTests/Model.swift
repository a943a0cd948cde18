import Billing
import Events

/// The same answers from a plain list.
struct Model {
    var events: [ModelEvent]

    func matching(_ filter: EventFilter) -> [ModelEvent] {
        events.filter { event in
            (filter.customer == nil || filter.customer == event.customer)
                && (filter.features.isEmpty || filter.features.contains(event.feature))
                && filter.times.contains(event.cursor.time)
                && filter.properties.allSatisfy { event.properties.contains($0) }
        }
    }

    func list(_ query: ListQuery) -> [ModelEvent] {
        let isNewest = query.order == .newestFirst
        var found = matching(query.filter).sorted {
            isNewest ? $0.cursor > $1.cursor : $0.cursor < $1.cursor
        }
        if let after = query.after {
            found.removeAll { isNewest ? $0.cursor >= after : $0.cursor <= after }
        }
        return Array(found.prefix(query.limit))
    }

    /// Totals by feature, group and start of bin; without an order and without zeros.
    func aggregate(_ query: AggregateQuery) -> [Key: EventTotal] {
        let found = matching(query.filter)
        var groups: [EventGroup: EventTotal] = [:]
        for event in found { groups[group(event, query), default: .zero] += total(event) }
        var shown = Set(groups.keys)
        if query.grouping != nil, groups.count > query.groupLimit {
            let best = groups.sorted { a, b in
                (a.value.sum, a.value.count) > (b.value.sum, b.value.count)
            }
            shown = Set(best.prefix(query.groupLimit).map(\.key))
        }
        var totals: [Key: EventTotal] = [:]
        for event in found {
            let group = group(event, query)
            let bin = query.bins.starts.last { $0 <= event.cursor.time } ?? 0
            let key = Key(
                feature: query.splitsFeatures ? event.feature : nil,
                group: shown.contains(group) ? group : .other, bin: bin)
            totals[key, default: .zero] += total(event)
        }
        return totals
    }

    struct Key: Hashable {
        var feature: FeatureNumber?
        var group: EventGroup
        var bin: Int64
    }

    private func total(_ event: ModelEvent) -> EventTotal {
        EventTotal(sum: event.value, count: 1)
    }

    private func group(_ event: ModelEvent, _ query: AggregateQuery) -> EventGroup {
        switch query.grouping {
        case nil: .all
        case .customer: .customer(event.customer)
        case .property(let key):
            event.properties.first { $0.key == key }.map { .value($0.value) } ?? .absent
        }
    }
}

extension [EventSeries] {
    func totals(_ bins: TimeBins) -> [Model.Key: EventTotal] {
        var totals: [Model.Key: EventTotal] = [:]
        for series in self {
            for (bin, total) in zip(bins.starts, series.totals) where total.count > 0 {
                let key = Model.Key(feature: series.feature, group: series.group, bin: bin)
                totals[key, default: .zero] += total
            }
        }
        return totals
    }
}
