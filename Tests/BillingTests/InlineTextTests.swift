import Stories
import Testing

@testable import Billing

@Suite("InlineText") struct InlineTextTests {
    static let texts = [
        "", "a", "customer_1", "seven..", "eight...", "nine.....", "ünïcödé ☕️", "with\0zero",
        String(repeating: "x", count: 62), String(repeating: "x", count: 63),
        String(repeating: "é", count: 31),
    ]

    @Test("at most 63 bytes, unchanged", arguments: texts)
    func accepted(text: String) throws {
        let short = try #require(InlineText(text))
        #expect(short.text == text)
        #expect(short.count == text.utf8.count)
        #expect(short.isEmpty == text.isEmpty)
        #expect(short.withBytes { Array($0) } == Array(text.utf8))
    }

    @Test("no more", arguments: [64, 65, 1000])
    func tooLong(count: Int) {
        #expect(InlineText(String(repeating: "x", count: count)) == nil)
        #expect(InlineText(String(repeating: "é", count: count / 2)) == nil)
    }

    @Test("ordered and equal as bytes", arguments: [91, 92] as [UInt64])
    func order(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<3_000 {
            let a = InlineTextTests.bytes(using: &generator)
            let b = InlineTextTests.bytes(using: &generator)
            let first = try #require(a.withUnsafeBytes { InlineText($0) })
            let second = try #require(b.withUnsafeBytes { InlineText($0) })
            #expect((first < second) == a.lexicographicallyPrecedes(b), "\(a) \(b)")
            #expect((first == second) == (a == b), "\(a) \(b)")
            let again = try #require(a.withUnsafeBytes { InlineText($0) })
            #expect(first == again && first.hash(seed: seed) == again.hash(seed: seed))
        }
    }

    /// Few different bytes, zero among them, so that prefixes and equals are frequent.
    private static func bytes(using generator: inout SeededGenerator) -> [UInt8] {
        let alphabet: [UInt8] = [0, 1, 97, 255]
        let longest = Bool.random(using: &generator) ? 3 : 63
        let prefix = [UInt8](repeating: 97, count: longest == 3 ? 0 : 55)
        let count = Int.random(in: 0...(longest - prefix.count), using: &generator)
        return prefix
            + (0..<count).map { _ in alphabet[Int.random(in: 0..<4, using: &generator)] }
    }

    @Test("the seed decides the hash")
    func seeds() {
        var seen: Set<UInt64> = []
        for seed in 0..<1_000 as Range<UInt64> {
            seen.insert(InlineText("customer_1").hash(seed: seed))
        }
        #expect(seen.count == 1_000)
    }

    /// Ids as people make them spread over few slots as evenly as chance would.
    @Test("ids spread", arguments: [0, 1, 0xFEED_BEEF] as [UInt64])
    func spread(seed: UInt64) {
        var slots = [Int](repeating: 0, count: 256)
        var high = [Int](repeating: 0, count: 256)
        var seen: Set<UInt64> = []
        for number in 0..<25_600 {
            let hash = InlineText(stringLiteral: "customer_\(number)").hash(seed: seed)
            slots[Int(hash & 255)] += 1
            high[Int(hash >> 56)] += 1
            seen.insert(hash)
        }
        #expect(seen.count == 25_600)
        for count in slots + high { #expect(count > 40 && count < 160) }
    }
}
