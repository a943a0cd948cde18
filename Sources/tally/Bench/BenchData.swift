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
    var customers: Range<Int>
    /// Whose calls they are; nil: the customer's.
    var entity: String?

    /// Every customer gets both plans, so that a balance has two parts.
    func publish(_ flags: ServerFlags, features count: Int) async throws {
        let features = [feature] + (1..<count).map { "\(feature)_\($0)" }
        try await TallyClient.with(flags) { client in
            let published = try await client.call(.getCatalog, [:])
            let currency = published["catalog"]?.text("currency") ?? ""
            _ = try await client.call(
                .publishCatalog,
                [
                    "catalog": catalog(features, currency.isEmpty ? "usd" : currency),
                    "request_id": .string(RequestIdentifier.make()),
                ])
        }
    }

    private func catalog(_ features: [String], _ currency: String) -> JSONValue {
        .object([
            "currency": .string(currency),
            "features": .array(
                features.map {
                    .object([
                        "feature_id": .string($0), "name": .string($0), "type": .string("metered"),
                    ])
                }),
            "plans": .array([
                plan("bench", features, interval: "month", addOn: false),
                plan("bench_extra", [feature], interval: "one_off", addOn: true),
            ]),
        ])
    }

    private func plan(
        _ id: String, _ features: [String], interval: String, addOn: Bool
    ) -> JSONValue {
        .object([
            "plan_id": .string(id), "name": .string("Load test"), "group": .string("bench"),
            "add_on": .bool(addOn), "auto_enable": .bool(true),
            "items": .array(
                features.map {
                    .object([
                        "feature_id": .string($0), "included": .number(BenchData.granted),
                        "reset": .object(["interval": .string(interval)]),
                    ])
                }),
        ])
    }

    /// The last one is made when all others are there, and stands for them all.
    func makeCustomers(_ flags: ServerFlags, _ thread: BenchThread) async throws {
        if try await hasLastCustomer(flags) { return }
        let (rest, last) = (customers.dropLast(), customers.suffix(1))
        for range in [rest, last] where !range.isEmpty {
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
                let id = LoadSource.customerID(customers.upperBound - 1)
                _ = try await client.call(.getCustomer, ["customer_id": .string(id)])
            } catch let failure as CallFailure where failure.code == .notFound {
                isThere = false
            }
        }
        return isThere
    }

    func source(_ method: BenchMethod, seed: UInt64) throws -> LoadSource {
        var subject = [JSONObject.Member("feature_id", .string(feature))]
        if let entity { subject.append(JSONObject.Member("entity_id", .string(entity))) }
        let request = JSONObject.Member("request_id", .string(LoadSource.requestPlaceholder))
        let drawn = LoadSource.Order.drawn(customers, seed: seed)
        return switch method {
        case .check:
            LoadSource(
                path: APIMethod.check.path, template: try template(.checkRequest, subject),
                order: drawn, mustAllow: true)
        case .deduct:
            LoadSource(
                path: APIMethod.check.path,
                template: try template(
                    .checkRequest,
                    subject + [JSONObject.Member("deduct", .bool(true)), request]),
                order: drawn, mustAllow: true)
        case .track:
            LoadSource(
                path: APIMethod.track.path,
                template: try template(
                    .trackRequest,
                    subject + [JSONObject.Member("value", .number(1)), request]),
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
