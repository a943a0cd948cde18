import Testing

@testable import Billing

@Suite("The table of entities")
struct EntityTableTests {
    /// It says of which features there are buckets, without asking each entity.
    @Test("What entities have is counted", arguments: 0..<20)
    func counts(_ seed: UInt64) {
        var dice = SeededGenerator(seed: seed)
        var table = EntityTable()
        func bucket() -> Bucket {
            var flags: Bucket.Flags = []
            if Bool.random(using: &dice) { flags.insert(.slice) }
            return Bucket(
                number: UInt32.random(in: 1...3, using: &dice),
                feature: FeatureNumber(rawValue: UInt32.random(in: 1...3, using: &dice)),
                subscription: 1, granted: .zero, balance: .zero, cycle: Cycle(.oneOff),
                anchor: .epoch, nextReset: .never, created: .epoch, flags: flags)
        }
        for step in 0..<200 {
            let number = UInt32.random(in: 1...5, using: &dice)
            switch Int.random(in: 0..<5, using: &dice) {
            case 0 where table.entity(number) == nil:
                var entity = Entity(
                    number: number, id: InlineText("e\(number)") ?? .empty,
                    feature: FeatureNumber(rawValue: 9), name: "", created: .epoch)
                if Bool.random(using: &dice) { entity.buckets.append(bucket()) }
                table.insert(entity)
            case 1: table.remove(number)
            case 2: table.change(number) { $0.buckets.append(bucket()) }
            case 3: table.change(number) { if !$0.buckets.isEmpty { $0.buckets.removeFirst() } }
            default: table.change(number) { if !$0.buckets.isEmpty { $0.buckets[0] = bucket() } }
            }
            let all = table.all.flatMap(\.buckets)
            for feature in (1...3).map({ FeatureNumber(rawValue: $0) }) {
                for slices in [true, false] {
                    let expected = all.contains {
                        $0.feature == feature && $0.flags.contains(.slice) == slices
                    }
                    let found = table.has(slices: slices) { $0 == feature }
                    #expect(found == expected, "step \(step)")
                }
            }
        }
    }
}
