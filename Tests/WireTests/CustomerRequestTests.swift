import CTallyProto
import Testing

@testable import Billing
@testable import Wire

private func cursor(_ created: Int64, _ id: String) -> CustomerCursor {
    CustomerCursor(created: created, id: CustomerID(id) ?? .empty)
}

/// What requests about customers come to.
@Suite("Requests about customers")
struct CustomerRequestTests {
    private let arena = Arena()

    private func call(
        search: String = "", token: String = "", size: Int32 = 0, key: UInt64 = 1
    ) throws -> ListCustomersCall {
        let message = arena.make(tally__v1__list_customers_request__init)
        message.pointee.search = arena.string(search)
        message.pointee.page_token = arena.string(token)
        message.pointee.page_size = size
        let reader = RequestReader(
            arena: arena, names: PricingNames(.empty), fingerprintKey: key)
        return try reader.listCustomers(arena.pack(message))
    }

    @Test(
        "A page token leads back to its place, and only in its own list",
        arguments: [
            cursor(1_790_000_000_123, "acme"),
            cursor(0, "a:b-c_d"), cursor(-5, "x"),
            cursor(.max, "000000000000000000000000000000000000000000000000"),
        ])
    func tokens(cursor: CustomerCursor) throws {
        let token = cursor.token(mark: try call(search: "acme").mark)
        #expect(try call(search: "acme", token: token).after == cursor)
        for other in ["", "acm", "ACME"] {
            #expect(throws: CallFault.self) { try call(search: other, token: token) }
        }
        #expect(throws: CallFault.self) { try call(search: "acme", token: token, key: 2) }
        let cut = String(token.dropLast())
        for damaged in [token + "0", cut, "." + token, "junk", "..", "1..1"] {
            #expect(throws: CallFault.self) { try call(search: "acme", token: damaged) }
        }
    }

    @Test("A page has 50 customers unless told otherwise, and 1,000 at most")
    func sizes() throws {
        #expect(try call().limit == 50)
        #expect(try call(size: 7).limit == 7)
        #expect(try call(size: .max).limit == 1_000)
        #expect(throws: CallFault.self) { try call(size: -1) }
    }

    @Test("A list's order: newest first, then by id")
    func order() {
        let sorted = [
            cursor(9, "z"), cursor(5, "a"),
            cursor(5, "a1"), cursor(5, "b"),
            cursor(-1, "a"),
        ]
        #expect(sorted.shuffled().sorted() == sorted)
    }

    @Test(
        "Texts are folded alike, whatever they are made of",
        arguments: [
            ("Acme", "acme"), ("ÄÖÜ ß", "äöü ß"), ("A1_:-@Z[`", "a1_:-@z[`"), ("ΣΑΣ", "σασ"),
            ("", ""),
        ])
    func folding(text: String, folded: String) {
        #expect(SearchText.folded(text) == Array(folded.utf8))
    }
}
