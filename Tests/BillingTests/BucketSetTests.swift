import Stories
import Testing

@testable import Billing

@Suite("BucketSet") struct BucketSetTests {
    private static func contents(_ set: BucketSet) -> [Bucket] {
        (0..<set.count).map { set[$0] }
    }

    @Test("four in place and more", arguments: 0...9)
    func append(count: Int) {
        var set = BucketSet()
        let buckets = (0..<count).map { Bucket.sample(UInt32($0 + 1), 1) }
        for bucket in buckets { set.append(bucket) }
        #expect(set.count == count)
        #expect(BucketSetTests.contents(set) == buckets)
        #expect(set.index(ofNumber: UInt32(count + 1)) == nil)
        #expect(set.index(ofNumber: 0) == nil)
        for index in 0..<count { #expect(set.index(ofNumber: UInt32(index + 1)) == index) }
    }

    @Test("where the far ones are", arguments: 0...9)
    func far(count: Int) {
        var set = BucketSet()
        for number in 0..<count { set.append(.sample(UInt32(number + 1), UInt32(number + 1))) }
        for number in 1...10 {
            let feature = FeatureNumber(rawValue: UInt32(number))
            var found: [Int] = []
            set.eachFar(of: { feature }) { found.append($1) }
            #expect(found == (number > 4 && number <= count ? [number - 5] : []))
            var buckets: [UInt32] = []
            set.each(of: feature) { buckets.append($0.number) }
            #expect(buckets == (number <= count ? [UInt32(number)] : []))
        }
    }

    @Test("features of large numbers, and of many buckets, are the buckets'")
    func features() {
        var set = BucketSet()
        let features = (0..<40).map { FeatureNumber(rawValue: 230 + 3 * UInt32($0)) }
        for (index, feature) in features.enumerated() {
            set.append(.sample(UInt32(index + 1), feature.rawValue))
        }
        #expect((0..<40).map { set.feature(at: $0) } == features)
        for (index, feature) in features.enumerated() {
            var numbers: [UInt32] = []
            set.each(of: feature) { numbers.append($0.number) }
            #expect(numbers == [UInt32(index + 1)])
            // Those of large numbers, and those after many, might be of any.
            var far: [Int] = []
            set.eachFar(of: { feature }) { far.append($1) }
            let noted = (4..<40).filter { features[$0].rawValue < 256 && $0 < 28 }
            #expect(far == (4..<40).filter { $0 == index || !noted.contains($0) }.map { $0 - 4 })
        }
        var many = set
        for number in 0..<100 { many.append(.sample(UInt32(number + 41), 1)) }
        var far: [Int] = []
        many.eachFar(of: { FeatureNumber(rawValue: 1) }) { far.append($1) }
        #expect(far.last == 63)
        set.remove(at: 2)
        set[10] = .sample(77, 1)
        let rest = features.filter { $0 != features[2] }
        for index in 0..<39 {
            #expect(set.feature(at: index).rawValue == (index == 10 ? 1 : rest[index].rawValue))
        }
        set.trim()
        #expect((0..<39).map { set[$0].feature } == (0..<39).map { set.feature(at: $0) })
    }

    @Test("removing keeps the order of the others", arguments: 1...9)
    func remove(count: Int) {
        for removed in 0..<count {
            var set = BucketSet()
            var buckets = (0..<count).map { Bucket.sample(UInt32($0 + 1), 1) }
            for bucket in buckets { set.append(bucket) }
            set.remove(at: removed)
            buckets.remove(at: removed)
            #expect(BucketSetTests.contents(set) == buckets, "\(removed) of \(count)")
        }
    }

    @Test("like a plain array", arguments: [101, 102, 103] as [UInt64])
    func likeAnArray(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var set = BucketSet()
        var model: [Bucket] = []
        var number: UInt32 = 0
        for _ in 0..<3_000 {
            let kind = Int.random(in: 0..<4, using: &generator)
            if model.isEmpty || (kind == 0 && model.count < 10) {
                number += 1
                set.append(.sample(number, 1))
                model.append(.sample(number, 1))
                continue
            }
            let index = Int.random(in: 0..<model.count, using: &generator)
            switch kind {
            case 1:
                set.remove(at: index)
                model.remove(at: index)
            case 2:
                set.draw(3, at: index)
                model[index].balance = model[index].balance - 3
            default:
                set[index].nextReset = .utc(2027, 1, 1)
                model[index].nextReset = .utc(2027, 1, 1)
            }
            #expect(BucketSetTests.contents(set) == model, "seed \(seed)")
        }
    }

    struct RoomRow: RuleRow {
        let rule: String
        let bucket: Bucket
        let room: Quantity?
    }

    static let rooms = [
        RoomRow(rule: "§2.6: not priced", bucket: .sample(1, 1), room: 0),
        RoomRow(rule: "§2.4: priced", bucket: .sample(1, 1, [.priced]), room: nil),
        RoomRow(
            rule: "§2.4: max purchase", bucket: .sample(1, 1, most: 20, [.priced, .limited]),
            room: 20),
        RoomRow(
            rule: "§2.4: max purchase, partly used",
            bucket: .sample(1, 1, balance: -5, most: 20, [.priced, .limited]), room: 15),
        RoomRow(
            rule: "§2.4: max purchase, lowered below what is used",
            bucket: .sample(1, 1, balance: -25, most: 20, [.priced, .limited]), room: 0),
    ]

    @Test("overage room", arguments: rooms)
    func overageRoom(row: RoomRow) {
        #expect(row.bucket.overageRoom == row.room)
    }

    @Test("remaining, usage and overage (§4.2)")
    func derived() {
        let over = Bucket.sample(1, 1, granted: 100, balance: -20)
        #expect((over.remaining, over.usage, over.overage) == (0, 120, 20))
        let more = Bucket.sample(1, 1, granted: 100, balance: 130)
        #expect((more.remaining, more.usage, more.overage) == (130, -30, 0))
    }
}
