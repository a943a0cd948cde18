/// A short text that needs no allocation: at most 63 bytes, stored in place.
///
/// Customer ids and request ids are such texts; comparing and hashing them touches no heap.
package struct InlineText: Sendable, Hashable {
    /// The bytes, zero padded; the last byte of the last word is the length.
    package private(set) var words: InlineArray<8, UInt64>

    package static let capacity = 63
    package static var empty: InlineText { InlineText() }

    private init() {
        words = InlineArray(repeating: 0)
    }

    /// nil when there are more than 63 bytes.
    package init?(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count <= InlineText.capacity else { return nil }
        self.init()
        withUnsafeMutableBytes(of: &words) { target in
            target.copyMemory(from: bytes)
            target[InlineText.capacity] = UInt8(bytes.count)
        }
    }

    package init?(_ text: String) {
        var text = text
        let made = text.withUTF8 { InlineText(UnsafeRawBufferPointer($0)) }
        guard let made else { return nil }
        self = made
    }

    package var count: Int { Int(words[7] >> 56) }
    package var isEmpty: Bool { count == 0 }

    package func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        withUnsafeBytes(of: words) { body(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
    }

    package var text: String { withBytes { String(decoding: $0, as: UTF8.self) } }

    package static func == (a: InlineText, b: InlineText) -> Bool {
        var difference: UInt64 = 0
        for index in 0..<8 { difference |= a.words[index] ^ b.words[index] }
        return difference == 0
    }

    package func hash(into hasher: inout Hasher) {
        for index in 0..<8 { hasher.combine(words[index]) }
    }

    /// Byte order, for lists.
    package static func < (a: InlineText, b: InlineText) -> Bool {
        for index in 0..<8 where a.words[index] != b.words[index] {
            return a.words[index].bigEndian < b.words[index].bigEndian
        }
        return false
    }

    /// A multiply-and-fold hash with a secret seed: callers choose ids, so the seed must not be
    /// known to them.
    package func hash(seed: UInt64) -> UInt64 {
        var state = seed ^ 0x9E37_79B9_7F4A_7C15
        let used = (count + 7) / 8
        for index in 0..<used {
            state = InlineText.fold(state ^ words[index], 0xD6E8_FEB8_6659_FD93)
        }
        return InlineText.fold(state ^ words[7], seed | 1)
    }

    package static func fold(_ a: UInt64, _ b: UInt64) -> UInt64 {
        let product = a.multipliedFullWidth(by: b)
        return product.high ^ product.low
    }
}

/// A customer's external id.
package typealias CustomerID = InlineText
/// A caller's request id.
package typealias RequestID = InlineText
