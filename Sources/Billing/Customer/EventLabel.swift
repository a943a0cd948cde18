/// What a caller says about its usage beyond feature and value. Moves no balance; most usage has
/// none, and then nothing of this is made.
///
/// A class, so that a fact that carries one grows by a single word.
package final class EventLabel: Sendable {
    /// When it was used; nil: when it is committed.
    package let time: Timestamp?
    /// In order of key, each key once.
    package let properties: [EventProperty]

    /// nil: there is nothing to say. Of equal keys the last one counts.
    package init?(time: Timestamp?, properties: [EventProperty]) {
        guard time != nil || !properties.isEmpty else { return nil }
        self.time = time
        var sorted: [EventProperty] = []
        for property in properties {
            let place = sorted.firstIndex { !($0.key < property.key) } ?? sorted.count
            if place < sorted.count, sorted[place].key == property.key {
                sorted[place] = property
            } else {
                sorted.insert(property, at: place)
            }
        }
        self.properties = sorted
    }
}

extension EventLabel: Equatable {
    package static func == (a: EventLabel, b: EventLabel) -> Bool {
        a.time == b.time && a.properties == b.properties
    }
}

/// A flat property of a usage event.
package struct EventProperty: Sendable, Hashable {
    package var key: String
    package var value: PropertyValue

    /// How many an event may have, and how many bytes their parts.
    package static let countLimit = 32
    package static let keyLimit = 64
    package static let valueLimit = 256

    /// Callers' own may be about persons; those that Tally sets begin with "$" and aren't.
    package var isPersonal: Bool { key.utf8.first != UInt8(ascii: "$") }

    package init(_ key: String, _ value: PropertyValue) {
        self.key = key
        self.value = value
    }
}

/// A scalar.
package enum PropertyValue: Sendable, Hashable {
    case text(String)
    /// The bits of a finite IEEE 754 double: nothing is computed with it here. Zero has one form.
    case number(bits: UInt64)
    case boolean(Bool)
}
