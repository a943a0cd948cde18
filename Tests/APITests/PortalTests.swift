import Billing
import RPC
import Repository
import Stories
import Testing
import WebFace

@testable import Wire

/// What only a clock and a look from inside can show of customers' own pages; the rest is in
/// Tests/contract/test_portal.py.
@Suite("Customers' own pages") struct PortalTests {
    private static func token(_ reply: JSONValue) throws -> String {
        guard case .string(let url)? = reply["url"] else { throw Missing() }
        return String(url.split(separator: "/").last ?? "")
    }

    private struct Missing: Error {}

    private static func status(_ pages: PortalPages, _ target: String) async -> Int? {
        await pages.respond(to: PageRequest(method: "GET", target: target))?.status
    }

    private static func open(_ stage: APIStage, _ returnURL: String = "") async throws -> String {
        _ = try await stage.api.call(
            "GetOrCreateCustomer", ["customer_id": "c", "request_id": "make"])
        return try token(
            await stage.api.call(
                "OpenCustomerPortal",
                ["customer_id": "c", "return_url": .string(returnURL)]))
    }

    @Test("an address works for an hour, then it says that it has expired, and the way back")
    func expiry() async throws {
        try await APIStage.with(RefusalTests.pricing) { stage in
            let token = try await Self.open(stage, "https://example.com/back")
            let pages = PortalPages([stage.environment])
            #expect(await Self.status(pages, "/portal/\(token)") == 200)
            let start = stage.environment.now
            stage.clock.set(start.adding(milliseconds: PortalLinks.validity - 1))
            #expect(await Self.status(pages, "/portal/\(token)") == 200)
            stage.clock.set(start.adding(milliseconds: PortalLinks.validity))
            for path in ["", "/card", "/invoices/1"] {
                let request = PageRequest(method: "GET", target: "/portal/\(token)\(path)")
                let page = try #require(await pages.respond(to: request))
                #expect(page.status == 410)
                #expect(String(decoding: page.body, as: UTF8.self).contains("example.com/back"))
            }
            #expect(await Self.status(pages, "/portal/\(token.dropLast())") == 404)
        }
    }

    @Test("the customer's clock is not that of the address")
    func clocks() async throws {
        try await APIStage.with(RefusalTests.pricing) { stage in
            let token = try await Self.open(stage)
            _ = try await stage.api.call(
                "AdvanceTestClock",
                ["customer_id": "c", "duration": ["seconds": 864_000], "request_id": "later"])
            let pages = PortalPages([stage.environment])
            #expect(await Self.status(pages, "/portal/\(token)") == 200)
        }
    }

    @Test("another environment's addresses lead nowhere in one, and home where both are")
    func environments() async throws {
        try await APIStage.with(RefusalTests.pricing) { one in
            try await APIStage.with(RefusalTests.pricing) { other in
                let token = try await Self.open(other)
                let (mine, both) = (
                    PortalPages([one.environment]),
                    PortalPages([one.environment, other.environment])
                )
                #expect(await Self.status(mine, "/portal/\(token)") == 404)
                #expect(await Self.status(both, "/portal/\(token)") == 200)
            }
        }
    }

    @Test("there are none where nobody collects")
    func provider() async throws {
        var options = APIStage.Options()
        options.hasProvider = false
        try await APIStage.with(RefusalTests.pricing, options) { stage in
            _ = try await stage.api.call(
                "GetOrCreateCustomer", ["customer_id": "c", "request_id": "make"])
            for method in ["OpenCustomerPortal", "SetupPayment"] {
                let told = await stage.api.refusal(of: method, ["customer_id": "c"])
                #expect(told == ToldRefusal(.failedPrecondition, "PAYMENT_PROVIDER_MISSING"))
            }
        }
    }
}
