internal import COpenSSL
internal import Payments

/// What a receiver knows us by (Standard Webhooks, symmetric): `whsec_` and 24 to 64 bytes in
/// base64. It never shows itself.
package struct WebhookSecret: Sendable, CustomStringConvertible {
    private static let prefix = "whsec_"
    private static let sizes = 24...64

    private let key: [UInt8]

    package var description: String { "whsec_…" }

    /// nil: it is none.
    package init?(_ text: String) {
        guard text.hasPrefix(Self.prefix),
            let key = Base64.decode(Array(text.utf8.dropFirst(Self.prefix.utf8.count))),
            Self.sizes.contains(key.count)
        else { return nil }
        self.key = key
    }

    /// Of the id, the time in seconds and the body, as the header `webhook-signature` has it.
    package func signature(id: String, seconds: Int64, body: [UInt8]) -> String {
        let content = Array("\(id).\(seconds).".utf8) + body
        return "v1," + Base64.encode(KeyedHash.sha256(of: content, key: key))
    }
}

/// With padding, by the TLS library.
private enum Base64 {
    static func encode(_ bytes: [UInt8]) -> String {
        let size = (bytes.count + 2) / 3 * 4
        return String(unsafeUninitializedCapacity: size + 1) { output in
            Int(EVP_EncodeBlock(output.baseAddress, bytes, Int32(bytes.count)))
        }
    }

    static func decode(_ text: [UInt8]) -> [UInt8]? {
        guard !text.isEmpty, text.count % 4 == 0, text.count <= 128 else { return nil }
        let padding = text.suffix(2).count { $0 == UInt8(ascii: "=") }
        let decoded = [UInt8](unsafeUninitializedCapacity: text.count) { output, count in
            count = max(0, Int(EVP_DecodeBlock(output.baseAddress, text, Int32(text.count))))
        }
        return decoded.isEmpty ? nil : decoded.dropLast(padding)
    }
}
