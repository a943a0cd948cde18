import COpenSSL

/// Where a server's certificate chain and its key are, PEM.
package struct TLSIdentity: Sendable {
    package var certificateChainFile: String
    package var privateKeyFile: String

    package init(certificateChainFile: String, privateKeyFile: String) {
        self.certificateChainFile = certificateChainFile
        self.privateKeyFile = privateKeyFile
    }
}

package struct TLSFault: Error, CustomStringConvertible {
    package let description: String

    /// With OpenSSL's own words for the last error, whose queue is emptied.
    static func last(_ what: String) -> TLSFault {
        let code = ERR_get_error()
        ERR_clear_error()
        guard code != 0 else { return TLSFault(description: what) }
        var text = [CChar](repeating: 0, count: 256)
        ERR_error_string_n(code, &text, text.count)
        let words = text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        return TLSFault(description: "\(what): \(String(decoding: words, as: UTF8.self))")
    }
}

/// Owner of one `SSL_CTX`. One serves all loops: making contexts is slow.
// Safety: nothing changes after init, and OpenSSL's own reference counts and locks cover use
// from several threads.
final class TLSContext: @unchecked Sendable {
    let pointer: OpaquePointer
    /// A server's: callbacks find them through the pointer.
    private let tickets: TLSTickets?

    /// Forward-secret key exchange and authenticated encryption only.
    private static let tls12Ciphers =
        "ECDHE+AESGCM:ECDHE+CHACHA20:!aNULL:!PSK:!SRP:!CAMELLIA:!ARIA"
    private static let tls13Ciphers =
        "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256"

    /// Those that everybody has, in the order of their speed.
    private static let groups = "X25519:P-256:P-384"

    init(method: OpaquePointer?, tickets: TLSTickets? = nil) throws(TLSFault) {
        guard let context = SSL_CTX_new(method) else {
            throw TLSFault.last("no TLS context")
        }
        pointer = context
        self.tickets = tickets
        _ = shim_SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION)
        _ = shim_SSL_CTX_set_max_proto_version(context, TLS1_3_VERSION)
        guard SSL_CTX_set_cipher_list(context, Self.tls12Ciphers) == 1,
            SSL_CTX_set_ciphersuites(context, Self.tls13Ciphers) == 1,
            shim_SSL_CTX_set1_groups_list(context, Self.groups) == 1
        else { throw TLSFault.last("no usable ciphers or groups") }
        SSL_CTX_set_options(
            context, shim_SSL_OP_NO_COMPRESSION() | shim_SSL_OP_NO_RENEGOTIATION())
        // Idle connections are many: their record buffers are given back.
        let mode = SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE
        _ = shim_SSL_CTX_set_mode(context, Int(mode))
        _ = shim_SSL_CTX_set_read_ahead(context, 1)
        _ = shim_SSL_CTX_set_session_cache_mode(context, Int(SSL_SESS_CACHE_OFF))
        if let tickets { seal(with: tickets) }
    }

    /// `authorityFile`: the PEM of the only authorities to be trusted; nil: the system's.
    static func client(
        authorityFile: String?, protocols: [UInt8] = ALPN.h2
    ) throws -> TLSContext {
        let made = try TLSContext(method: TLS_client_method())
        let context = made.pointer
        let loaded =
            authorityFile.map { SSL_CTX_load_verify_locations(context, $0, nil) }
            ?? SSL_CTX_set_default_verify_paths(context)
        guard loaded == 1 else { throw TLSFault.last("authorities \(authorityFile ?? "")") }
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nil)
        // This one call tells success by zero.
        guard SSL_CTX_set_alpn_protos(context, protocols, UInt32(protocols.count)) == 0 else {
            throw TLSFault.last("application protocols")
        }
        return made
    }

    deinit { SSL_CTX_free(pointer) }
}

enum ALPN {
    /// As they stand in the hello: each name after its length.
    static let h2: [UInt8] = [2] + Array("h2".utf8)
    static let http1: [UInt8] = [8] + Array("http/1.1".utf8)
}
