package import Billing

/// Who a caller is: which environment is meant, by its place in the `AccessList`, what may be done
/// there, of what kind the key is, and a number that tells callers apart: the first 32 bits of the
/// SHA-256 of its key, or of its certificate's name; of a key for one customer, a number of its
/// own. In one number, so that the transport can keep it for a connection.
package struct Access: RawRepresentable, Sendable, Equatable {
    package let rawValue: Int

    package init(rawValue: Int) {
        self.rawValue = rawValue
    }

    package init(
        environment: Int, scopes: Scopes, caller: UInt32, kind: APIKey.Kind = .secret
    ) {
        let kind = APIKey.Kind.allCases.firstIndex(of: kind) ?? 0
        rawValue = kind << 56 | Int(caller) << 24 | environment << 16 | Int(scopes.rawValue)
    }

    /// A caller whose certificate has this name, such as `DNS:billing.example.com`.
    package init(environment: Int, scopes: Scopes, certificateName: String) {
        var name = certificateName
        let digest = name.withUTF8 { SHA256.digest(UnsafeRawBufferPointer($0)) }
        self.init(
            environment: environment, scopes: scopes, caller: Access.caller(digest: digest))
    }

    package var kind: APIKey.Kind { APIKey.Kind.allCases[rawValue >> 56 & 3] }
    /// A key that people keep to themselves, or a certificate: what its scopes say it may do to
    /// all.
    package var isSecret: Bool { rawValue >> 56 & 3 == 0 }

    static func caller(digest: [UInt8]) -> UInt32 {
        digest.prefix(4).reduce(0) { $0 << 8 | UInt32($1) }
    }

    package var caller: UInt32 { UInt32(truncatingIfNeeded: rawValue >> 24) }
    package var environment: Int { rawValue >> 16 & 0xFF }
    package var scopes: Scopes { Scopes(rawValue: UInt16(truncatingIfNeeded: rawValue)) }
}

/// Whom the server lets in: the API keys of its environments, and the names of client certificates
/// that the settings map to an environment. A caller that sends a key is judged by the key alone.
package struct AccessList: Sendable {
    package let environments: [TallyEnvironment]
    private let certificates: [String: Access]

    /// - Parameter certificates: by subject alternative name, such as `DNS:billing.example.com`.
    package init(environments: [TallyEnvironment], certificates: [String: Access] = [:]) {
        self.environments = environments
        self.certificates = certificates
    }

    /// Changes with every change of any environment's keys, members and sessions.
    package var epoch: Int {
        environments.reduce(0) { $0 &+ $1.keys.epoch &+ $1.sessions.epoch }
    }

    /// nil: the key is unknown, or was revoked.
    package func access(key: UnsafeRawBufferPointer) -> Access? {
        let digest = KeyDigest(of: key)
        for (place, environment) in environments.enumerated() {
            if let entry = environment.keys.find(digest) {
                return Access(
                    environment: place, scopes: entry.scopes, caller: entry.caller,
                    kind: entry.kind)
            }
        }
        return session(digest)
    }

    /// A session of the dashboard, which has taken the place of its cookie before it comes here.
    private func session(_ pass: KeyDigest) -> Access? {
        for (place, environment) in environments.enumerated() {
            if let session = environment.sessions.find(pass: pass) {
                return Access(
                    environment: place, scopes: session.scopes, caller: session.caller)
            }
        }
        return nil
    }

    /// The only one whom a caller may see; nil also when its key is good no more.
    package func customer(of access: Access) -> CustomerID? {
        environments[access.environment].keys.customer(ofCaller: access.caller)
    }

    /// By the first of a certificate's names that is known.
    package func access(certificateNames names: [String]) -> Access? {
        names.lazy.compactMap { certificates[$0] }.first
    }

    /// For people: the environment, and how the id of the caller's key begins (`live/0123abcd`), or
    /// whose key it is.
    package func name(of access: Access) -> String {
        if access.kind == .customer || access.kind == .refresh {
            let id = customer(of: access)?.text ?? "?"
            return "\(environments[access.environment].name)/customer/\(id)"
        }
        let digits = String(access.caller, radix: 16)
        let zeros = String(repeating: "0", count: 8 - digits.count)
        return "\(environments[access.environment].name)/\(zeros)\(digits)"
    }
}
