internal import COpenSSL

/// AES-256-GCM, from the TLS library.
// Safety: its context is used by one caller at a time, who takes it out of a list meanwhile.
final class SealCipher: @unchecked Sendable {
    static let nonceSize = 12
    static let tagSize = 16

    private let context: OpaquePointer
    private let cipher: OpaquePointer

    init() {
        guard let context = EVP_CIPHER_CTX_new(),
            let cipher = EVP_CIPHER_fetch(nil, "AES-256-GCM", nil)
        else { preconditionFailure("libcrypto has AES-256-GCM") }
        self.context = context
        self.cipher = cipher
    }

    deinit {
        EVP_CIPHER_CTX_free(context)
        EVP_CIPHER_free(cipher)
    }

    /// Nonce, ciphertext, tag.
    func seal(
        _ content: UnsafeRawBufferPointer, key: CustomerKey, nonce: [UInt8], binding: [UInt8]
    ) -> [UInt8] {
        let size = SealCipher.nonceSize + content.count + SealCipher.tagSize
        return [UInt8](unsafeUninitializedCapacity: size) { output, count in
            _ = output.initialize(from: nonce)
            let text = output.baseAddress! + SealCipher.nonceSize
            var length: Int32 = 0
            let isSealed =
                withUnsafeBytes(of: key.words) { key in
                    EVP_EncryptInit_ex2(
                        context, cipher, key.baseAddress?.assumingMemoryBound(to: UInt8.self),
                        nonce, nil)
                } == 1
                && EVP_EncryptUpdate(context, nil, &length, binding, Int32(binding.count)) == 1
                && EVP_EncryptUpdate(
                    context, text, &length,
                    content.baseAddress?.assumingMemoryBound(to: UInt8.self),
                    Int32(content.count)) == 1
                && EVP_EncryptFinal_ex(context, text + content.count, &length) == 1
                && EVP_CIPHER_CTX_ctrl(
                    context, EVP_CTRL_AEAD_GET_TAG, Int32(SealCipher.tagSize),
                    text + content.count) == 1
            precondition(isSealed, "AES-256-GCM fails on no content")
            count = size
        }
    }

    /// nil: it wasn't sealed with this key, or not for this binding, or was changed.
    func open(
        _ sealed: UnsafeRawBufferPointer, key: CustomerKey, binding: [UInt8]
    ) -> [UInt8]? {
        let size = sealed.count - SealCipher.nonceSize - SealCipher.tagSize
        guard size >= 0, let start = sealed.baseAddress?.assumingMemoryBound(to: UInt8.self)
        else { return nil }
        var isWhole = false
        let content = [UInt8](unsafeUninitializedCapacity: max(size, 1)) { output, count in
            var length: Int32 = 0
            let text = start + SealCipher.nonceSize
            isWhole =
                withUnsafeBytes(of: key.words) { key in
                    EVP_DecryptInit_ex2(
                        context, cipher, key.baseAddress?.assumingMemoryBound(to: UInt8.self),
                        start, nil)
                } == 1
                && EVP_DecryptUpdate(context, nil, &length, binding, Int32(binding.count)) == 1
                && EVP_DecryptUpdate(
                    context, output.baseAddress, &length, text, Int32(size)) == 1
                && EVP_CIPHER_CTX_ctrl(
                    context, EVP_CTRL_AEAD_SET_TAG, Int32(SealCipher.tagSize),
                    UnsafeMutablePointer(mutating: text + size)) == 1
                && EVP_DecryptFinal_ex(context, output.baseAddress! + size, &length) == 1
            count = isWhole ? size : 0
        }
        return isWhole ? content : nil
    }

    /// Bytes that nobody can guess.
    static func random(_ buffer: UnsafeMutableRawBufferPointer) {
        let result = RAND_bytes(
            buffer.baseAddress?.assumingMemoryBound(to: UInt8.self), Int32(buffer.count))
        precondition(result == 1, "libcrypto has a random source")
    }
}
