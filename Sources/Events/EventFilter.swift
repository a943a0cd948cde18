package import Billing

/// Which events a question is about: those that all of it holds for.
package struct EventFilter: Sendable, Equatable {
    package var customer: CustomerID?
    /// Any of these; empty: every feature.
    package var features: [FeatureNumber]
    /// When it was used, the end not included.
    package var times: Range<Int64>
    /// The event has these properties with these values.
    package var properties: [EventProperty]

    package init(
        customer: CustomerID? = nil, features: [FeatureNumber] = [],
        times: Range<Int64> = .min..<Int64.max, properties: [EventProperty] = []
    ) {
        self.customer = customer
        self.features = features
        self.times = times
        self.properties = properties
    }
}

/// A filter in the numbers of one file.
struct PartFilter {
    /// One column's condition.
    struct Condition {
        enum Test {
            case equals(UInt32)
            /// By code.
            case among([Bool])
        }

        var column: Int
        var test: Test
    }

    let times: Range<Int64>
    let conditions: [Condition]

    /// nil: nothing in the file can match.
    init?(_ filter: EventFilter, in part: EventPart) throws {
        guard let times = part.times, filter.times.overlaps(times) else { return nil }
        self.times = filter.times
        var conditions: [Condition] = []
        if !filter.features.isEmpty {
            guard let condition = try Self.features(filter.features, in: part) else { return nil }
            conditions.append(condition)
        }
        for property in filter.properties {
            guard let condition = try Self.property(property, in: part) else { return nil }
            conditions.append(condition)
        }
        if let customer = filter.customer {
            let customers = try part.table(.customers)
            guard let code = customer.withBytes({ customers.find($0) }) else { return nil }
            conditions.append(
                Condition(column: EventColumn.customer.rawValue, test: .equals(UInt32(code))))
        }
        self.conditions = conditions
    }

    private static func features(
        _ features: [FeatureNumber], in part: EventPart
    ) throws -> Condition? {
        let table = try part.table(.features)
        var accepted = [Bool](repeating: false, count: table.count)
        for feature in features {
            let code = withUnsafeBytes(of: feature.rawValue.littleEndian) { table.find($0) }
            if let code { accepted[code] = true }
        }
        guard accepted.contains(true) else { return nil }
        return Condition(column: EventColumn.feature.rawValue, test: .among(accepted))
    }

    private static func property(
        _ property: EventProperty, in part: EventPart
    ) throws -> Condition? {
        let value = PropertyCoding.bytes(property.value)
        if let column = part.keys.firstIndex(of: property.key) {
            let table = try part.values(ofProperty: column)
            guard let code = value.withUnsafeBytes({ table.find($0) }) else { return nil }
            return Condition(
                column: EventColumn.propertyBase + column, test: .equals(UInt32(code) + 1))
        }
        let rests = try RestColumn(key: property.key, in: part)
        let accepted = value.withUnsafeBytes { value in
            rests.values.map { $0.map { $0.elementsEqual(value) } ?? false }
        }
        guard accepted.contains(true) else { return nil }
        return Condition(column: EventColumn.rest.rawValue, test: .among(accepted))
    }

    /// Whether rows of the block can match.
    func canMatch(_ block: Int, in part: EventPart) -> Bool {
        let column = part.column(EventColumn.time.rawValue, of: block)
        guard times.overlaps(Int64(column.minimum)...Int64(column.maximum)) else { return false }
        return conditions.allSatisfy { condition in
            let column = part.column(condition.column, of: block)
            switch condition.test {
            case .equals(let code):
                return Int128(code) >= column.minimum && Int128(code) <= column.maximum
            case .among(let accepted):
                return accepted[Int(column.minimum)...Int(column.maximum)].contains(true)
            }
        }
    }
}

/// The values that events have under a key that is no column of its own, by code of the rest
/// column; the first, for code 0, is nil.
struct RestColumn {
    private(set) var values: [[UInt8]?] = [nil]

    init(key: String, in part: EventPart) throws {
        let sets = try part.table(.rest)
        for number in 0..<sets.count {
            var found: [UInt8]?
            try sets.with(number) { set in
                try PropertyCoding.forEach(inSet: set) { name, value in
                    if name.elementsEqual(key.utf8) { found = Array(value) }
                }
            }
            values.append(found)
        }
    }
}
