/// An API key, as it is kept: by its hash alone.
package struct ExportedKey: Sendable, Equatable {
    package var id = ""
    package var kind = ""
    package var name = ""
    package var prefix = ""
    /// SHA-256, in hexadecimal digits.
    package var digest = ""
    package var scopes: [String] = []
    /// Empty: it sees all customers.
    package var customer = ""
    /// Milliseconds of wall time.
    package var created: Int64 = 0
    /// 0: never.
    package var expires: Int64 = 0
    package var isRevoked = false
    /// Empty: it came in nobody's place.
    package var replaces = ""

    package init() {}
}

extension Form {
    mutating func key(_ value: inout ExportedKey) throws(FormFault) {
        try text("id", &value.id)
        try text("kind", &value.kind)
        guard ["secret", "publishable", "customer", "refresh"].contains(value.kind) else {
            throw fault("kind", "is unknown")
        }
        try text("name", &value.name)
        try text("prefix", &value.prefix)
        try text("sha256", &value.digest)
        guard [UInt8](hexadecimal: value.digest)?.count == 32 else {
            throw fault("sha256", "must be 64 hexadecimal digits")
        }
        try texts("scopes", &value.scopes)
        try text("customer", &value.customer)
        let isLimited = value.kind == "customer" || value.kind == "refresh"
        guard isLimited != value.customer.isEmpty else {
            throw fault("customer", isLimited ? "is missing" : "must be empty")
        }
        try number("created_ms", &value.created)
        try number("expires_ms", &value.expires)
        try flag("revoked", &value.isRevoked)
        try text("replaces", &value.replaces)
    }
}
