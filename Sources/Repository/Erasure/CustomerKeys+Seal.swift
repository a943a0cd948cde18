package import Billing
internal import Synchronization
package import Wire

extension CustomerKeys {
    package func seal(
        _ content: UnsafeRawBufferPointer, with key: UInt32, for use: SealUse,
        of customer: CustomerID
    ) -> [UInt8]? {
        guard let secret = secret(key), secret.isLive else { return nil }
        let nonce = [UInt8](unsafeUninitializedCapacity: SealCipher.nonceSize) { buffer, count in
            random(UnsafeMutableRawBufferPointer(buffer))
            count = SealCipher.nonceSize
        }
        return withCipher {
            $0.seal(content, key: secret, nonce: nonce, binding: binding(use, customer))
        }
    }

    package func open(
        _ sealed: UnsafeRawBufferPointer, with key: UInt32, for use: SealUse,
        of customer: CustomerID
    ) -> Unsealed {
        guard let secret = secret(key) else { return .failed(lacks(key)) }
        guard secret.isLive else { return .destroyed }
        let content = withCipher { $0.open(sealed, key: secret, binding: binding(use, customer)) }
        guard let content else {
            return .failed("key \(key) of \(Self.fileName) doesn't open what it should have sealed")
        }
        return .content(content)
    }

    private func binding(_ use: SealUse, _ customer: CustomerID) -> [UInt8] {
        customer.withBytes { [use.rawValue] + $0 }
    }

    private func withCipher<Value>(_ body: (SealCipher) -> Value) -> Value {
        let cipher = ciphers.withLock { $0.popLast() } ?? SealCipher()
        defer { ciphers.withLock { $0.append(cipher) } }
        return body(cipher)
    }
}
