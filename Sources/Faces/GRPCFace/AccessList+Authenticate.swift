internal import RPC
internal import Repository

extension AccessList {
    /// Who calls: by the value of `authorization`, and by the certificate where none was sent. The
    /// principal is an `Access`.
    func authenticate(
        _ authorization: UnsafeRawBufferPointer?, _ peer: PeerCertificate?
    ) -> Authentication {
        guard let authorization else { return authenticate(peer) }
        let scheme = Array("Bearer ".utf8)
        if authorization.count > scheme.count, authorization.starts(with: scheme) {
            let key = UnsafeRawBufferPointer(rebasing: authorization[scheme.count...])
            if let access = access(key: key) { return .principal(access.rawValue) }
        }
        return .refused(
            .refused(.unauthenticated, "KEY_UNKNOWN", "the API key is unknown or was revoked"))
    }

    private func authenticate(_ peer: PeerCertificate?) -> Authentication {
        guard let peer else {
            return .refused(
                .refused(
                    .unauthenticated, "KEY_MISSING",
                    "send an API key: authorization: Bearer tally_sk_…"))
        }
        guard let access = access(certificateNames: peer.names) else {
            return .refused(
                .refused(
                    .unauthenticated, "CERTIFICATE_UNKNOWN",
                    "no principal has a name of the client certificate, and no API key was sent"))
        }
        return .principal(access.rawValue)
    }
}
