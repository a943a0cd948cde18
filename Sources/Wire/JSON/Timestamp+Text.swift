package import Billing

extension Timestamp {
    /// RFC 3339 in UTC, to the millisecond; nil: outside the years 1 to 9999.
    package var rfc3339: String? {
        let second = milliseconds.dividedDown(by: 1_000)
        let rest = milliseconds - second * 1_000
        return TimestampText(seconds: second, nanoseconds: Int32(rest) * 1_000_000).text
    }

    /// nil: not RFC 3339, or finer than a millisecond.
    package init?(rfc3339 text: String) {
        guard let time = TimestampText(text), time.nanoseconds % 1_000_000 == 0 else { return nil }
        self.init(milliseconds: time.seconds * 1_000 + Int64(time.nanoseconds / 1_000_000))
    }
}

extension Int64 {
    fileprivate func dividedDown(by divisor: Int64) -> Int64 {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? quotient - 1 : quotient
    }
}
