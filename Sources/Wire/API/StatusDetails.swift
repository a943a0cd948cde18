package import Billing

/// The details of an error: a `google.rpc.Status` with an `ErrorInfo`, and a `BadRequest` or a
/// `RetryInfo` where there is one.
package struct StatusDetails: Sendable {
    /// Where the reasons of errors are defined.
    private static let domain = "tally"

    package var code: Int
    package var message: String
    /// Stable, UPPER_SNAKE.
    package var reason: String
    package var violations: [Violation] = []
    package var retryAfterMilliseconds: Int?

    package init(code: Int, message: String, reason: String) {
        self.code = code
        self.message = message
        self.reason = reason
    }

    /// As it travels in `grpc-status-details-bin`.
    package var encoded: [UInt8] {
        var info = ProtoBytes()
        info.add(1, text: reason)
        info.add(2, text: StatusDetails.domain)
        var status = ProtoBytes()
        status.add(1, number: UInt64(code))
        status.add(2, text: message)
        status.add(3, any: "google.rpc.ErrorInfo", info)
        if !violations.isEmpty {
            var request = ProtoBytes()
            for violation in violations {
                var field = ProtoBytes()
                field.add(1, text: violation.path)
                field.add(2, text: violation.message)
                request.add(1, message: field)
            }
            status.add(3, any: "google.rpc.BadRequest", request)
        }
        if let delay = retryAfterMilliseconds {
            var duration = ProtoBytes()
            duration.add(1, number: UInt64(delay / 1000))
            duration.add(2, number: UInt64(delay % 1000 * 1_000_000))
            var retry = ProtoBytes()
            retry.add(1, message: duration)
            status.add(3, any: "google.rpc.RetryInfo", retry)
        }
        return status.bytes
    }
}

/// Protobuf bytes, field by field: for the few messages of others that we only write.
struct ProtoBytes {
    private(set) var bytes: [UInt8] = []

    mutating func add(_ field: UInt64, number: UInt64) {
        guard number != 0 else { return }
        varint(field << 3)
        varint(number)
    }

    mutating func add(_ field: UInt64, text: String) {
        guard !text.isEmpty else { return }
        add(field, payload: Array(text.utf8))
    }

    /// Bytes as they are: a message that was encoded before, or a `bytes` field.
    mutating func add(_ field: UInt64, raw: UnsafeRawBufferPointer) {
        add(field, payload: Array(raw))
    }

    mutating func add(_ field: UInt64, message: ProtoBytes) {
        add(field, payload: message.bytes)
    }

    /// A `google.protobuf.Any`.
    mutating func add(_ field: UInt64, any type: String, _ message: ProtoBytes) {
        var any = ProtoBytes()
        any.add(1, text: "type.googleapis.com/" + type)
        any.add(2, payload: message.bytes)
        add(field, message: any)
    }

    private mutating func add(_ field: UInt64, payload: [UInt8]) {
        varint(field << 3 | 2)
        varint(UInt64(payload.count))
        bytes += payload
    }

    private mutating func varint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(rest & 0x7F) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }
}
