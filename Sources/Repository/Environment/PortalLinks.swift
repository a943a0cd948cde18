package import Billing
internal import Synchronization

/// Ways into customers' own pages: secrets that are kept nowhere. A token is sealed with a key of
/// the environment (AES-256-GCM), so that nobody makes one, changes one, or reads what is in it; it
/// says whose it is and when it expires.
///
/// The key is a file beside the log. A backup doesn't have it: after a restore customers are given
/// new addresses.
package final class PortalLinks: Sendable {
    /// What a token says.
    package struct Link: Sendable, Equatable {
        package var customer: CustomerID
        /// When the customer came to be: one of the same id that is made later is somebody else.
        package var created: Timestamp
        /// Wall time.
        package var expires: Timestamp
        /// Where the pages lead back to; empty: nowhere.
        package var returnURL: String
    }

    /// How long an address works, in milliseconds.
    package static let validity: Int64 = 3_600_000
    static let fileName = "portal.key"
    /// More is no token of ours: the longest id and return URL, in base64.
    private static let tokenLimit = 4096
    private static let keySize = 32

    private let key: CustomerKey
    private let binding: [UInt8]
    private let cipher = Mutex(SealCipher())

    struct Failure: Error, CustomStringConvertible {
        var description: String
    }

    init(folder: String, environment: String) throws {
        binding = Array("portal/\(environment)".utf8)
        let path = "\(folder)/\(PortalLinks.fileName)"
        var content = try SmallFile.read(path)
        if content == nil {
            var fresh = [UInt8](repeating: 0, count: PortalLinks.keySize)
            fresh.withUnsafeMutableBytes { SealCipher.random($0) }
            try SmallFile.write(fresh, to: path)
            content = fresh
        }
        guard let content, content.count == PortalLinks.keySize else {
            throw Failure(
                description: "\(path) is damaged; remove it, and customers are given new addresses")
        }
        key = content.withUnsafeBytes { bytes in
            CustomerKey(words: bytes.loadUnaligned(as: (UInt64, UInt64, UInt64, UInt64).self))
        }
    }

    /// In letters, digits, "-" and "_".
    func token(_ link: Link) -> String {
        var content = LinkBytes()
        content.add(link.expires.milliseconds)
        content.add(link.created.milliseconds)
        let id = Array(link.customer.text.utf8)
        content.bytes.append(UInt8(id.count))
        content.bytes += id + Array(link.returnURL.utf8)
        var nonce = [UInt8](repeating: 0, count: SealCipher.nonceSize)
        nonce.withUnsafeMutableBytes { SealCipher.random($0) }
        let sealed = cipher.withLock { cipher in
            content.bytes.withUnsafeBytes {
                cipher.seal($0, key: key, nonce: nonce, binding: binding)
            }
        }
        return AddressText.text(sealed)
    }

    /// nil: it is none of ours. It may have expired.
    func link(_ token: String) -> Link? {
        guard token.utf8.count <= PortalLinks.tokenLimit, let sealed = AddressText.bytes(token)
        else { return nil }
        let opened = cipher.withLock { cipher in
            sealed.withUnsafeBytes { cipher.open($0, key: key, binding: binding) }
        }
        guard let opened, opened.count > 16 else { return nil }
        let content = LinkBytes(bytes: opened)
        let end = 17 + Int(opened[16])
        guard end <= opened.count,
            let customer = opened[17..<end].withUnsafeBytes({ CustomerID($0) })
        else { return nil }
        return Link(
            customer: customer, created: Timestamp(milliseconds: content.number(at: 8)),
            expires: Timestamp(milliseconds: content.number(at: 0)),
            returnURL: String(decoding: opened[end...], as: UTF8.self))
    }
}

/// Numbers in a token.
private struct LinkBytes {
    var bytes: [UInt8] = []

    mutating func add(_ number: Int64) {
        withUnsafeBytes(of: number.littleEndian) { bytes += Array($0) }
    }

    func number(at offset: Int) -> Int64 {
        bytes.withUnsafeBytes { bytes in
            Int64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: Int64.self))
        }
    }
}

/// Bytes as a part of an address (base64url, RFC 4648, without padding).
enum AddressText {
    private static let alphabet = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

    static func text(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        var (group, bits) = (UInt32(0), 0)
        for byte in bytes {
            group = group << 8 | UInt32(byte)
            bits += 8
            while bits >= 6 {
                bits -= 6
                text.append(alphabet[Int(group >> UInt32(bits) & 63)])
            }
            group &= 0xFF
        }
        if bits > 0 { text.append(alphabet[Int(group << UInt32(6 - bits) & 63)]) }
        return String(decoding: text, as: UTF8.self)
    }

    /// nil: it is none, or not the one way in which these bytes are written.
    static func bytes(_ text: String) -> [UInt8]? {
        var bytes: [UInt8] = []
        var (group, bits) = (UInt32(0), 0)
        for character in text.utf8 {
            guard let digit = alphabet.firstIndex(of: character) else { return nil }
            group = (group << 6 | UInt32(digit)) & 0xFFFF
            bits += 6
            guard bits >= 8 else { continue }
            bits -= 8
            bytes.append(UInt8(truncatingIfNeeded: group >> UInt32(bits)))
        }
        return AddressText.text(bytes) == text ? bytes : nil
    }
}
