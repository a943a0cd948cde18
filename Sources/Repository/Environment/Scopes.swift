/// What a caller may do.
package struct Scopes: OptionSet, Sendable {
    package let rawValue: UInt16

    package init(rawValue: UInt16) {
        self.rawValue = rawValue
    }

    package static let entitlementRead = Scopes(rawValue: 1)
    package static let usageWrite = Scopes(rawValue: 2)
    package static let attachWrite = Scopes(rawValue: 4)
    package static let customersRead = Scopes(rawValue: 8)
    package static let customersWrite = Scopes(rawValue: 16)
    package static let catalogRead = Scopes(rawValue: 32)
    package static let catalogWrite = Scopes(rawValue: 64)
    package static let usageRead = Scopes(rawValue: 128)
    package static let customersErase = Scopes(rawValue: 256)
    package static let webhooksRead = Scopes(rawValue: 512)
    package static let webhooksWrite = Scopes(rawValue: 1024)
    package static let keysRead = Scopes(rawValue: 2048)
    package static let keysWrite = Scopes(rawValue: 4096)

    /// What a publishable key may do (entitlements §10.1); of that, only some calls are open to it.
    package static let publishable: Scopes = [.entitlementRead, .customersRead, .catalogRead]

    /// What a customer's key may do at most, unless it is asked for more.
    package static let ofCustomer: Scopes = [
        .entitlementRead, .usageRead, .usageWrite, .customersRead, .catalogRead,
    ]

    /// The names, as people write them and files keep them.
    private static let table: [(scope: Scopes, name: String)] = [
        (.entitlementRead, "entitlement:read"), (.usageRead, "usage:read"),
        (.usageWrite, "usage:write"),
        (.attachWrite, "attach:write"), (.customersRead, "customers:read"),
        (.customersWrite, "customers:write"), (.customersErase, "customers:erase"),
        (.catalogRead, "catalog:read"), (.catalogWrite, "catalog:write"),
        (.webhooksRead, "webhooks:read"), (.webhooksWrite, "webhooks:write"),
        (.keysRead, "keys:read"), (.keysWrite, "keys:write"),
    ]

    /// Everything that changes nothing.
    package static let reading = Scopes(
        table.filter { $0.name.hasSuffix(":read") }.map(\.scope))

    /// What comes in later versions too: stored as `*`.
    package static let all = Scopes(rawValue: .max)

    /// A name that is none.
    package struct Unknown: Error, CustomStringConvertible {
        package let name: String

        package var description: String {
            "there is no scope \"\(name)\"; there are *, "
                + Scopes.table.map(\.name).joined(separator: ", ")
        }
    }

    package init(names: [String]) throws(Unknown) {
        var found: Scopes = []
        for name in names {
            if name == "*" {
                found = .all
            } else if let entry = Scopes.table.first(where: { $0.name == name }) {
                found.formUnion(entry.scope)
            } else {
                throw Unknown(name: name)
            }
        }
        self = found
    }

    package var names: [String] {
        self == .all ? ["*"] : Scopes.table.filter { contains($0.scope) }.map(\.name)
    }
}
