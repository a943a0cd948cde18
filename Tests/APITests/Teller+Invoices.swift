import Billing
import RPC
import Repository
import Stories
import Testing
import WebFace

@testable import Wire

/// Invoices that wait to be paid, through the API and on their pages.
extension Teller {
    func lookAtInvoices(_ step: Step) async throws {
        switch step {
        case .payInvoice(let number): try await pay(number)
        case .statuses(let expected):
            let words = expected.map { "\($0)" }
            let shown = try await settled { statuses($0) == words }
            #expect(statuses(shown) == words, comment)
        case .dueTime(let number, let expected):
            let shown = try await settled { _ in true }
            #expect(invoice(number, shown)?["due_time"]?.time == expected, comment)
        default: preconditionFailure("\(step) is about something else")
        }
    }

    /// Oldest first.
    private func statuses(_ customer: JSONValue) -> [String] {
        (customer["invoices"]?.elements ?? []).reversed().map { $0["status"]?.text ?? "" }
    }

    private func invoice(_ number: UInt32, _ customer: JSONValue) -> JSONValue? {
        customer["invoices"]?.elements.first { $0["invoice_id"]?.text == "inv_\(number)" }
    }

    /// On the page whose address the API tells.
    private func pay(_ number: UInt32) async throws {
        let path = try await path(ofInvoice: number)
        #expect(await ask("GET", path)?.status == 200, comment)
        #expect(await ask("GET", path + "/pay")?.status == 200, comment)
        #expect(await ask("POST", path + "/pay", Self.card)?.status == 303, comment)
        #expect(await ask("GET", path + "x")?.status == 404, comment)
    }

    /// Its page takes no card; a draft has none.
    func refusePayment(of number: UInt32) async throws {
        let before = try await settled { _ in true }
        if invoice(number, before)?["status"]?.text == "draft" {
            #expect(invoice(number, before)?["url"]?.text == "", comment)
            return
        }
        let status = await ask("POST", try await path(ofInvoice: number) + "/pay", Self.card)?
            .status
        #expect(status.map { $0 != 303 && $0 < 500 } ?? false, comment)
        #expect(try await settled { _ in true } == before, comment)
    }

    private static let card = "card=4242424242424242"

    private func path(ofInvoice number: UInt32) async throws -> String {
        let shown = try await settled { _ in true }
        let url = try #require(invoice(number, shown)?["url"]?.text, comment)
        return url.replacing("https://localhost", with: "")
    }

    private func ask(
        _ method: String, _ target: String, _ body: String = ""
    ) async -> PageResponse? {
        await InvoicePages([stage.environment]).respond(
            to: PageRequest(method: method, target: target, body: Array(body.utf8)))
    }
}
