/// A part of a customer with balances of its own: a workspace, a seat (entitlements §8.3).
package struct Entity: Sendable, Equatable {
    /// Unique within the customer, never used again.
    package var number: UInt32
    /// Empty: it has none yet.
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

/// A customer's entities, in order of id; those without one first, at most one of each feature. A
/// copy shares all that neither changes.
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
        let index = EntityTable.place(of: id, 0, in: byID)
        guard !id.isEmpty, index < byID.count, byID[index].value.id == id else { return nil }
        return byID[index].value
    }

    /// The one that has no id yet.
    package func unnamed(of feature: FeatureNumber) -> Entity? {
        for box in byID {
            guard box.value.id.isEmpty else { return nil }
            if box.value.feature == feature { return box.value }
        }
        return nil
    }

    package func entity(_ number: UInt32) -> Entity? {
        position(number).map { byNumber[$0].value }
    }

    /// Those after an id, in order of id, and where the next page begins; nil: there is none.
    package func page(after id: InlineText, _ size: Int) -> ([Entity], next: InlineText?) {
        var start = 0
        if !id.isEmpty { start = EntityTable.place(of: id, .max, in: byID) }
        var end = min(byID.count, start + size)
        // A page that others follow ends with an id, even if it gets longer by that.
        while end < byID.count, byID[end - 1].value.id.isEmpty { end += 1 }
        let page = byID[start..<end].map(\.value)
        return (page, end < byID.count ? page.last?.id : nil)
    }

    package mutating func insert(_ entity: Entity) {
        let box = EntityBox(entity)
        byID.insert(box, at: EntityTable.place(of: entity.id, entity.number, in: byID))
        var index = byNumber.count
        while index > 0, byNumber[index - 1].value.number > entity.number { index -= 1 }
        byNumber.insert(box, at: index)
    }

    package mutating func remove(_ number: UInt32) {
        guard let position = position(number) else { return }
        let box = byNumber.remove(at: position)
        byID.remove(at: EntityTable.place(of: box.value.id, number, in: byID))
    }

    /// Gives an id to one that has none.
    package mutating func name(_ number: UInt32, _ id: InlineText) {
        guard var entity = entity(number) else { return }
        remove(number)
        entity.id = id
        insert(entity)
    }

    /// Changes one where it lies, unless a copy shares it.
    package mutating func change(_ number: UInt32, _ change: (inout Entity) -> Void) {
        guard let position = position(number) else { return }
        // Two references are the table's own.
        let index = EntityTable.place(of: byNumber[position].value.id, number, in: byID)
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

    /// - Parameter number: tells those without an id apart; 0: before all of them.
    private static func place(of id: InlineText, _ number: UInt32, in boxes: [EntityBox]) -> Int {
        var (low, high) = (0, boxes.count)
        while low < high {
            let middle = (low + high) / 2
            let box = boxes[middle]
            let isBefore =
                box.value.id < id
                || (number > 0 && box.value.id == id && box.value.number < number)
            if isBefore { low = middle + 1 } else { high = middle }
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
