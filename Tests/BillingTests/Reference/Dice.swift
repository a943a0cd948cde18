@testable import Billing

/// A dice cup: everything random comes out of one seed.
struct Dice {
    private var generator: SeededGenerator

    init(seed: UInt64) {
        generator = SeededGenerator(seed: seed)
    }

    mutating func roll(_ range: ClosedRange<Int>) -> Int {
        Int.random(in: range, using: &generator)
    }

    /// So often out of a hundred.
    mutating func chance(_ percent: Int) -> Bool { roll(1...100) <= percent }

    mutating func pick<Item>(_ items: [Item]) -> Item { items[roll(0...(items.count - 1))] }

    /// Whole, with a decimal, or with all ten of them.
    mutating func amount(_ range: ClosedRange<Int>) -> Quantity {
        let units = Int128(roll(range)) * Quantity.scale
        switch roll(1...10) {
        case 1...6: return Quantity(raw: units)
        case 7...9: return Quantity(raw: units + Int128(roll(0...99)) * Quantity.scale / 100)
        default: return Quantity(raw: units + Int128(roll(0...9_999_999_999)))
        }
    }
}
