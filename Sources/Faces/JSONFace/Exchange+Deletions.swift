internal import Billing
internal import Catalog
internal import Repository
internal import Wire

/// Plans and features that go from the catalog.
extension Exchange {
    func deletePlan() async throws(JSONProblem) -> JSONValue {
        let body = try body()
        let id = try id("plan_id", of: body)
        let isOfAll = body["all_versions"] ?? .null
        guard [.null, .bool(true), .bool(false)].contains(isOfAll) else {
            throw .invalid("all_versions must be true or false")
        }
        if try isRetry(of: body["plan_id"], environment.directory.hasDeleted(_:plan:)) {
            return .success
        }
        let versions = catalog(allVersions: true).elements("plans")
            .count { $0.text("plan_id") == id }
        guard versions > 0 else {
            throw JSONProblem(404, "product_not_found", "there is no such plan \"\(id)\"")
        }
        guard versions == 1 || isOfAll == .bool(true) else {
            throw .invalidRequest(
                "plan \"\(id)\" has \(versions) versions, which can only be deleted together: "
                    + "say so with \"all_versions\": true")
        }
        return try await delete("deleted_plan_ids", "plan_id", id)
    }

    func deleteFeature() async throws(JSONProblem) -> JSONValue {
        let body = try body()
        let id = try id("feature_id", of: body)
        if try isRetry(of: body["feature_id"], environment.directory.hasDeleted(_:feature:)) {
            return .success
        }
        guard catalog().elements("features").contains(where: { $0.text("feature_id") == id }) else {
            throw JSONProblem(404, "feature_not_found", "there is no feature \"\(id)\"")
        }
        return try await delete("deleted_feature_ids", "feature_id", id)
    }

    private func id(_ key: String, of body: JSONObject) throws(JSONProblem) -> String {
        guard case .string(let id)? = body[key] else { throw .invalid("\(key) must be a string") }
        return id
    }

    private func delete(
        _ list: String, _ key: String, _ id: String
    ) async throws(JSONProblem) -> JSONValue {
        let currency = names.pricing.currency?.code
        var request: JSONObject = [
            "catalog": .object([
                "currency": .string(currency ?? "usd"), list: .array([.string(id)]),
            ])
        ]
        if let requestKey, !requestKey.isEmpty {
            request.append("request_id", .string(requestKey))
        }
        var filler = filler(for: [:])
        filler.name("catalog.\(list)[0]", key)
        filler.name("request_id", "Idempotency-Key")
        let message = try RequestForm("PublishCatalogRequest", []).filled(request, of: [:], filler)
        let (call, found) = try read(message) { (reader, bytes) throws(CallFault) in
            try reader.publish(bytes)
        }
        let service = CatalogService(environment)
        _ = try await waited(message) { () async throws(ExecuteFault) in
            try await service.publish(call, found: found)
        }
        return .success
    }
}
