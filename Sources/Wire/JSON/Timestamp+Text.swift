package import Billing

extension Timestamp {
    /// RFC 3339 in UTC, to the millisecond; nil: outside the years 1 to 9999.
    package var rfc3339: String? {
        // Not by multiplying back: the least of all numbers has no second that begins before it.
        let (quotient, remainder) = milliseconds.quotientAndRemainder(dividingBy: 1_000)
        let (second, rest) =
            remainder < 0 ? (quotient - 1, remainder + 1_000) : (quotient, remainder)
        return TimestampText(seconds: second, nanoseconds: Int32(rest) * 1_000_000).text
    }

    /// nil: not RFC 3339, or finer than a millisecond.
    package init?(rfc3339 text: String) {
        guard let time = TimestampText(text), time.nanoseconds % 1_000_000 == 0 else { return nil }
        self.init(milliseconds: time.seconds * 1_000 + Int64(time.nanoseconds / 1_000_000))
    }
}
