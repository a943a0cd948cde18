import Billing
import Testing

@testable import Wire

/// The hint is read from a call's bytes by heart, the call from the generated code: a hint that
/// names another customer or request makes memory fetch what nobody needs.
@Suite("The hint of a call") struct CallHintTests {
    private static let names = PricingNames(
        PricingState.empty.publishing(
            PricingDraft(
                currency: "usd",
                features: [Feature(id: "messages", name: "Messages", kind: .metered)], plans: [])))

    /// What a message says, as far as a hint does.
    private struct Said: Equatable {
        var customer: CustomerID
        var request: InlineText?
    }

    private static let methods: [(method: Method, requestField: UInt64)] = [
        (.check, 6), (.track, 4),
    ]

    private static func message(
        _ requestField: UInt64, customer: String, request: String, more: Bool
    ) -> [UInt8] {
        var bytes = ProtoBytes()
        bytes.add(1, text: customer)
        bytes.add(2, text: "messages")
        if requestField == 4 { bytes.add(4, text: request) }
        if more { bytes.add(5, number: 1) }
        if requestField == 6 { bytes.add(6, text: request) }
        return bytes.bytes
    }

    private static func hint(_ method: Method, _ bytes: [UInt8]) -> Said? {
        bytes.withUnsafeBytes { CallHint(method, $0) }.map {
            // An empty one is none.
            Said(customer: $0.customer, request: $0.request.flatMap { $0.isEmpty ? nil : $0 })
        }
    }

    /// nil: it is refused.
    private static func decoded(_ method: Method, _ bytes: [UInt8]) -> Said? {
        let reader = RequestReader(arena: Arena(), names: names, fingerprintKey: 7)
        return bytes.withUnsafeBytes { bytes in
            switch method {
            case .check:
                (try? reader.check(bytes)).map {
                    Said(customer: $0.customer, request: $0.request?.id)
                }
            case .track:
                (try? reader.track(bytes)).map {
                    Said(customer: $0.customer, request: $0.request?.id)
                }
            default: nil
            }
        }
    }

    private static let longest = String(repeating: "x", count: 63)

    @Test(
        "names whom the call names",
        arguments: [
            ("acme", "r-1"), ("acme", ""), ("a-b", "?:/"), (longest, longest), ("a", longest),
        ], [false, true])
    func valid(texts: (String, String), more: Bool) throws {
        for (method, field) in Self.methods {
            let bytes = Self.message(field, customer: texts.0, request: texts.1, more: more)
            let said = try #require(Self.decoded(method, bytes))
            #expect(said.customer == CustomerID(texts.0))
            #expect(Self.hint(method, bytes) == said)
        }
    }

    @Test("of a mutilated message is none, or right, wherever the call is good")
    func mutilated() throws {
        var good = 0
        for (method, field) in Self.methods {
            let bytes = Self.message(field, customer: "acme", request: "r-1", more: true)
            let cut = bytes.indices.map { Array(bytes[..<$0]) }
            let flipped = bytes.indices.flatMap { index in
                (0..<8).map { bit in
                    var bytes = bytes
                    bytes[index] ^= 1 << bit
                    return bytes
                }
            }
            let swapped = bytes.indices.flatMap { index in
                ([0, 1, 0x0A, 0x22, 0x32, 0x7F, 0x80, 0xFF] as [UInt8]).map { byte in
                    var bytes = bytes
                    bytes[index] = byte
                    return bytes
                }
            }
            let twice = bytes.indices.map { bytes + bytes[$0...] }
            for bytes in cut + flipped + swapped + twice {
                // Also of what is refused: it must not trap.
                let hint = Self.hint(method, bytes)
                guard let said = Self.decoded(method, bytes) else { continue }
                good += 1
                #expect(hint == nil || hint == said, "\(method) \(bytes)")
            }
        }
        #expect(good > 100)
    }

    @Test(
        "is none where fields come in another order, twice, or not at all",
        arguments: [[], [2, 1], [1, 2, 1]] as [[UInt64]])
    func unusual(fields: [UInt64]) {
        var bytes = ProtoBytes()
        for field in fields { bytes.add(field, text: field == 2 ? "messages" : "acme") }
        for (method, _) in Self.methods { #expect(Self.hint(method, bytes.bytes) == nil) }
    }

    @Test("is none of the methods that are called seldom")
    func seldom() {
        let bytes = Self.message(4, customer: "acme", request: "r-1", more: false)
        for method in [
            Method.attach, .getOrCreateCustomer, .eraseCustomer, .updateCustomer, .deleteCustomer,
        ] {
            #expect(Self.hint(method, bytes) == nil)
        }
    }

    @Test("tells the feature while the message is there", arguments: ["messages", "words", ""])
    func feature(id: String) {
        for (method, _) in Self.methods {
            var bytes = ProtoBytes()
            bytes.add(1, text: "acme")
            if !id.isEmpty { bytes.add(2, text: id) }
            bytes.bytes.withUnsafeBytes { bytes in
                let number = CallHint(method, bytes)?.feature.number(Self.names)
                #expect(number == (id == "messages" ? FeatureNumber(rawValue: 1) : nil))
            }
        }
    }
}
