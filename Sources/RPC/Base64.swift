/// Binary metadata (`-bin` names): base64, sent without padding, read with or without.
package enum Base64 {
    private static let alphabet = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    package static func encode(_ bytes: [UInt8]) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity((bytes.count * 4 + 2) / 3)
        var at = 0
        while at < bytes.count {
            let left = bytes.count - at
            let first = UInt32(bytes[at]) << 16
            let second = left > 1 ? UInt32(bytes[at + 1]) << 8 : 0
            let third = left > 2 ? UInt32(bytes[at + 2]) : 0
            let group = first | second | third
            out.append(alphabet[Int(group >> 18)])
            out.append(alphabet[Int(group >> 12 & 63)])
            if left > 1 { out.append(alphabet[Int(group >> 6 & 63)]) }
            if left > 2 { out.append(alphabet[Int(group & 63)]) }
            at += 3
        }
        return out
    }

    static func decode(_ text: some Collection<UInt8>) -> [UInt8]? {
        var out: [UInt8] = []
        var group: UInt32 = 0
        var bits = 0
        var padded = false
        for byte in text {
            if byte == UInt8(ascii: "=") {
                padded = true
                continue
            }
            guard !padded, let value = value(of: byte) else { return nil }
            group = (group << 6 | UInt32(value)) & 0xFF_FFFF
            bits += 6
            if bits >= 8 {
                bits -= 8
                out.append(UInt8(truncatingIfNeeded: group >> UInt32(bits)))
            }
        }
        return bits < 6 ? out : nil
    }

    private static func value(of byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): byte - UInt8(ascii: "A")
        case UInt8(ascii: "a")...UInt8(ascii: "z"): byte - UInt8(ascii: "a") + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0") + 52
        case UInt8(ascii: "+"), UInt8(ascii: "-"): 62
        case UInt8(ascii: "/"), UInt8(ascii: "_"): 63
        default: nil
        }
    }
}
