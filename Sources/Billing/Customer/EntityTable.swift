/// A customer's entities, in order of id; those without one first, at most one of each feature. A
/// copy shares all that neither changes.
package struct EntityTable: Sendable {
    private var byID = EntityList()
    /// The same, in order of number.
    private var byNumber = EntityList()
    private var counts: [BucketCount] = []

    package init() {}

    package var count: Int { byID.count }
    package var isEmpty: Bool { byID.count == 0 }

    /// In order of id.
    package var all: some Sequence<Entity> { byID.all }

    package func find(_ id: InlineText) -> Entity? {
        guard !id.isEmpty, let found = byID.value(at: place(of: id, 0)), found.id == id else {
            return nil
        }
        return found
    }

    /// The one that has no id yet.
    package func unnamed(of feature: FeatureNumber) -> Entity? {
        byID.all.prefix { $0.id.isEmpty }.first { $0.feature == feature }
    }

    package func entity(_ number: UInt32) -> Entity? {
        guard let found = byNumber.value(at: place(of: number)), found.number == number else {
            return nil
        }
        return found
    }

    /// Those after an id, in order of id, and where the next page begins; nil: there is none.
    package func page(after id: InlineText, _ size: Int) -> ([Entity], next: InlineText?) {
        var page: [Entity] = []
        let start = id.isEmpty ? byID.first { _ in true } : place(of: id, .max)
        for entity in byID.from(start) {
            // A page that others follow ends with an id, even if it gets longer by that.
            if page.count >= size, let last = page.last, !last.id.isEmpty { return (page, last.id) }
            page.append(entity)
        }
        return (page, nil)
    }

    /// Whether one has slices of a feature, or else what it shares with nobody.
    package func has(slices: Bool, of isWanted: (FeatureNumber) -> Bool) -> Bool {
        counts.contains { $0.isSlice == slices && isWanted($0.feature) }
    }

    package mutating func insert(_ entity: Entity) {
        byID.insert(entity, at: place(of: entity.id, entity.number))
        byNumber.insert(entity, at: place(of: entity.number))
        count(entity.buckets, 1)
    }

    package mutating func remove(_ number: UInt32) {
        guard let entity = entity(number) else { return }
        byID.remove(at: place(of: entity.id, number))
        byNumber.remove(at: place(of: number))
        count(entity.buckets, -1)
    }

    /// Gives an id to one that has none.
    package mutating func name(_ number: UInt32, _ id: InlineText) {
        guard var entity = entity(number) else { return }
        remove(number)
        entity.id = id
        insert(entity)
    }

    /// Changes what isn't the id nor the number.
    package mutating func change(_ number: UInt32, _ change: (inout Entity) -> Void) {
        guard let before = entity(number) else { return }
        var entity = before
        change(&entity)
        if !entity.buckets.elementsEqual(before.buckets, by: BucketCount.areAlike) {
            count(before.buckets, -1)
            count(entity.buckets, 1)
        }
        byID.replace(at: place(of: entity.id, number), by: entity)
        byNumber.replace(at: place(of: number), by: entity)
    }

    private func place(of id: InlineText, _ number: UInt32) -> EntityList.Place {
        byID.first { $0.id == id ? $0.number >= number : !($0.id < id) }
    }

    private func place(of number: UInt32) -> EntityList.Place {
        byNumber.first { $0.number >= number }
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
}

extension EntityTable: Equatable {
    package static func == (a: EntityTable, b: EntityTable) -> Bool {
        a.count == b.count && a.all.elementsEqual(b.all)
    }
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

/// Entities in some order, in pieces: who changes one of thousands in a copy copies few references.
private struct EntityList: Sendable {
    struct Place {
        var piece: Int
        var index: Int
    }

    private static let pieceLimit = 64

    /// None is empty.
    private var pieces: [[EntityBox]] = []
    private(set) var count = 0

    var all: some Sequence<Entity> { pieces.lazy.joined().map(\.value) }

    func from(_ place: Place) -> some Sequence<Entity> {
        let rest = pieces.dropFirst(place.piece)
        let first = (rest.first ?? []).dropFirst(place.index)
        return [[first], rest.dropFirst().map { $0[...] }].lazy.joined().joined().map(\.value)
    }

    func value(at place: Place) -> Entity? {
        guard place.piece < pieces.count, place.index < pieces[place.piece].count else {
            return nil
        }
        return pieces[place.piece][place.index].value
    }

    /// By halves; the end of the last piece, if there is none.
    ///
    /// - Parameter isWanted: once it is true it stays so.
    func first(where isWanted: (borrowing Entity) -> Bool) -> Place {
        var (low, high) = (0, pieces.count)
        while low < high {
            let middle = (low + high) / 2
            let piece = pieces[middle]
            if isWanted(piece[piece.count - 1].value) { high = middle } else { low = middle + 1 }
        }
        guard low < pieces.count else {
            return Place(piece: max(0, pieces.count - 1), index: pieces.last?.count ?? 0)
        }
        var (start, end) = (0, pieces[low].count)
        while start < end {
            let middle = (start + end) / 2
            if isWanted(pieces[low][middle].value) { end = middle } else { start = middle + 1 }
        }
        return Place(piece: low, index: start)
    }

    mutating func insert(_ entity: Entity, at place: Place) {
        count += 1
        guard !pieces.isEmpty else {
            pieces = [[EntityBox(entity)]]
            return
        }
        pieces[place.piece].insert(EntityBox(entity), at: place.index)
        let piece = pieces[place.piece]
        guard piece.count > EntityList.pieceLimit else { return }
        let half = piece.count / 2
        pieces[place.piece] = Array(piece[..<half])
        pieces.insert(Array(piece[half...]), at: place.piece + 1)
    }

    mutating func remove(at place: Place) {
        count -= 1
        pieces[place.piece].remove(at: place.index)
        if pieces[place.piece].isEmpty { pieces.remove(at: place.piece) }
    }

    mutating func replace(at place: Place, by entity: Entity) {
        pieces[place.piece][place.index] = EntityBox(entity)
    }
}

/// An entity on the heap, which never changes: it is replaced.
private final class EntityBox: Sendable {
    let value: Entity

    init(_ value: Entity) {
        self.value = value
    }
}
