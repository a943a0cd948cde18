import Billing
import Testing
import Wire

@testable import Interchange

/// What a seller asked for in place of what was computed, which only some orders have.
@Suite("Custom lines in an export") struct CustomLineTests {
    @Test("there and back")
    func roundTrip() throws {
        var codec = try Samples.codec()
        guard case .customer(var customer) = try codec.read(Array(Samples.customer.utf8)) else {
            return
        }
        #expect(!Samples.customer.contains("\"custom\""))
        var checkout = try #require(customer.account.checkout)
        checkout.order.custom = checkout.order.lines
        checkout.order.custom[0].kind = .custom
        checkout.order.custom[0].description = "Agreed"
        customer.account.checkout = checkout
        let text = try codec.text(.customer(customer))
        #expect(text.contains("\"custom\":[{\"description\":\"Agreed\",\"kind\":\"custom\""))
        let read = try codec.read(Array(text.utf8))
        #expect(try codec.text(read) == text)
        guard case .customer(let again) = read else { return }
        #expect(again.account.checkout == checkout)
    }
}
