package import Billing

/// A customer's id in its row: 40 bytes, enough for 39 of its own. A longer one's end lies
/// elsewhere in the row.
package struct RowID: Sendable {
    /// The first bytes, zero padded; the last byte of the last word is the length.
    private var words: InlineArray<5, UInt64>

    private static let capacity = 39
    /// Bytes of a long id's end.
    static let endLength = CustomerID.capacity - capacity

    /// - Returns: Its first part, and the end: empty if there is none.
    static func split(_ id: CustomerID) -> (start: RowID, end: [UInt8]) {
        var start = RowID(words: InlineArray { id.words[$0] })
        start.words[4] = start.words[4] & ~(0xFF << 56) | UInt64(id.count) << 56
        guard start.hasEnd else { return (start, []) }
        let end = withUnsafeBytes(of: id.words) { Array($0[capacity..<CustomerID.capacity]) }
        return (start, end)
    }

    private var count: Int { Int(words[4] >> 56) }

    /// The id has more than what is here.
    package var hasEnd: Bool { count > RowID.capacity }

    /// It is of this length, and begins with what is here.
    package func isStart(of id: CustomerID) -> Bool {
        var difference = (words[4] ^ id.words[4]) << 8
        for index in 0..<4 { difference |= words[index] ^ id.words[index] }
        return difference == 0 && count == id.count
    }

    /// - Parameter end: of `endLength` bytes, if it has one.
    func joined(with end: ArraySlice<UInt8>) -> CustomerID {
        withUnsafeTemporaryAllocation(byteCount: CustomerID.capacity, alignment: 8) { bytes in
            withUnsafeBytes(of: words) { bytes.copyBytes(from: $0[..<RowID.capacity]) }
            if hasEnd { bytes[RowID.capacity...].copyBytes(from: end) }
            return CustomerID(UnsafeRawBufferPointer(rebasing: bytes[..<count])) ?? .empty
        }
    }
}
