package import Billing

/// What is asked about keys; the words are those of the messages.
package struct CreateKeyCall: Sendable {
    package enum Kind: String, Sendable, CaseIterable {
        case secret, publishable, customer, refresh
    }

    package var name: String
    package var kind: Kind
    /// Their names, not looked at yet; empty: none were given.
    package var scopes: [String]
    package var customer: CustomerID?
    /// Milliseconds; nil: for good.
    package var validity: Int64?
}

package struct MintKeyCall: Sendable {
    package var customer: CustomerID
    package var isIndefinite = false
    package var scopes: [String] = []
    package var name = ""

    package init(customer: CustomerID, isIndefinite: Bool = false) {
        self.customer = customer
        self.isIndefinite = isIndefinite
    }
}

package struct RotateKeyCall: Sendable {
    package var id: String
    /// Milliseconds.
    package var overlap: Int64

    package static let usualOverlap: Int64 = 86_400_000
    package static let overlapLimit: Int64 = 30 * 86_400_000
}

/// A key as callers are shown it. Times are wall time.
package struct KeyReport: Sendable {
    package enum State: String, Sendable {
        case active, expired, revoked
    }

    package var id: String
    package var name: String
    package var kind: CreateKeyCall.Kind
    package var state: State
    package var prefix: String
    package var scopes: [String]
    package var customer: CustomerID?
    package var created: Timestamp
    package var expires: Timestamp
    package var lastUsed: Timestamp
    package var replaces: String

    package init(
        id: String, name: String, kind: CreateKeyCall.Kind, state: State, prefix: String,
        scopes: [String], customer: CustomerID?, created: Timestamp, expires: Timestamp,
        lastUsed: Timestamp, replaces: String
    ) {
        self.id = id
        self.name = name
        self.kind = kind
        self.state = state
        self.prefix = prefix
        self.scopes = scopes
        self.customer = customer
        self.created = created
        self.expires = expires
        self.lastUsed = lastUsed
        self.replaces = replaces
    }
}

/// What an application of a customer's is given.
package struct MintReport: Sendable {
    package var access: String
    package var id: String
    package var expires: Timestamp
    package var refresh: String
    package var refreshExpires: Timestamp

    package init(
        access: String, id: String, expires: Timestamp, refresh: String, refreshExpires: Timestamp
    ) {
        self.access = access
        self.id = id
        self.expires = expires
        self.refresh = refresh
        self.refreshExpires = refreshExpires
    }
}
