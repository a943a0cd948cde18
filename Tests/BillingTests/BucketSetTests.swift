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
            let noted = (4..<40).filter { features[$0].rawValue < 256 && $0 < 13 }
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

    @Test("what doesn't fit in place is kept as it is, with all that follows", arguments: 0..<5)
    func unfit(index: Int) {
        var early = Bucket.sample(9, 9)
        early.anchor = Timestamp(milliseconds: -1)
        var late = Bucket.sample(9, 9)
        late.expires = Timestamp(milliseconds: 1 << 48 - 1)
        for odd in [early, late, .sample(9, 9, most: 7, [.priced, .limited])] {
            var set = BucketSet()
            var model: [Bucket] = []
            for number in 0..<5 {
                model.append(number == index ? odd : .sample(UInt32(number + 1), 1))
                set.append(model[number])
            }
            #expect(BucketSetTests.contents(set) == model)
            #expect(set.index(ofNumber: 9) == index)
            #expect(set.feature(at: index).rawValue == 9)
            // It fits, and brings the others near; it doesn't any more, and takes them along.
            for changed in [.sample(9, 9), odd] {
                model[index] = changed
                set[index] = changed
                #expect(BucketSetTests.contents(set) == model)
                set.trim()
                #expect(BucketSetTests.contents(set) == model)
                #expect((0..<5).map { set.feature(at: $0) } == model.map(\.feature))
            }
            set.remove(at: index)
            model.remove(at: index)
            set.trim()
            #expect(BucketSetTests.contents(set) == model)
            var far = 0
            set.eachFar(of: { FeatureNumber(rawValue: 1) }) { _, _ in far += 1 }
            #expect(far == 0)
        }
    }

    @Test("times that fit in place")
    func times() {
        let most = Timestamp(milliseconds: 1 << 48 - 2)
        for time in [Timestamp.epoch, .utc(2026, 11, 28), .utc(9999, 12, 31), most, .never] {
            var bucket = Bucket.sample(1, 1)
            (bucket.anchor, bucket.nextReset) = (time, time)
            (bucket.expires, bucket.created) = (time, time)
            #expect(NearBucket(bucket)?.bucket == bucket)
        }
    }

    @Test("several hundred")
    func hundreds() {
        var set = BucketSet()
        for number in 0..<300 { set.append(.sample(UInt32(number + 1), 1)) }
        #expect(set.count == 300 && set.index(ofNumber: 300) == 299)
        for _ in 0..<100 { set.remove(at: 0) }
        #expect(set.count == 200 && set.index(ofNumber: 101) == 0)
        set.trim()
        #expect(set.count == 200 && set.index(ofNumber: 300) == 199)
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
            case _ where Bool.random(using: &generator):
                let flags: Bucket.Flags = Bool.random(using: &generator) ? [.limited] : []
                (set[index].flags, model[index].flags) = (flags, flags)
            default:
                set[index].nextReset = .utc(2027, 1, 1)
                model[index].nextReset = .utc(2027, 1, 1)
            }
            if kind == 3 { set.trim() }
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
