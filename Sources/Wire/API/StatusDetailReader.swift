package import Billing

/// What a client needs of the `google.rpc.Status` that comes with an error: the reason with what
/// belongs to it, the field violations, and when a retry makes sense. Anything that can't be read
/// is left out.
package struct StatusDetailReader: Sendable {
    package private(set) var reason = ""
    /// Of the `ErrorInfo`.
    package private(set) var metadata: [(key: String, value: String)] = []
    package private(set) var violations: [Violation] = []
    /// nil: a retry makes no sense.
    package private(set) var retryAfterMilliseconds: Int?

    package var canRetry: Bool { retryAfterMilliseconds != nil }

    private struct Field {
        var number: UInt64
        /// Of a number.
        var value: UInt64 = 0
        /// Of anything else.
        var payload: ArraySlice<UInt8> = []

        var text: String { String(decoding: payload, as: UTF8.self) }
    }

    package init(_ bytes: [UInt8]) {
        // Status { 3: details }, Any { 1: type, 2: value }
        for detail in Self.fields(bytes[...]) where detail.number == 3 {
            let parts = Self.fields(detail.payload)
            let type = parts.first { $0.number == 1 }.map(\.text) ?? ""
            let value = Self.fields(parts.first { $0.number == 2 }.map(\.payload) ?? [])
            switch type {
            case "type.googleapis.com/google.rpc.ErrorInfo": readInfo(value)
            case "type.googleapis.com/google.rpc.BadRequest":
                for field in value where field.number == 1 {
                    violations.append(Self.violation(field.payload))
                }
            case "type.googleapis.com/google.rpc.RetryInfo":
                retryAfterMilliseconds = Self.milliseconds(value)
            case _: break
            }
        }
    }

    /// { 1: reason, 3: metadata }
    private mutating func readInfo(_ fields: [Field]) {
        for field in fields {
            if field.number == 1 { reason = field.text }
            guard field.number == 3 else { continue }
            var entry = (key: "", value: "")
            for part in Self.fields(field.payload) {
                if part.number == 1 { entry.key = part.text }
                if part.number == 2 { entry.value = part.text }
            }
            metadata.append(entry)
        }
    }

    /// { 1: field, 2: description }
    private static func violation(_ bytes: ArraySlice<UInt8>) -> Violation {
        var violation = Violation(path: "", message: "")
        for field in fields(bytes) {
            if field.number == 1 { violation.path = field.text }
            if field.number == 2 { violation.message = field.text }
        }
        return violation
    }

    /// { 1: Duration { 1: seconds, 2: nanoseconds } }
    private static func milliseconds(_ fields: [Field]) -> Int {
        var total = 0
        for field in fields where field.number == 1 {
            for part in Self.fields(field.payload) {
                if part.number == 1 { total += Int(clamping: min(part.value, 1 << 31)) * 1000 }
                if part.number == 2 { total += Int(clamping: min(part.value, 1 << 31)) / 1_000_000 }
            }
        }
        return total
    }

    /// A message's fields, up to the first byte that makes no sense.
    private static func fields(_ bytes: ArraySlice<UInt8>) -> [Field] {
        var fields: [Field] = []
        var rest = bytes
        while let tag = varint(&rest), let value = varint(&rest) {
            if tag & 7 == 0 {
                fields.append(Field(number: tag >> 3, value: value))
                continue
            }
            guard tag & 7 == 2, value <= UInt64(rest.count) else { break }
            fields.append(Field(number: tag >> 3, payload: rest.prefix(Int(value))))
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
