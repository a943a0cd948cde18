internal import Billing

/// What a command needs of the `google.rpc.Status` that comes with an error: the reason, the field
/// violations, and whether a retry makes sense. Anything that can't be read is left out.
struct StatusDetailReader {
    private(set) var reason = ""
    private(set) var violations: [Violation] = []
    private(set) var canRetry = false

    init(_ bytes: [UInt8]) {
        // Status { 3: details }, Any { 1: type, 2: value }
        for detail in Self.fields(bytes[...]) where detail.number == 3 {
            let parts = Self.fields(detail.payload)
            let type = parts.first { $0.number == 1 }.map { Self.text($0.payload) } ?? ""
            let value = parts.first { $0.number == 2 }?.payload ?? []
            switch type {
            case "type.googleapis.com/google.rpc.ErrorInfo":
                reason = Self.fields(value).filter { $0.number == 1 }
                    .map { Self.text($0.payload) }.joined()
            case "type.googleapis.com/google.rpc.BadRequest":
                violations += Self.fields(value).filter { $0.number == 1 }.map {
                    Self.violation($0.payload)
                }
            case "type.googleapis.com/google.rpc.RetryInfo": canRetry = true
            case _: break
            }
        }
    }

    /// { 1: field, 2: description }
    private static func violation(_ bytes: ArraySlice<UInt8>) -> Violation {
        var violation = Violation(path: "", message: "")
        for field in fields(bytes) {
            if field.number == 1 { violation.path = text(field.payload) }
            if field.number == 2 { violation.message = text(field.payload) }
        }
        return violation
    }

    private static func text(_ bytes: ArraySlice<UInt8>) -> String {
        String(decoding: bytes, as: UTF8.self)
    }

    /// The length-delimited fields of a message, up to the first byte that makes no sense; numbers
    /// are stepped over.
    private static func fields(
        _ bytes: ArraySlice<UInt8>
    ) -> [(number: UInt64, payload: ArraySlice<UInt8>)] {
        var fields: [(number: UInt64, payload: ArraySlice<UInt8>)] = []
        var rest = bytes
        while let tag = varint(&rest), let value = varint(&rest) {
            if tag & 7 == 0 { continue }
            guard tag & 7 == 2, value <= UInt64(rest.count) else { break }
            fields.append((tag >> 3, rest.prefix(Int(value))))
            rest = rest.dropFirst(Int(value))
        }
        return fields
    }

    private static func varint(_ bytes: inout ArraySlice<UInt8>) -> UInt64? {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 64, by: 7) {
            guard let byte = bytes.popFirst() else { return nil }
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
        }
        return nil
    }
}
