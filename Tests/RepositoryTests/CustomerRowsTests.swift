import Billing
import Testing
import Wire

@testable import Repository

@Suite("Rows of customers")
struct CustomerRowsTests {
    @Test("A row takes eight lines of the cache, which are no other row's")
    func lines() {
        #expect(MemoryLayout<CustomerRow>.stride == 512)
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
}
