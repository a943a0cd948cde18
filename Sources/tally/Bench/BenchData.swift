internal import Billing
internal import RPC
internal import Wire

/// The catalog and the customers that loads run on.
struct BenchData {
    /// Units of each grant: more than any run uses up.
    static let granted = 1_000_000_000_000
    /// Ids have seven digits.
    static let customerLimit = 10_000_000

    var feature: String
    var customers: Int

    /// Every customer gets both plans, so that a balance has two parts.
    func publish(_ flags: ServerFlags) async throws {
        try await TallyClient.with(flags) { client in
            let published = try await client.call(.getCatalog, [:])
            let currency = published["catalog"]?.text("currency") ?? ""
            _ = try await client.call(
                .publishCatalog,
                [
                    "catalog": catalog(currency: currency.isEmpty ? "usd" : currency),
                    "request_id": .string(RequestIdentifier.make()),
                ])
        }
    }

    private func catalog(currency: String) -> JSONValue {
        .object([
            "currency": .string(currency),
            "features": .array([
                .object([
                    "feature_id": .string(feature), "name": .string("Messages"),
                    "type": .string("metered"),
                ])
            ]),
            "plans": .array([
                plan("bench", interval: "month", addOn: false),
                plan("bench_extra", interval: "one_off", addOn: true),
            ]),
        ])
    }

    private func plan(_ id: String, interval: String, addOn: Bool) -> JSONValue {
        .object([
            "plan_id": .string(id), "name": .string("Load test"), "group": .string("bench"),
            "add_on": .bool(addOn), "auto_enable": .bool(true),
            "items": .array([
                .object([
                    "feature_id": .string(feature), "included": .number(BenchData.granted),
                    "reset": .object(["interval": .string(interval)]),
                ])
            ]),
        ])
    }

    /// The last one is made when all others are there, and stands for them all.
    func makeCustomers(_ flags: ServerFlags, _ thread: BenchThread) async throws {
        if try await hasLastCustomer(flags) { return }
        for range in [0..<customers - 1, customers - 1..<customers] where !range.isEmpty {
            let source = LoadSource(
                path: APIMethod.getOrCreateCustomer.path,
                template: try template(.getOrCreateCustomerRequest, []), order: .each(range),
                mustAllow: false)
            let plan = LoadPlan(
                source: source, connections: 4, streams: 64, seconds: nil, calls: range.count,
                rate: nil)
            let result = try await LoadGenerator.run(plan, on: thread)
            guard result.failed == 0 else {
                throw CommandFault(
                    "could not make the customers: \(result.statusText)", exit: .refused)
            }
        }
    }

    private func hasLastCustomer(_ flags: ServerFlags) async throws -> Bool {
        var isThere = true
        try await TallyClient.with(flags) { client in
            do {
                let id = LoadSource.customerID(customers - 1)
                _ = try await client.call(.getCustomer, ["customer_id": .string(id)])
            } catch let failure as CallFailure where failure.code == .notFound {
                isThere = false
            }
        }
        return isThere
    }

    func source(_ method: BenchMethod, seed: UInt64) throws -> LoadSource {
        let feature = JSONObject.Member("feature_id", .string(feature))
        let request = JSONObject.Member("request_id", .string(LoadSource.requestPlaceholder))
        let drawn = LoadSource.Order.drawn(customers, seed: seed)
        return switch method {
        case .check:
            LoadSource(
                path: APIMethod.check.path, template: try template(.checkRequest, [feature]),
                order: drawn, mustAllow: true)
        case .deduct:
            LoadSource(
                path: APIMethod.check.path,
                template: try template(
                    .checkRequest, [feature, JSONObject.Member("deduct", .bool(true)), request]),
                order: drawn, mustAllow: true)
        case .track:
            LoadSource(
                path: APIMethod.track.path,
                template: try template(
                    .trackRequest, [feature, JSONObject.Member("value", .number(1)), request]),
                order: drawn, mustAllow: false)
        }
    }

    private func template(_ kind: MessageKind, _ members: [JSONObject.Member]) throws -> [UInt8] {
        let customer = JSONObject.Member(
            "customer_id", .string(LoadSource.customerPlaceholder))
        do {
            return try MessageJSON.encode(.object(JSONObject([customer] + members)), as: kind)
        } catch {
            throw CallFailure(violations: error.violations)
        }
    }
}
