import COpenSSL

extension TLSContext {
    /// Certificates between a client's and the authority, and itself.
    private static let maxChainLength: Int32 = 5

    /// `place`: the listener's, of whose sessions no other listener must know.
    static func server(
        _ identity: TLSIdentity, clients: ClientCertificates, place: Int, tickets: TLSTickets
    ) throws(TLSFault) -> TLSContext {
        let made = try TLSContext(method: TLS_server_method(), tickets: tickets)
        try made.present(identity)
        let authorities = try made.ask(clients)
        try made.separateSessions(Array("\(place) \(clients.word) ".utf8) + authorities)
        SSL_CTX_set_options(
            made.pointer,
            shim_SSL_OP_CIPHER_SERVER_PREFERENCE() | shim_SSL_OP_PRIORITIZE_CHACHA())
        SSL_CTX_set_alpn_select_cb(made.pointer, selectProtocol, nil)
        TLSBIO.meterSteps(of: made.pointer)
        return made
    }

    private func present(_ identity: TLSIdentity) throws(TLSFault) {
        // A key under a password must not stop the server before a prompt.
        SSL_CTX_set_default_passwd_cb(pointer) { _, _, _, _ in -1 }
        guard SSL_CTX_use_certificate_chain_file(pointer, identity.certificateChainFile) == 1
        else { throw TLSFault.last("certificate \(identity.certificateChainFile)") }
        guard
            SSL_CTX_use_PrivateKey_file(pointer, identity.privateKeyFile, SSL_FILETYPE_PEM) == 1
        else { throw TLSFault.last("private key \(identity.privateKeyFile)") }
        guard SSL_CTX_check_private_key(pointer) == 1 else {
            throw TLSFault.last("the private key does not belong to the certificate")
        }
    }

    /// The digests of the authorities' certificates.
    private func ask(_ clients: ClientCertificates) throws(TLSFault) -> [UInt8] {
        guard let authorityFile = clients.authorityFile else { return [] }
        // Else the clients' authorities would be sent along with this server's certificate.
        _ = shim_SSL_CTX_set_mode(pointer, Int(SSL_MODE_NO_AUTO_CHAIN))
        let force = clients.areRequired ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0
        SSL_CTX_set_verify(pointer, SSL_VERIFY_PEER | force, nil)
        SSL_CTX_set_verify_depth(pointer, Self.maxChainLength)
        return try trust(authorityFile)
    }

    private func trust(_ authorityFile: String) throws(TLSFault) -> [UInt8] {
        let what = "clients' authorities \(authorityFile)"
        guard let file = BIO_new_file(authorityFile, "r") else { throw TLSFault.last(what) }
        defer { BIO_free(file) }
        var digests: [UInt8] = []
        while let certificate = PEM_read_bio_X509(file, nil, nil, nil) {
            defer { X509_free(certificate) }
            var digest = [UInt8](repeating: 0, count: 32)
            guard X509_STORE_add_cert(SSL_CTX_get_cert_store(pointer), certificate) == 1,
                SSL_CTX_add_client_CA(pointer, certificate) == 1,
                X509_digest(certificate, EVP_sha256(), &digest, nil) == 1
            else { throw TLSFault.last(what) }
            digests += digest
        }
        // The end of the file is an error too, of its own kind.
        guard !digests.isEmpty, ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE else {
            throw TLSFault.last(what)
        }
        ERR_clear_error()
        return digests
    }

    /// A ticket opens only where the same would be asked of the client, by the same authorities:
    /// whoever comes back with one isn't asked again.
    private func separateSessions(_ parts: [UInt8]) throws(TLSFault) {
        var digest = [UInt8](repeating: 0, count: 32)
        guard EVP_Digest(parts, parts.count, &digest, nil, EVP_sha256(), nil) == 1,
            SSL_CTX_set_session_id_context(pointer, digest, UInt32(digest.count)) == 1
        else { throw TLSFault.last("session context") }
    }

    /// The certificate that is presented is no longer good.
    var isPast: Bool { SSL_CTX_get0_certificate(pointer).map(Self.isPast) ?? false }

    static func isPast(_ certificate: OpaquePointer) -> Bool {
        X509_cmp_current_time(X509_get0_notAfter(certificate)) < 0
    }
}

/// The first of ours that the client offers too; none is a fatal alert, as RFC 7301 has it.
/// Not called when the client doesn't use the extension.
private func selectProtocol(
    _ ssl: OpaquePointer?, _ out: UnsafeMutablePointer<UnsafePointer<UInt8>?>?,
    _ outLength: UnsafeMutablePointer<UInt8>?, _ offered: UnsafePointer<UInt8>?,
    _ offeredLength: UInt32, _ argument: UnsafeMutableRawPointer?
) -> Int32 {
    guard let out, let outLength, let offered else { return SSL_TLSEXT_ERR_ALERT_FATAL }
    for wanted in ["h2", "http/1.1"] {
        var at = 0
        while at < Int(offeredLength) {
            let length = Int(offered[at])
            guard at + 1 + length <= Int(offeredLength) else { break }
            let name = UnsafeBufferPointer(start: offered + at + 1, count: length)
            if name.elementsEqual(wanted.utf8) {
                out.pointee = offered + at + 1
                outLength.pointee = UInt8(length)
                return SSL_TLSEXT_ERR_OK
            }
            at += 1 + length
        }
    }
    return SSL_TLSEXT_ERR_ALERT_FATAL
}
