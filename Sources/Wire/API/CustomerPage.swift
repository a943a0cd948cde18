package import Billing

/// A page of customers as it is written: the message of a `ListCustomersResponse`, growing.
package struct CustomerPage {
    /// Bytes at which a page ends early: stock clients take 4 MiB.
    private static let pageBytes = 1 << 20

    private var message = ProtoBytes()

    package init() {}

    package var isFull: Bool { message.bytes.count >= Self.pageBytes }

    package mutating func add(_ customer: borrowing CustomerState, _ writer: ReplyWriter) {
        message.add(1, raw: writer.arena.pack(writer.customer(customer)))
    }

    /// - Parameter token: of the next page; nil: there is none.
    package func response(next token: String?) -> [UInt8] {
        var response = message
        response.add(2, text: token ?? "")
        return response.bytes
    }
}
