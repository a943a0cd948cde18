import Billing
import Testing

@testable import Wire

@Suite struct RequestBytesTests {
    /// Bytes that are no message of the kind, most of them found by fuzzing.
    @Test(
        arguments: [
            // The customer's id as a number.
            [0x08, 0x01],
            // A field number in more bytes than protobuf's own readers take.
            [0x8A, 0x80, 0x80, 0x80, 0x80, 0x00, 0x01, 0x61],
            // Cut off, and a group.
            [0x0A, 0x05, 0x61], [0x0B, 0x0C],
        ] as [[UInt8]])
    func malformed(_ bytes: [UInt8]) {
        let reader = RequestReader(
            arena: Arena(), names: PricingNames(.empty), fingerprintKey: 0)
        #expect {
            try bytes.withUnsafeBytes { try reader.check($0) }
        } throws: { fault in
            if case CallFault.malformed = fault { true } else { false }
        }
    }
}
