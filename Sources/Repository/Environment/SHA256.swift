internal import COpenSSL

/// SHA-256, from the TLS library.
package enum SHA256 {
    package static func digest(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: 32) { output, count in
            var length: UInt32 = 0
            let result = EVP_Digest(
                bytes.baseAddress, bytes.count, output.baseAddress, &length, EVP_sha256(), nil)
            precondition(result == 1 && length == 32, "libcrypto has SHA-256")
            count = 32
        }
    }
}
