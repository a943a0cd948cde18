/// What a member of the dashboard is there for, which decides what it may do.
package enum Role: String, Sendable, CaseIterable {
    /// Sees everything and changes nothing.
    case viewer
    /// Helps customers: changes them, their balances and their usage, but sells nothing.
    case support
    /// And attaches, refunds, and sends invoices.
    case billing
    case admin

    package var scopes: Scopes {
        switch self {
        case .viewer: .reading
        case .support: Role.viewer.scopes.union([.customersWrite, .usageWrite])
        case .billing: Role.support.scopes.union(.attachWrite)
        case .admin: .all
        }
    }

    /// The highest that may do no more than this; of a key that may do less than any, the lowest.
    package init(of scopes: Scopes) {
        self = Role.allCases.last { scopes.isSuperset(of: $0.scopes) } ?? .viewer
    }
}
