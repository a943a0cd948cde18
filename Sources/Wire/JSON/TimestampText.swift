package import Billing

extension Timestamp {
    /// RFC 3339, for people and JSON; nil: out of its range.
    package var text: String? { rfc3339 }
}

/// RFC 3339 text of google.protobuf.Timestamp: seconds since the epoch and nanoseconds.
struct TimestampText: Equatable {
    var seconds: Int64
    /// 0 to 999,999,999, counting forward also before the epoch.
    var nanoseconds: Int32

    /// 0001-01-01T00:00:00Z to 9999-12-31T23:59:59Z.
    static let secondsRange: ClosedRange<Int64> = -62_135_596_800...253_402_300_799

    init(seconds: Int64, nanoseconds: Int32) {
        self.seconds = seconds
        self.nanoseconds = nanoseconds
    }

    /// "2026-03-01T12:00:00.5Z" or with an offset such as "+02:00"; nil for anything else.
    init?(_ text: String) {
        var scan = DigitScan(text)
        guard let year = scan.number(4), scan.take("-"), let month = scan.number(2),
            scan.take("-"), let day = scan.number(2), scan.take("T") || scan.take("t"),
            let hour = scan.number(2), scan.take(":"), let minute = scan.number(2),
            scan.take(":"), let second = scan.number(2)
        else { return nil }
        guard (1...12).contains(month),
            (1...CivilDate.days(inMonth: month, year: year)).contains(day),
            hour < 24, minute < 60, second < 60
        else { return nil }
        guard let fraction = scan.fraction(), let offset = scan.zone(), scan.isAtEnd else {
            return nil
        }
        let days = CivilDate.daysSinceEpoch(year: year, month: month, day: day)
        seconds = days * 86_400 + hour * 3600 + minute * 60 + second - offset
        nanoseconds = fraction
        guard TimestampText.secondsRange.contains(seconds) else { return nil }
    }

    /// In UTC, with as many decimals as are needed: none, 3, 6 or 9. nil: out of range.
    var text: String? {
        guard TimestampText.secondsRange.contains(seconds),
            (0..<1_000_000_000).contains(nanoseconds)
        else { return nil }
        let date = CivilDate(Timestamp(milliseconds: seconds * 1000))
        let second = date.timeOfDay / 1000
        let day = "\(padded(date.year, 4))-\(padded(date.month, 2))-\(padded(date.day, 2))"
        let hours = "\(padded(second / 3600, 2)):\(padded(second / 60 % 60, 2))"
        return "\(day)T\(hours):\(padded(second % 60, 2))\(fraction)Z"
    }

    private var fraction: String {
        if nanoseconds == 0 { return "" }
        if nanoseconds % 1_000_000 == 0 { return "." + padded(Int64(nanoseconds / 1_000_000), 3) }
        if nanoseconds % 1000 == 0 { return "." + padded(Int64(nanoseconds / 1000), 6) }
        return "." + padded(Int64(nanoseconds), 9)
    }

    private func padded(_ value: Int64, _ width: Int) -> String {
        let digits = String(value)
        return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }
}

extension TimestampText {
    /// The fields of google.protobuf.Timestamp: 1 is seconds, 2 is nanoseconds.
    var fields: [UInt8] {
        var output = FieldOutput()
        for (number, value) in [(UInt32(1), seconds), (2, Int64(nanoseconds))] where value != 0 {
            output.tag(number, .varint)
            output.varint(UInt64(bitPattern: value))
        }
        return output.bytes
    }

    init(fields: UnsafeRawBufferPointer) throws(MalformedMessage) {
        self.init(seconds: 0, nanoseconds: 0)
        var input = FieldInput(fields)
        while !input.isAtEnd {
            let (number, type) = try input.tag()
            switch (number, try input.value(type)) {
            case (1, .bits(let bits)) where type == .varint: seconds = Int64(bitPattern: bits)
            case (2, .bits(let bits)) where type == .varint:
                nanoseconds = Int32(truncatingIfNeeded: bits)
            case (1, _), (2, _): throw MalformedMessage(message: "a malformed timestamp")
            case _: break
            }
        }
    }
}

/// A text of digits and marks, read from the left.
private struct DigitScan {
    private var rest: Substring.UTF8View

    init(_ text: String) {
        rest = text[...].utf8
    }

    var isAtEnd: Bool { rest.isEmpty }

    mutating func take(_ mark: Unicode.Scalar) -> Bool {
        guard rest.first == UInt8(ascii: mark) else { return false }
        rest.removeFirst()
        return true
    }

    mutating func number(_ count: Int) -> Int64? {
        var value: Int64 = 0
        for _ in 0..<count {
            guard let digit = digit() else { return nil }
            value = value * 10 + digit
        }
        return value
    }

    private mutating func digit() -> Int64? {
        guard let byte = rest.first, byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else {
            return nil
        }
        rest.removeFirst()
        return Int64(byte - UInt8(ascii: "0"))
    }

    /// Nanoseconds: 0 without a fraction; nil for an empty one or more than nine digits.
    mutating func fraction() -> Int32? {
        guard take(".") else { return 0 }
        var (value, count) = (Int64(0), 0)
        while let digit = digit() {
            value = value * 10 + digit
            count += 1
            if count > 9 { return nil }
        }
        guard count > 0 else { return nil }
        for _ in count..<9 { value *= 10 }
        return Int32(value)
    }

    /// Seconds ahead of UTC.
    mutating func zone() -> Int64? {
        if take("Z") || take("z") { return 0 }
        let sign: Int64 = take("-") ? -1 : 1
        if sign > 0, !take("+") { return nil }
        guard let hours = number(2), take(":"), let minutes = number(2), hours < 24, minutes < 60
        else { return nil }
        return sign * (hours * 3600 + minutes * 60)
    }
}
