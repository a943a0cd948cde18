extension InlineText {
    /// When it was made, if it is a UUID of version 7, in lower or upper case: those tell.
    package var time: Timestamp? {
        guard count == 36 else { return nil }
        return withBytes { bytes in
            var milliseconds: Int64 = 0
            for index in 0..<36 {
                let byte = bytes[index]
                if [8, 13, 18, 23].contains(index) {
                    guard byte == UInt8(ascii: "-") else { return nil }
                    continue
                }
                guard let digit = InlineText.hexadecimalDigit(byte) else { return nil }
                if index == 14, digit != 7 { return nil }
                if index == 19, digit & 0xC != 8 { return nil }
                // The first 48 bits: eight digits, a hyphen, four digits.
                if index < 13 { milliseconds = milliseconds << 4 | Int64(digit) }
            }
            return Timestamp(milliseconds: milliseconds)
        }
    }

    private static func hexadecimalDigit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        case _: nil
        }
    }
}
