import COpenSSL

/// Whom a verified client certificate is for: its subject alternative names that can stand for a
/// program, as `DNS:billing.example.com` (lower case) or `URI:spiffe://example.com/billing`.
package struct PeerCertificate: Sendable, Equatable {
    /// In the certificate's order.
    package let names: [String]

    package init(names: [String]) {
        self.names = names
    }

    private static let maxNames: Int32 = 64

    init(_ certificate: OpaquePointer) {
        guard let found = X509_get_ext_d2i(certificate, NID_subject_alt_name, nil, nil) else {
            names = []
            return
        }
        let list = OpaquePointer(found)
        defer { GENERAL_NAMES_free(list) }
        let count = min(shim_sk_GENERAL_NAME_num(list), Self.maxNames)
        names = (0..<count).compactMap { index in
            shim_sk_GENERAL_NAME_value(list, index).flatMap { Self.text($0) }
        }
    }

    private static func text(_ name: UnsafeMutablePointer<GENERAL_NAME>) -> String? {
        var type: Int32 = 0
        let value = GENERAL_NAME_get0_value(name, &type)
        guard type == GEN_DNS || type == GEN_URI, let value else { return nil }
        let string = value.assumingMemoryBound(to: ASN1_STRING.self)
        let bytes = UnsafeBufferPointer(
            start: ASN1_STRING_get0_data(string), count: Int(ASN1_STRING_length(string)))
        // Nothing but plain ASCII: a NUL would make one name look like another.
        guard bytes.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { return nil }
        let text = String(decoding: bytes, as: UTF8.self)
        return type == GEN_DNS ? "DNS:" + text.lowercased() : "URI:" + text
    }
}
