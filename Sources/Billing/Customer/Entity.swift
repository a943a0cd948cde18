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
package struct EntityTable: Sendable, Equatable {
    private var byID: [EntityBox] = []
    /// The same, in order of number.
    private var byNumber: [EntityBox] = []

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

    package mutating func insert(_ entity: Entity) {
        let box = EntityBox(entity)
        byID.insert(box, at: EntityTable.place(of: entity.id, in: byID))
        var index = byNumber.count
        while index > 0, byNumber[index - 1].value.number > entity.number { index -= 1 }
        byNumber.insert(box, at: index)
    }

    package mutating func remove(_ number: UInt32) {
        guard let position = position(number) else { return }
        let box = byNumber.remove(at: position)
        byID.remove(at: EntityTable.place(of: box.value.id, in: byID))
    }

    /// Changes one where it lies, unless a copy shares it.
    package mutating func change(_ number: UInt32, _ change: (inout Entity) -> Void) {
        guard let position = position(number) else { return }
        // Two references are the table's own.
        let index = EntityTable.place(of: byNumber[position].value.id, in: byID)
        var value = byNumber[position].value
        change(&value)
        let box = EntityBox(value)
        byNumber[position] = box
        byID[index] = box
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

/// An entity on the heap, which never changes: it is replaced.
private final class EntityBox: Sendable, Equatable {
    let value: Entity

    init(_ value: Entity) {
        self.value = value
    }

    static func == (a: EntityBox, b: EntityBox) -> Bool { a.value == b.value }
}
