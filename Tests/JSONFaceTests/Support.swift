import Billing
import Foundation
import JSONFace
import Logging
import RPC
import Repository
import Synchronization
import Testing
import Wire

/// An environment in a folder of its own, and the face over it.
final class Stand: Sendable {
    let environment: TallyEnvironment
    let face: JSONPages
    let key: String
    private let folder: String

    let documentBytes: [UInt8]

    init(
        catalog: String = Stand.catalog, settings access: JSONSettings = JSONSettings()
    ) async throws {
        folder = NSTemporaryDirectory() + "tally-json-" + UUID().uuidString
        var settings = TallyEnvironment.Settings()
        settings.time = ManualTime()
        settings.segmentSize = 1 << 20
        settings.partitions = ProcessInfo.processInfo.environment["TALLY_PARTITIONS"]
            .flatMap { Int($0) }
        environment = try TallyEnvironment(
            "sandbox", in: folder, settings: settings,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        key = try environment.keys.make(name: "test", time: 0).key
        face = JSONPages(AccessList(environments: [environment]), access)
        documentBytes =
            await face.respond(to: PageRequest(method: "GET", target: "/openapi.json"))?.body ?? []
        try await publish(catalog)
    }

    deinit {
        try? environment.close()
        try? FileManager.default.removeItem(atPath: folder)
    }

    private func publish(_ catalog: String) async throws {
        let request = try MessageJSON.encode(
            .object(["catalog": try JSONParser.parse(catalog)]), as: .publishCatalogRequest)
        let (call, found) = try request.withUnsafeBytes { bytes in
            try RequestReader(
                arena: Arena(), names: environment.directory.current, fingerprintKey: 0
            ).publish(bytes)
        }
        _ = try await environment.directory.publish(call, found: found, time: .epoch)
    }

    /// Makes a customer, who starts with the plan "free", and buys what costs money.
    func customer(_ id: String, buying plans: String...) async throws {
        let answer = try await post(
            "customers.get_or_create", #"{"customer_id": "\#(id)", "name": "Acme"}"#)
        try #require(answer.status == 200)
        let customer = try #require(CustomerID(id))
        for plan in plans {
            let number = try #require(environment.directory.current.pricing.plan(id: plan))
            let effect = environment.newEffectID()
            let commands: [Command] = [
                .attach(AttachPlan(plan: number, successURL: "", effectID: effect, request: nil)),
                .settle(SettleEffect(effectID: effect, answer: .checkoutOpened(url: "https://a"))),
                .completeCheckout(
                    CompleteCheckout(
                        session: effect,
                        method: PaymentMethod(token: "t", brand: "visa", last4: "4242"))),
            ]
            for command in commands {
                _ = try await environment.commit(command, for: customer, request: nil)
            }
        }
    }

    func post(
        _ route: String, _ body: String, _ headers: (name: String, value: String)...
    ) async throws -> Answer {
        let request = PageRequest(
            method: "POST", target: "/v1/" + route,
            headers: [("authorization", "Bearer " + key)] + headers, body: Array(body.utf8))
        return try await send(request)
    }

    func send(_ request: PageRequest) async throws -> Answer {
        try Answer(try #require(await face.respond(to: request)))
    }
}

/// A response with its JSON read.
struct Answer {
    let status: Int
    let headers: [String: String]
    let json: JSONValue

    init(_ response: PageResponse) throws {
        status = response.status
        headers = Dictionary(uniqueKeysWithValues: response.headers.map { ($0.name, $0.value) })
        json = try JSONParser.parse(response.body)
    }

    var code: String { text("code") }
    var message: String { text("message") }

    func text(_ key: String) -> String {
        guard case .string(let text)? = json[key] else { return "" }
        return text
    }

    /// Status and code in one, for tables.
    var brief: String { code.isEmpty ? "\(status)" : "\(status) \(code)" }
}

/// 2026-01-31T00:00:00Z, for ever.
struct ManualTime: TimeSource {
    static let now: Int64 = 1_769_817_600_000

    func now() -> Timestamp { Timestamp(milliseconds: ManualTime.now) }
}

extension Stand {
    static let catalog = #"""
        {
          "currency": "usd",
          "features": [
            {"feature_id": "messages", "name": "Messages", "type": "metered"},
            {"feature_id": "calls", "name": "Calls", "type": "metered"},
            {"feature_id": "seats", "name": "Seats", "type": "allocated"},
            {"feature_id": "images", "name": "Images", "type": "metered"},
            {"feature_id": "credits", "name": "Credits", "type": "credit_system",
             "credit_costs": [{"feature_id": "images", "credits": "0.2"}]},
            {"feature_id": "sso", "name": "SSO", "type": "boolean"},
            {"feature_id": "audit", "name": "Audit", "type": "boolean"}
          ],
          "plans": [
            {"plan_id": "free", "name": "Free", "auto_enable": true, "items": [
              {"feature_id": "messages", "included": 100,
               "reset": {"interval": "month", "interval_count": 1}},
              {"feature_id": "seats", "included": 3},
              {"feature_id": "credits", "included": 10},
              {"feature_id": "sso"}
            ]},
            {"plan_id": "metered", "name": "Metered", "group": "calls",
             "price": {"amount": "20", "interval": "month"}, "items": [
              {"feature_id": "calls", "included": 5,
               "reset": {"interval": "month", "interval_count": 1},
               "usage_price": {"amount": "0.5", "billing_units": 10, "max_purchase": 40}}
            ]},
            {"plan_id": "once", "name": "Once", "add_on": true,
             "price": {"amount": "5", "interval": "one_off"}, "items": []}
          ]
        }
        """#
}
