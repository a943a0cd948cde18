/// A customer's invoices: a list, or what becomes one when somebody asks. A year of them is most of
/// what a customer is, and hardly any command looks at them.
package enum InvoiceShelf: Sendable, Equatable {
    case open([Invoice])
    case packed(any PackedInvoices)

    /// Oldest first.
    package var invoices: [Invoice] {
        switch self {
        case .open(let invoices): invoices
        case .packed(let pack): pack.invoices
        }
    }

    package static func == (a: InvoiceShelf, b: InvoiceShelf) -> Bool { a.invoices == b.invoices }
}

/// Invoices in a shape that only who packed them knows.
package protocol PackedInvoices: Sendable {
    /// Oldest first. Asked for again, it costs nothing.
    var invoices: [Invoice] { get }
}
