internal import Billing

/// A place in a list of what many customers have, newest first: it never changes, so that a list
/// goes on behind it whatever comes or goes meanwhile.
struct ListPlace: Sendable, Comparable {
    var time: Timestamp
    var customer: CustomerID
    /// Of what it is, unique within the customer.
    var name: String

    static func < (a: ListPlace, b: ListPlace) -> Bool {
        if a.time != b.time { return a.time > b.time }
        if a.customer != b.customer { return a.customer < b.customer }
        // The higher number of two of the same moment is the newer one.
        let (length, other) = (a.name.utf8.count, b.name.utf8.count)
        return length == other ? a.name > b.name : length > other
    }

    /// No customer's id has a period.
    var token: String { "\(time.milliseconds).\(customer.text).\(name)" }

    init(time: Timestamp, customer: CustomerID, name: String) {
        self.time = time
        self.customer = customer
        self.name = name
    }

    init?(token: String) {
        let parts = token.split(
            separator: ".", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, let time = Int64(parts[0]), let id = CustomerID(String(parts[1])),
            !id.isEmpty, !parts[2].isEmpty
        else { return nil }
        self.init(
            time: Timestamp(milliseconds: time), customer: id, name: String(parts[2]))
    }
}

/// The first of what is behind a place, however many there are.
struct NewestFirst: Sendable {
    private let after: ListPlace?
    private let limit: Int
    private var kept: [ListPlace] = []

    init(after: ListPlace?, limit: Int) {
        self.after = after
        self.limit = limit
    }

    mutating func add(_ place: ListPlace) {
        if let after, place <= after { return }
        kept.append(place)
        // One more than are shown tells whether there are more.
        if kept.count > 2 * limit + 64 { kept = sorted }
    }

    var page: (places: [ListPlace], next: String?) {
        let found = sorted
        guard found.count > limit else { return (found, nil) }
        let places = Array(found.prefix(limit))
        return (places, places.last?.token)
    }

    private var sorted: [ListPlace] { Array(kept.sorted().prefix(limit + 1)) }
}
