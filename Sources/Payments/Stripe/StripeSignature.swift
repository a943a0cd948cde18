internal import COpenSSL

/// A secret that Stripe signs its webhooks with: `whsec_…`, whose bytes as they are written are
/// the key. It never shows itself.
package struct StripeSecret: Sendable, Equatable, CustomStringConvertible, CustomReflectable {
    private let key: [UInt8]

    package var description: String { "whsec_…" }
    package var customMirror: Mirror { Mirror(self, children: []) }

    /// nil: it is none.
    package init?(_ text: String) {
        guard text.hasPrefix("whsec_"), 14...255 ~= text.utf8.count,
            text.utf8.allSatisfy({ 0x21...0x7E ~= $0 })
        else { return nil }
        key = Array(text.utf8)
    }

    /// Of `{seconds}.{body}`, in hexadecimal.
    fileprivate func code(_ seconds: Substring, _ body: [UInt8]) -> [UInt8] {
        let content = Array(seconds.utf8) + [UInt8(ascii: ".")] + body
        let code = KeyedHash.sha256(of: content, key: key)
        let digits = Array("0123456789abcdef".utf8)
        return code.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
    }
}

/// The header `Stripe-Signature`, version 1: `t=1700000000,v1=…,v1=…`, with a signature for each
/// active secret. What is of other versions isn't looked at. It is read by the letter of Stripe's
/// own libraries: the first time counts, and nothing is trimmed.
package enum StripeSignature {
    /// How old a signature may be. One by a clock that is ahead of ours is none too old.
    package static let toleranceSeconds: Int64 = 300
    private static let headerLimit = 4_096

    package enum Fault: Error, Sendable, Equatable {
        /// There is no header, or it isn't one.
        case unreadable
        /// By none of our secrets.
        case forged
        /// Signed too long ago.
        case stale
    }

    /// As Stripe makes it.
    package static func header(
        _ body: [UInt8], seconds: Int64, secrets: [StripeSecret]
    ) -> String {
        let codes = secrets.map {
            "v1=" + String(decoding: $0.code("\(seconds)", body), as: UTF8.self)
        }
        return (["t=\(seconds)"] + codes).joined(separator: ",")
    }

    /// - Parameters:
    ///   - body: the bytes that came, before anybody has read them.
    ///   - secrets: those that are active, of which one has to fit.
    ///   - now: in seconds since the Unix epoch.
    package static func verify(
        _ header: String?, of body: [UInt8], secrets: [StripeSecret], now: Int64
    ) throws(Fault) {
        guard let header, header.utf8.count <= headerLimit else { throw .unreadable }
        var time: Substring?
        var codes: [[UInt8]] = []
        for part in header.split(separator: ",") {
            let pair = part.split(separator: "=", maxSplits: 2, omittingEmptySubsequences: false)
            guard pair[0] == "t" || pair[0] == "v1" else { continue }
            guard pair.count > 1 else { throw .unreadable }
            if pair[0] == "v1" {
                codes.append(Array(pair[1].utf8))
            } else if time == nil {
                time = pair[1]
            }
        }
        guard let time, time.utf8.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }),
            let seconds = Int64(time), !codes.isEmpty
        else { throw .unreadable }
        var fits = false
        for secret in secrets {
            let expected = secret.code(time, body)
            for code in codes where areEqual(code, expected) { fits = true }
        }
        guard fits else { throw .forged }
        guard seconds >= now - toleranceSeconds else { throw .stale }
    }

    /// In the same time wherever they differ.
    private static func areEqual(_ a: [UInt8], _ b: [UInt8]) -> Bool {
        a.count == b.count && CRYPTO_memcmp(a, b, a.count) == 0
    }
}
