/// A price for a unit: exact decimal in major units of a currency (or in credits), 12 digits.
package struct UnitPrice: Sendable, Equatable, Comparable {
    package var raw: Int128

    package static let scale: Int128 = 1_000_000_000_000
    package static let zero = UnitPrice(raw: 0)

    package init(raw: Int128) {
        self.raw = raw
    }

    /// From a decimal such as "0.0075"; nil when it is none, or has more than 12 decimals, or is
    /// beyond ±10^12.
    package init?(_ text: String) {
        guard let raw = DecimalText.parseExactly(text, digits: 12),
            raw.magnitude <= (UnitPrice.scale * 1_000_000_000_000).magnitude
        else { return nil }
        self.raw = raw
    }

    package static func < (a: UnitPrice, b: UnitPrice) -> Bool { a.raw < b.raw }

    package var text: String { DecimalText.text(raw, digits: 12) }
}

/// An ISO 4217 currency, by its code in lower case.
package struct Currency: Sendable, Hashable {
    package let code: String

    /// nil unless the code is three lower-case letters.
    package init?(code: String) {
        guard code.utf8.count == 3,
            code.utf8.allSatisfy({ $0 >= UInt8(ascii: "a") && $0 <= UInt8(ascii: "z") })
        else { return nil }
        self.code = code
    }

    /// Decimals of the minor unit.
    package var minorDigits: Int {
        if Currency.withoutMinorUnit.contains(code) { return 0 }
        return Currency.withThousandths.contains(code) ? 3 : 2
    }

    /// Minor units that charges are multiples of (billing §0.8).
    var chargeStep: Int64 { minorDigits == 3 ? 10 : 1 }

    private static let withoutMinorUnit: Set<String> = [
        "bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "ugx", "vnd", "vuv",
        "xaf", "xof", "xpf",
    ]
    private static let withThousandths: Set<String> = ["bhd", "jod", "kwd", "omr", "tnd"]
}

/// An amount of money in minor units of its currency.
package struct Money: Sendable, Equatable {
    package var minorUnits: Int64
    package var currency: Currency

    /// The most that one line of an invoice may be, in minor units.
    package static let lineLimit: Int64 = 1_000_000_000_000_000

    package init(minorUnits: Int64, currency: Currency) {
        self.minorUnits = minorUnits
        self.currency = currency
    }

    /// `count` × `price`, rounded once, half away from zero (billing §0.8: currencies with
    /// thousandths are charged in steps of ten). nil: too large to charge.
    package init?(price: UnitPrice, count: Quantity, currency: Currency) {
        let digits = min(currency.minorDigits, 2)
        var factor: Int128 = 1
        for _ in 0..<digits { factor *= 10 }
        let limit = Int128(1) << 126
        let (product, overflow) = price.raw.multipliedReportingOverflow(by: factor)
        guard !overflow, product.magnitude < limit.magnitude else { return nil }
        // price × 10^12, count × 10^10: dividing by 10^22 leaves minor units.
        let scale = UnitPrice.scale * Quantity.scale
        var units = FixedPoint.multiplyAway(product, count.raw, dividingBy: scale)
        units *= Int128(currency.chargeStep)
        guard let minorUnits = Int64(exactly: units) else { return nil }
        self.init(minorUnits: minorUnits, currency: currency)
    }

    /// For people: "20.00 USD", "500 JPY".
    package var text: String {
        let digits = currency.minorDigits
        var magnitude = String(minorUnits.magnitude)
        if digits > 0 {
            let padding = max(0, digits + 1 - magnitude.utf8.count)
            magnitude = String(repeating: "0", count: padding) + magnitude
            magnitude.insert(".", at: magnitude.index(magnitude.endIndex, offsetBy: -digits))
        }
        return (minorUnits < 0 ? "-" : "") + magnitude + " " + currency.code.uppercased()
    }
}
