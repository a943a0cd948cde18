/// What a request would take from a customer's usage, told from its bytes before they are read with
/// care. Of fields that come twice any counts: what is refused needn't be what would be done.
package enum GivenUsage {
    /// One of its numbers in this field, a `double`, is below 0.
    package static func isNegative(
        _ number: UInt32, of message: UnsafeRawBufferPointer
    ) -> Bool {
        var scan = FieldScan(message)
        while let field = scan.next() {
            guard field.number == number, case .number(let bits) = field.value else { continue }
            if Double(bitPattern: bits) < 0 { return true }
        }
        return false
    }

    /// A `TrackRequest` with a negative `value`, or one that sets the usage.
    package static func lowers(track message: UnsafeRawBufferPointer) -> Bool {
        if isNegative(3, of: message) { return true }
        var scan = FieldScan(message)
        while let field = scan.next() {
            if field.number == 11, case .number(let flag) = field.value, flag != 0 { return true }
        }
        return false
    }

    /// A `CheckRequest` that deducts less than nothing.
    package static func lowers(check message: UnsafeRawBufferPointer) -> Bool {
        guard isNegative(4, of: message) else { return false }
        var scan = FieldScan(message)
        while let field = scan.next() {
            if field.number == 5, case .number(let flag) = field.value, flag != 0 { return true }
        }
        return false
    }

    /// A `BatchTrackRequest` with such an item.
    package static func lowers(batch message: UnsafeRawBufferPointer) -> Bool {
        var scan = FieldScan(message)
        while let field = scan.next() {
            guard field.number == 2, case .bytes(let item) = field.value else { continue }
            if lowers(track: item) { return true }
        }
        return false
    }
}
