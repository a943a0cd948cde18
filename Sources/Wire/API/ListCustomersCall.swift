package import Billing

/// A list of customers, ready to be read.
package struct ListCustomersCall: Sendable {
    /// Only those whose id, name or email contains this; folded. Empty: all.
    package var search: [UInt8]
    package var filter: SubscriptionFilter?
    /// Only those who come behind this one.
    package var after: CustomerCursor?
    package var limit: Int
    /// What page tokens of this list end with, so that another list's are told apart.
    package var mark: UInt32

    /// Customers in a page.
    package static let limit = 1_000

    package init(
        search: [UInt8] = [], filter: SubscriptionFilter? = nil, after: CustomerCursor? = nil,
        limit: Int = 50, mark: UInt32 = 0
    ) {
        self.search = search
        self.filter = filter
        self.after = after
        self.limit = min(limit, Self.limit)
        self.mark = mark
    }
}

/// A customer's place in a list: newest first, then by id. It never changes, so that a list goes on
/// behind it whoever is created or deleted meanwhile.
package struct CustomerCursor: Sendable, Equatable, Comparable {
    /// Milliseconds since the epoch.
    package var created: Int64
    package var id: CustomerID

    package init(created: Int64, id: CustomerID) {
        self.created = created
        self.id = id
    }

    package static func < (a: CustomerCursor, b: CustomerCursor) -> Bool {
        a.created == b.created ? a.id < b.id : a.created > b.created
    }
}

extension CustomerCursor {
    /// Its parts and the list's mark, numbers in base 36. No id has a period.
    package func token(mark: UInt32) -> String {
        [String(created, radix: 36), id.text, String(mark, radix: 36)].joined(separator: ".")
    }

    init?(token: String, mark: UInt32) {
        let parts = token.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, UInt32(parts[2], radix: 36) == mark,
            let created = Int64(parts[0], radix: 36), let id = CustomerID(String(parts[1])),
            !id.isEmpty
        else { return nil }
        self.init(created: created, id: id)
    }
}
