/// A note that a caller keeps with a customer (entitlements §8.1). Personal, as a name is.
package struct MetadataEntry: Sendable, Hashable {
    package var key: String
    package var value: String

    /// How many a customer may have, and how many bytes their parts.
    package static let countLimit = 50
    package static let keyLimit = 40
    package static let valueLimit = 500

    package init(_ key: String, _ value: String) {
        self.key = key
        self.value = value
    }
}

extension [MetadataEntry] {
    /// With these put in or replaced and those keys gone; in order of key, each key once.
    package func merged(with entries: [MetadataEntry], without gone: [String] = []) -> Self {
        var values = Dictionary(uniqueKeysWithValues: map { ($0.key, $0.value) })
        for key in gone { values[key] = nil }
        for entry in entries { values[entry.key] = entry.value }
        return values.keys.sorted().map { MetadataEntry($0, values[$0] ?? "") }
    }
}
