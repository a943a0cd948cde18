/// Who a caller is: which environment is meant, by its place in the `AccessList`, and what may be
/// done there. In one number, so that the transport can keep it for a connection.
package struct Access: RawRepresentable, Sendable, Equatable {
    package let rawValue: Int

    package init(rawValue: Int) {
        self.rawValue = rawValue
    }

    package init(environment: Int, scopes: Scopes) {
        rawValue = environment << 16 | Int(scopes.rawValue)
    }

    package var environment: Int { rawValue >> 16 }
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

    /// Changes with every change of any environment's keys.
    package var epoch: Int { environments.reduce(0) { $0 &+ $1.keys.epoch } }

    /// nil: the key is unknown, or was revoked.
    package func access(key: UnsafeRawBufferPointer) -> Access? {
        for (place, environment) in environments.enumerated() {
            if let scopes = environment.keys.scopes(of: key) {
                return Access(environment: place, scopes: scopes)
            }
        }
        return nil
    }

    /// By the first of a certificate's names that is known.
    package func access(certificateNames names: [String]) -> Access? {
        names.lazy.compactMap { certificates[$0] }.first
    }
}
