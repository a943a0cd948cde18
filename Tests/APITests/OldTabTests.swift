import Billing
import Foundation
import RPC
import Stories
import Testing
import WebFace

@testable import Wire

/// Payments that come for a page that is closed (billing, issue rows of two tabs, expiry and 3-D
/// Secure): one charge stands, the other goes back.
@Suite("Old tabs") struct OldTabTests {
    private static let pricing = PricingState.sample(
        [],
        [
            .sample("pro", price: "20"), .sample("premium", price: "50"),
            .sample("extra", price: "5", each: .week, addOn: true),
        ])
    private static let plain = "card=4242424242424242"
    private static let challenged = "card=4000002500003155"
    private static let confirmed = "token=sandbox_card_3155&authentication=complete"

    private func page(_ plan: String, _ stage: APIStage, always: Bool = false) async throws
        -> String
    {
        let reply = try await stage.api.call(
            "Attach",
            [
                "customer_id": "c", "plan_id": .string(plan),
                "redirect_mode": .string(always ? "always" : "if_required"),
            ])
        #expect(reply["outcome"]?.text == "payment_required")
        return reply["payment_url"]?.text ?? ""
    }

    private func post(_ form: String, _ url: String, _ stage: APIStage) async -> Int? {
        let request = PageRequest(
            method: "POST", target: "/checkout/\(url.split(separator: "/").last ?? "")",
            body: Array(form.utf8))
        return await stage.pages.respond(to: request)?.status
    }

    private func cents(_ money: JSONValue?) -> String {
        money?["minor_units"]?.quantity?.text ?? ""
    }

    /// Once nothing that goes back is without an outcome: totals of paid invoices, and what went
    /// back, in cents.
    private func money(_ stage: APIStage) async throws -> (paid: [String], back: [String]) {
        for _ in 0..<500 {
            let reply = try await stage.api.call("GetCustomer", ["customer_id": "c"])
            let refunds = reply["customer", "refunds"]?.elements ?? []
            guard !refunds.contains(where: { $0["status"]?.text == "pending" }) else {
                try await Task.sleep(for: .milliseconds(10))
                continue
            }
            let invoices = reply["customer", "invoices"]?.elements ?? []
            return (
                invoices.reversed().map { cents($0["total"]) },
                refunds.reversed().map { "\(cents($0["amount"])) \($0["status"]?.text ?? "")" }
            )
        }
        Issue.record("a refund has no outcome")
        return ([], [])
    }

    private func stage(_ body: (APIStage) async throws -> Void) async throws {
        try await APIStage.with(Self.pricing) { stage in
            _ = try await stage.api.call("GetOrCreateCustomer", ["customer_id": "c"])
            try await body(stage)
        }
    }

    @Test("two tabs pay one checkout: the second is told that it is closed")
    func twoTabs() async throws {
        try await stage { stage in
            let url = try await page("pro", stage)
            #expect(await post(Self.plain, url, stage) == 200)
            #expect(await post(Self.plain, url, stage) == 404)
            let money = try await money(stage)
            #expect(money.paid == ["2000"] && money.back == [])
        }
    }

    @Test("two tabs are both confirmed by the bank: the second goes back")
    func bothConfirmed() async throws {
        try await stage { stage in
            let url = try await page("pro", stage)
            for _ in 0..<2 { #expect(await post(Self.challenged, url, stage) == 200) }
            #expect(await post(Self.confirmed, url, stage) == 200)
            #expect(await post(Self.confirmed, url, stage) == 409)
            let money = try await money(stage)
            #expect(money.paid == ["2000"] && money.back == ["2000 succeeded"])
        }
    }

    @Test("3-D Secure is finished in an old tab after a second attach")
    func secondAttach() async throws {
        try await stage { stage in
            let old = try await page("pro", stage)
            #expect(await post(Self.challenged, old, stage) == 200)
            let new = try await page("premium", stage)
            #expect(await post(Self.plain, old, stage) == 404)
            #expect(await post(Self.confirmed, old, stage) == 409)
            #expect(await post(Self.plain, new, stage) == 200)
            let money = try await money(stage)
            #expect(money.paid == ["5000"] && money.back == ["2000 succeeded"])
        }
    }

    @Test("a page expires while the bank asks")
    func expiry() async throws {
        try await stage { stage in
            #expect(await stage.pay(at: try await page("pro", stage)) == 200)
            let url = try await page("extra", stage, always: true)
            #expect(await post(Self.challenged, url, stage) == 200)
            stage.clock.set(stage.clock.now().adding(milliseconds: 8 * 86_400_000))
            #expect(await post(Self.confirmed, url, stage) == 409)
            let money = try await money(stage)
            #expect(money.paid == ["2000"] && money.back == ["500 succeeded"])
        }
    }

    @Test("a refund that the card can't take becomes credit")
    func failing() async throws {
        try await stage { stage in
            let url = try await page("pro", stage)
            #expect(await post("card=4000000000005126", url, stage) == 200)
            _ = try await stage.api.call(
                "RefundInvoice", ["customer_id": "c", "invoice_id": "inv_1"])
            #expect(try await money(stage).back == ["2000 failed"])
            let reply = try await stage.api.call("GetCustomer", ["customer_id": "c"])
            #expect(cents(reply["customer", "credit_balance"]) == "2000")
        }
    }

    @Test("a refund is answered once for one request")
    func replayed() async throws {
        try await stage { stage in
            #expect(await stage.pay(at: try await page("pro", stage)) == 200)
            let refund: JSONObject = [
                "customer_id": "c", "invoice_id": "inv_1", "request_id": "r",
                "amount": ["currency": "usd", "minor_units": 500],
            ]
            let first = try await stage.api.call("RefundInvoice", refund)
            let again = try await stage.api.call("RefundInvoice", refund)
            #expect(first["refund"] == again["refund"] && again["replayed"]?.flag == true)
            #expect(try await money(stage).back == ["500 succeeded"])
        }
    }

    @Test("a live environment's provider does nothing that it is told")
    func live() async throws {
        try await APIStage.with(Self.pricing, APIStage.Options(environment: "live")) { stage in
            _ = try await stage.api.call("GetOrCreateCustomer", ["customer_id": "c"])
            let event: JSONObject = [
                "customer_id": "c", "invoice_id": "inv_1",
                "refund": ["refund_id": "r", "amount": ["currency": "usd", "minor_units": 1]],
            ]
            #expect(
                await stage.api.refusal(of: "ReportPaymentEvent", event)
                    == ToldRefusal(.failedPrecondition, "SANDBOX_ONLY"))
        }
    }
}
