package import Billing

/// An API key, as it is kept: the key itself is shown once and never stored.
package struct APIKey: Sendable, Equatable {
    package enum Kind: String, Sendable, CaseIterable {
        /// Of a server of the operator's own.
        case secret
        /// May stand in a page that everybody can read: may ask a few things, and change nothing.
        case publishable
        /// Sees one customer and nobody else.
        case customer
        /// Can do nothing but be exchanged, once, for a customer's key and the next of its kind.
        case refresh
    }

    package var id: String
    package var kind = Kind.secret
    package var name: String
    /// The first characters, by which people tell keys apart.
    package var prefix: String
    /// SHA-256 of the key, in hex.
    package var digest: String
    package var scopes: Scopes
    /// Whom it is for; nil: everybody.
    package var customer: CustomerID?
    /// Milliseconds since the epoch, wall time.
    package var created: Int64
    /// From then on it is refused; nil: it stays good.
    package var expires: Int64?
    /// The hour in which it was used last; nil: never.
    package var lastUsed: Int64?
    /// The id of the key in whose place it came.
    package var replaces: String?
    package var revoked = false

    /// How far back `lastUsed` may lie behind the last use, in milliseconds.
    package static let lastUsedGrain: Int64 = 3_600_000

    package func isActive(at time: Int64) -> Bool {
        !revoked && (expires ?? .max) > time
    }

    package func state(at time: Int64) -> State {
        if revoked { return .revoked }
        return isActive(at: time) ? .active : .expired
    }

    package enum State: String, Sendable {
        case active, expired, revoked
    }

    /// How every key of an environment and kind begins.
    package static func prefix(_ kind: Kind, environment: String) -> String {
        let word =
            switch kind {
            case .secret: "sk"
            case .publishable: "pk"
            case .customer: "ck"
            case .refresh: "rk"
            }
        return "tally_\(word)_\(environment)_"
    }
}

/// What somebody asks for who wants a key.
package struct KeyDraft: Sendable, Equatable {
    package var kind: APIKey.Kind
    package var name: String
    package var scopes: Scopes
    package var customer: CustomerID?
    /// Milliseconds; nil: for good.
    package var validity: Int64?

    package static let nameLimit = 120
    /// What a key may be good for at most, when it isn't good for good: ten years.
    package static let validityLimit: Int64 = 3650 * 86_400_000

    package init(
        kind: APIKey.Kind = .secret, name: String, scopes: Scopes = .all,
        customer: CustomerID? = nil, validity: Int64? = nil
    ) {
        self.kind = kind
        self.name = name
        self.scopes = kind == .publishable ? .publishable : scopes
        self.customer = customer
        self.validity = validity
    }
}

/// Why there is no key.
package enum KeyRefusal: Error, Sendable, Equatable {
    /// Or it isn't active.
    case notFound(String)
    /// It has been rotated before, and ends by itself.
    case alreadyRotated(String)
    /// A refresh token that is none, or was exchanged.
    case notRefreshable
    /// Of the environment, or (`customer`) of one.
    case tooMany(limit: Int, ofCustomer: Bool)
}

/// What a customer's application is given.
package struct MintedKeys: Sendable {
    package var access: String
    package var entry: APIKey
    /// nil: the key doesn't expire, so that there is nothing to refresh.
    package var refresh: String?
    package var refreshEntry: APIKey?
}
