internal import COpenSSL

/// The SHA-256 of a key: what it is looked up by.
struct KeyDigest: Hashable, Sendable {
    private var words: (UInt64, UInt64, UInt64, UInt64)

    init(of key: UnsafeRawBufferPointer) {
        words = (0, 0, 0, 0)
        withUnsafeMutableBytes(of: &words) { output in
            var length: UInt32 = 0
            let result = EVP_Digest(
                key.baseAddress, key.count, output.baseAddress, &length, EVP_sha256(), nil)
            precondition(result == 1 && length == 32, "libcrypto has SHA-256")
        }
    }

    init(text: String) {
        var text = text
        self = text.withUTF8 { KeyDigest(of: UnsafeRawBufferPointer($0)) }
    }

    /// nil: not 64 hexadecimal digits.
    init?(hex text: String) {
        let digits = Array(text.utf8)
        guard digits.count == 64 else { return nil }
        words = (0, 0, 0, 0)
        var fine = true
        withUnsafeMutableBytes(of: &words) { output in
            for index in output.indices {
                let pair = String(decoding: digits[2 * index...2 * index + 1], as: UTF8.self)
                guard let byte = UInt8(pair, radix: 16) else {
                    fine = false
                    return
                }
                output[index] = byte
            }
        }
        if !fine { return nil }
    }

    var bytes: [UInt8] { withUnsafeBytes(of: words) { Array($0) } }

    var hex: String {
        bytes.map { byte in
            let text = String(byte, radix: 16)
            return text.count == 1 ? "0" + text : text
        }.joined()
    }

    /// By which callers are told apart: its first 32 bits.
    var caller: UInt32 { bytes.prefix(4).reduce(0) { $0 << 8 | UInt32($1) } }

    static func == (left: KeyDigest, right: KeyDigest) -> Bool { left.words == right.words }

    func hash(into hasher: inout Hasher) { hasher.combine(words.0) }
}
