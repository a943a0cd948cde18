package import Billing

/// Everything that keeps a JSON value from being the message it was meant to be.
package struct JSONFaults: Error, Sendable, Equatable {
    /// In document order, each with its path, such as "plans[1].items[0].price.amount".
    package var violations: [Violation]
}

/// JSON to protobuf messages and back, as files and people write them.
///
/// - Keys are the proto's field names. A key with null counts as absent.
/// - Text fields also take a number, by its literal: `"amount": 19.99` is exact.
/// - Enums: short name ("metered"), proto name ("FEATURE_TYPE_METERED") or number; written short.
/// - Timestamps: RFC 3339 text. 64-bit integers: plain numbers.
/// - What is written shows fields without presence even at their default, so that scripts can rely
///   on the keys; absent `optional` fields, members of a oneof, and messages are left out.
package enum MessageJSON {
    /// The protobuf bytes of a JSON value; all its faults at once if it has any.
    package static func encode(
        _ value: JSONValue, as kind: MessageKind
    ) throws(JSONFaults) -> [UInt8] {
        var encoder = MessageEncoder()
        let bytes = encoder.object(value, as: kind.schema)
        guard encoder.faults.violations.isEmpty else {
            throw JSONFaults(violations: encoder.faults.violations)
        }
        return bytes
    }

    /// The JSON of protobuf bytes. Fields that the API doesn't know are skipped.
    package static func decode(
        _ bytes: UnsafeRawBufferPointer, as kind: MessageKind
    ) throws(MalformedMessage) -> JSONValue {
        try MessageDecoder.object(bytes, as: kind.schema)
    }

    /// See the other `decode`.
    package static func decode(
        _ bytes: [UInt8], as kind: MessageKind
    ) throws(MalformedMessage) -> JSONValue {
        try bytes.withUnsafeBufferPointer { (buffer) throws(MalformedMessage) in
            try decode(UnsafeRawBufferPointer(buffer), as: kind)
        }
    }
}
