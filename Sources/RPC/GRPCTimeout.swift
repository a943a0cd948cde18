/// `grpc-timeout`: one to eight digits and a unit, as nanoseconds.
enum GRPCTimeout {
    /// Ten years, which is as good as never; added to any clock it doesn't overflow.
    static let longest: Int64 = 10 * 365 * 86_400_000_000_000

    /// Nil when malformed. What is longer than the longest is cut to it.
    static func nanoseconds(_ text: UnsafeRawBufferPointer) -> Int64? {
        guard text.count >= 2, text.count <= 9 else { return nil }
        var value: Int64 = 0
        for digit in text.dropLast() {
            guard digit >= UInt8(ascii: "0"), digit <= UInt8(ascii: "9") else { return nil }
            value = value * 10 + Int64(digit - UInt8(ascii: "0"))
        }
        let unit: Int64
        switch text[text.count - 1] {
        case UInt8(ascii: "H"): unit = 3_600_000_000_000
        case UInt8(ascii: "M"): unit = 60_000_000_000
        case UInt8(ascii: "S"): unit = 1_000_000_000
        case UInt8(ascii: "m"): unit = 1_000_000
        case UInt8(ascii: "u"): unit = 1_000
        case UInt8(ascii: "n"): unit = 1
        default: return nil
        }
        let product = value.multipliedReportingOverflow(by: unit)
        return product.overflow ? longest : min(product.partialValue, longest)
    }

    /// The finest unit whose digits fit in eight; rounded up, so that a server never gives up
    /// before its client does.
    static func text(nanoseconds: Int64) -> String {
        let value = max(nanoseconds, 1)
        let units: [(Int64, String)] = [
            (1, "n"), (1_000, "u"), (1_000_000, "m"), (1_000_000_000, "S"), (60_000_000_000, "M"),
        ]
        for (unit, name) in units {
            let count = (value - 1) / unit + 1
            if count <= 99_999_999 { return "\(count)\(name)" }
        }
        return "\((value - 1) / 3_600_000_000_000 + 1)H"
    }
}
