internal import COpenSSL

/// HMAC-SHA256, as webhooks that come are signed, and those that go out.
package enum KeyedHash {
    package static func sha256(of content: [UInt8], key: [UInt8]) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: 32) { output, count in
            var length: UInt32 = 0
            let result = HMAC(
                EVP_sha256(), key, Int32(key.count), content, content.count, output.baseAddress,
                &length)
            precondition(result != nil && length == 32, "libcrypto has HMAC-SHA256")
            count = 32
        }
    }
}
