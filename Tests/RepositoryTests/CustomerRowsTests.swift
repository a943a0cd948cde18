import Billing
import Testing
import Wire

@testable import Repository

@Suite("Rows of customers")
struct CustomerRowsTests {
    @Test("A row takes six lines of the cache, which are no other row's")
    func lines() {
        #expect(MemoryLayout<CustomerRow>.stride == 384)
        var rows = CustomerRows()
        let arena = Arena()
        for number in 0..<600 {
            let id = CustomerID("customer-\(number)") ?? .empty
            rows.append(CustomerRow(CustomerState(id: id), arena: arena, seals: nil))
        }
        for row in 0..<600 {
            #expect(UInt(bitPattern: rows.place(of: row)) % 64 == 0)
            #expect(rows.place(of: row).pointee.id.text == "customer-\(row)")
        }
    }

    @Test("Ids of every length are themselves and no other", arguments: 1...63)
    func ids(length: Int) throws {
        let long = "b0c1d2e3-f4a5-4b6c-8d7e-9f0a1b2c3d4e.of.example.com:and/some-more"
        let text = String(long.prefix(length))
        let id = try #require(CustomerID(text))
        var state = CustomerState(id: id)
        state.account.name = "Ajax"
        let arena = Arena()
        var rows = CustomerRows()
        rows.append(CustomerRow(state, arena: arena, seals: nil))
        #expect(try rows[0].opened(arena, seals: nil).account.name == "Ajax")
        rows.append(try RecordDecoder(arena: arena).row(RecordWriter(arena: arena).row(rows[0])))
        for row in 0..<2 {
            let isItself = rows[row].id == id && rows.isRow(row, of: id)
            #expect(isItself)
            var others = [String(text.dropLast()), text + "0"]
            for place in 0..<length {
                var other = Array(text.utf8)
                other[place] = 0x7E
                others.append(String(decoding: other, as: UTF8.self))
            }
            for other in others.compactMap(CustomerID.init) {
                let isOther = rows.isRow(row, of: other)
                #expect(!isOther)
            }
        }
    }
}
