/// A part of a customer with balances of its own: a workspace, a seat (entitlements §8.3).
package struct Entity: Sendable, Equatable {
    /// Unique within the customer, never used again.
    package var number: UInt32
    package var id: InlineText
    /// What it counts as: one of these is in use as long as it is there.
    package var feature: FeatureNumber
    package var name: String
    package var created: Timestamp
    /// Slices of plans' items for each entity, and what was granted to it alone.
    package var buckets: [Bucket] = []
    package var controls = Controls.none

    package init(
        number: UInt32, id: InlineText, feature: FeatureNumber, name: String, created: Timestamp
    ) {
        self.number = number
        self.id = id
        self.feature = feature
        self.name = name
        self.created = created
    }
}

/// A customer's entities, in order of id. A copy shares all that neither changes.
package struct EntityTable: Sendable {
    private var byID: [EntityBox] = []
    /// The same, in order of number.
    private var byNumber: [EntityBox] = []
    private var counts: [BucketCount] = []

    package init() {}

    package var count: Int { byID.count }
    package var isEmpty: Bool { byID.isEmpty }

    /// In order of id.
    package subscript(index: Int) -> Entity { byID[index].value }

    package func find(_ id: InlineText) -> Entity? {
        let index = EntityTable.place(of: id, in: byID)
        guard index < byID.count, byID[index].value.id == id else { return nil }
        return byID[index].value
    }

    package func entity(_ number: UInt32) -> Entity? {
        position(number).map { byNumber[$0].value }
    }

    /// Those after an id, in order of id, and where the next page begins; nil: there is none.
    package func page(after id: InlineText, _ size: Int) -> ([Entity], next: InlineText?) {
        var start = EntityTable.place(of: id, in: byID)
        if start < byID.count, byID[start].value.id == id { start += 1 }
        let page = byID[start..<min(byID.count, start + size)].map(\.value)
        return (page, start + size < byID.count ? page.last?.id : nil)
    }

    /// Whether one has slices of a feature, or else what it shares with nobody.
    package func has(slices: Bool, of isWanted: (FeatureNumber) -> Bool) -> Bool {
        counts.contains { $0.isSlice == slices && isWanted($0.feature) }
    }

    package mutating func insert(_ entity: Entity) {
        let box = EntityBox(entity)
        byID.insert(box, at: EntityTable.place(of: entity.id, in: byID))
        var index = byNumber.count
        while index > 0, byNumber[index - 1].value.number > entity.number { index -= 1 }
        byNumber.insert(box, at: index)
        count(entity.buckets, 1)
    }

    package mutating func remove(_ number: UInt32) {
        guard let position = position(number) else { return }
        let box = byNumber.remove(at: position)
        byID.remove(at: EntityTable.place(of: box.value.id, in: byID))
        count(box.value.buckets, -1)
    }

    /// Changes one where it lies, unless a copy shares it.
    package mutating func change(_ number: UInt32, _ change: (inout Entity) -> Void) {
        guard let position = position(number) else { return }
        // Two references are the table's own.
        let index = EntityTable.place(of: byNumber[position].value.id, in: byID)
        let before = byNumber[position].value
        var value = before
        change(&value)
        if !value.buckets.elementsEqual(before.buckets, by: BucketCount.areAlike) {
            count(before.buckets, -1)
            count(value.buckets, 1)
        }
        let box = EntityBox(value)
        byNumber[position] = box
        byID[index] = box
    }

    private mutating func count(_ buckets: [Bucket], _ change: Int) {
        for bucket in buckets {
            let isSlice = bucket.flags.contains(.slice)
            let index = counts.firstIndex { $0.feature == bucket.feature && $0.isSlice == isSlice }
            if let index {
                counts[index].count += change
                if counts[index].count == 0 { counts.remove(at: index) }
            } else {
                counts.append(
                    BucketCount(feature: bucket.feature, isSlice: isSlice, count: change))
            }
        }
    }

    private func position(_ number: UInt32) -> Int? {
        var (low, high) = (0, byNumber.count)
        while low < high {
            let middle = (low + high) / 2
            if byNumber[middle].value.number < number { low = middle + 1 } else { high = middle }
        }
        return low < byNumber.count && byNumber[low].value.number == number ? low : nil
    }

    private static func place(of id: InlineText, in boxes: [EntityBox]) -> Int {
        var (low, high) = (0, boxes.count)
        while low < high {
            let middle = (low + high) / 2
            if boxes[middle].value.id < id { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

extension EntityTable: Equatable {
    package static func == (a: EntityTable, b: EntityTable) -> Bool { a.byID == b.byID }
}

/// How many buckets of a feature entities have, so that not all of them are asked for what none of
/// them has.
private struct BucketCount: Sendable {
    var feature: FeatureNumber
    var isSlice: Bool
    var count: Int

    static func areAlike(_ a: Bucket, _ b: Bucket) -> Bool {
        a.feature == b.feature && a.flags.contains(.slice) == b.flags.contains(.slice)
    }
}

/// An entity on the heap, which never changes: it is replaced.
private final class EntityBox: Sendable, Equatable {
    let value: Entity

    init(_ value: Entity) {
        self.value = value
    }

    static func == (a: EntityBox, b: EntityBox) -> Bool { a.value == b.value }
}
