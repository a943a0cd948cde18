/// The header `traceparent` of W3C Trace Context: which trace a call is part of. What isn't one to
/// the letter is none, as the standard asks.
package struct TraceParent: Sendable, Equatable {
    /// 32 hexadecimal digits.
    package let traceID: String
    /// 16, of the caller's own span.
    package let parentID: String
    package let flags: String

    package init?(_ text: some StringProtocol) {
        let bytes = Array(text.utf8)
        guard bytes.count >= 55 else { return nil }
        let dash = UInt8(ascii: "-")
        guard bytes[2] == dash, bytes[35] == dash, bytes[52] == dash else { return nil }
        // A later version may say more, behind another dash.
        let version = bytes[0...1]
        guard version.allSatisfy(Self.isDigit), !version.elementsEqual("ff".utf8) else {
            return nil
        }
        let isFirst = version.elementsEqual("00".utf8)
        guard bytes.count == 55 || (!isFirst && bytes[55] == dash) else { return nil }
        let (trace, parent, flags) = (bytes[3..<35], bytes[36..<52], bytes[53..<55])
        guard trace.allSatisfy(Self.isDigit), trace.contains(where: { $0 != UInt8(ascii: "0") }),
            parent.allSatisfy(Self.isDigit), parent.contains(where: { $0 != UInt8(ascii: "0") }),
            flags.allSatisfy(Self.isDigit)
        else { return nil }
        traceID = String(decoding: trace, as: UTF8.self)
        parentID = String(decoding: parent, as: UTF8.self)
        self.flags = String(decoding: flags, as: UTF8.self)
    }

    /// Small letters only.
    private static func isDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"): true
        default: false
        }
    }
}
