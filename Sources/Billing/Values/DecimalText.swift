/// Exact decimals as text, such as "19.99", "-0.2" or "1e-7".
package enum DecimalText {
    /// The number times 10^digits, rounded half to even where it has more digits; nil when the text
    /// is no number or too large.
    package static func parse(_ text: some StringProtocol, digits: Int) -> Int128? {
        guard let number = Number(text) else { return nil }
        return number.scaled(by: digits, exactly: false)
    }

    /// The number times 10^digits; nil when the text is no number, too large, or has more digits.
    package static func parseExactly(_ text: some StringProtocol, digits: Int) -> Int128? {
        guard let number = Number(text) else { return nil }
        return number.scaled(by: digits, exactly: true)
    }

    /// The shortest text of `value` ÷ 10^digits: no exponent, no trailing zeros.
    package static func text(_ value: Int128, digits: Int) -> String {
        var digitsLeft = digits
        var magnitude = value.magnitude
        while digitsLeft > 0, magnitude % 10 == 0 {
            magnitude /= 10
            digitsLeft -= 1
        }
        var text = String(magnitude)
        if digitsLeft > 0 {
            let padding = max(0, digitsLeft + 1 - text.utf8.count)
            text = String(repeating: "0", count: padding) + text
            text.insert(".", at: text.index(text.endIndex, offsetBy: -digitsLeft))
        }
        return value < 0 ? "-" + text : text
    }

    /// Sign, digits and exponent of a decimal text.
    private struct Number {
        var negative = false
        var digits: Int128 = 0
        var exponent = 0

        /// At most 36 significant digits fit without overflow.
        init?(_ text: some StringProtocol) {
            var bytes = text.utf8.makeIterator()
            var next = bytes.next()
            if next == UInt8(ascii: "-") {
                negative = true
                next = bytes.next()
            }
            var seen = 0
            var point = false
            while let byte = next, byte != UInt8(ascii: "e"), byte != UInt8(ascii: "E") {
                if byte == UInt8(ascii: "."), !point {
                    point = true
                } else if byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") {
                    seen += 1
                    guard digits < 1_000_000_000_000_000_000_000_000_000_000_000_000 else {
                        return nil
                    }
                    digits = digits * 10 + Int128(byte - UInt8(ascii: "0"))
                    exponent -= point ? 1 : 0
                } else {
                    return nil
                }
                next = bytes.next()
            }
            guard seen > 0 else { return nil }
            guard next != nil else { return }
            var shift = ""
            while let byte = bytes.next() { shift.unicodeScalars.append(Unicode.Scalar(byte)) }
            guard let power = Int(shift), power.magnitude < 400 else { return nil }
            exponent += power
        }

        func scaled(by digitCount: Int, exactly: Bool) -> Int128? {
            var value = digits
            var power = exponent + digitCount
            if value == 0 { return 0 }
            while power > 0 {
                let (product, overflow) = value.multipliedReportingOverflow(by: 10)
                guard !overflow else { return nil }
                value = product
                power -= 1
            }
            guard power < 0 else { return negative ? -value : value }
            guard power > -38 else { return exactly ? nil : 0 }
            var divisor: Int128 = 1
            for _ in power..<0 { divisor *= 10 }
            let (quotient, rest) = value.quotientAndRemainder(dividingBy: divisor)
            guard rest == 0 || !exactly else { return nil }
            let up = rest * 2 > divisor || (rest * 2 == divisor && quotient % 2 != 0)
            value = up ? quotient + 1 : quotient
            return negative ? -value : value
        }
    }
}
