internal import Attach
internal import Billing
internal import Catalog
internal import Repository
internal import Wire

/// Plans and features: each is published by itself, into the catalog that the gRPC face knows.
extension Exchange {
    func listPlans() async throws(JSONProblem) -> JSONValue {
        let body = try body()
        let isOfAll = body["all_versions"] == .bool(true)
        let withArchived = body["include_archived"] ?? .null
        guard [.null, .bool(true), .bool(false)].contains(withArchived) else {
            throw .invalid("include_archived must be true or false")
        }
        let catalog = catalog(allVersions: isOfAll)
        var list: [JSONValue] = []
        for plan in catalog.elements("plans")
        where withArchived == .bool(true) || plan["archived"] != .bool(true) {
            var plan = plan
            if case .string(let id)? = body["customer_id"] {
                let eligibility = try await eligibility(of: id, body, for: plan)
                plan = plan.adding("customer_eligibility", eligibility)
            }
            list.append(.shown(plan, .plan, plainContext))
        }
        return .object(["list": .array(list)])
    }

    /// What attaching the plan would be to the customer, by the preview of just that.
    private func eligibility(
        of customer: String, _ body: JSONObject, for plan: JSONValue
    ) async throws(JSONProblem) -> JSONValue {
        var attach: JSONObject = [
            "customer_id": .string(customer), "plan_id": plan["plan_id"] ?? .null,
        ]
        if let entity = body["entity_id"] { attach.append("entity_id", entity) }
        let form = try RequestForm.previewAttach.fill(
            attach, requestKey: nil, filler(for: attach))
        let call = try read(form) { (reader, bytes) throws(CallFault) in
            try reader.previewAttach(bytes)
        }
        let service = AttachService(environment)
        do throws(JSONProblem) {
            let message = try await served(form) { (names, workspace) throws(ExecuteFault) in
                try service.preview(call, names: names, in: workspace)
            }
            let preview = try decoded(message, "PreviewAttachResponse")["preview"] ?? .null
            return .object([
                "attach_action": .string(action(preview, plan)),
                "trial_available": .bool(
                    preview.elements("incoming").contains { $0["trial_end_time"] != nil }),
            ])
        } catch  where error.code == "customer_not_found" || error.code == "entity_not_found" {
            throw error
        } catch {
            // What can't be bought now, as it is there already, say.
            return .object(["attach_action": .string("none")])
        }
    }

    private func action(_ preview: JSONValue, _ plan: JSONValue) -> String {
        if preview.text("outcome") == "scheduled" { return "downgrade" }
        let isOneOff = plan["price", "interval"] == .string("one_off")
        if isOneOff || plan["add_on"] == .bool(true) { return "purchase" }
        return preview.elements("outgoing").isEmpty ? "activate" : "upgrade"
    }

    func getPlan() throws(JSONProblem) -> JSONValue {
        let body = try body()
        guard case .string(let id)? = body["plan_id"] else {
            throw .invalid("plan_id must be a string")
        }
        let version = (body["version"] ?? .null) == .null ? nil : body["version"]
        let plans = catalog(allVersions: version != nil).elements("plans")
        let found = plans.first { plan in
            plan.text("plan_id") == id && (version.map { $0.isEqual(to: plan["version"]) } ?? true)
        }
        guard let found else {
            throw JSONProblem(404, "product_not_found", "there is no such plan \"\(id)\"")
        }
        return .shown(found, .plan, plainContext)
    }

    func listFeatures() -> JSONValue {
        .object([
            "list": .array(
                catalog().elements("features").map { .shown($0, .feature, plainContext) })
        ])
    }

    func getFeature() throws(JSONProblem) -> JSONValue {
        guard case .string(let id)? = try body()["feature_id"] else {
            throw .invalid("feature_id must be a string")
        }
        guard let feature = feature(id) else {
            throw JSONProblem(404, "feature_not_found", "there is no feature \"\(id)\"")
        }
        return .shown(feature, .feature, plainContext)
    }

    private func feature(_ id: String) -> JSONValue? {
        catalog().elements("features").first { $0.text("feature_id") == id }
    }

    func publishPlan(isNew: Bool) async throws(JSONProblem) -> JSONValue {
        let form: RequestForm = isNew ? .createPlan : .updatePlan
        let body = try body()
        if try isRetry(of: body["plan_id"], environment.directory.hasPublished(_:plan:)) {
            return try getPlan(ofText: body["plan_id"] ?? .null)
        }
        var (fields, filler) = try form.fields(body, filler(for: body))
        let id = body["plan_id"] ?? .null
        let known = catalog().elements("plans").first { $0["plan_id"] == id }
        if case .object(let plan)? = known {
            guard !isNew else {
                throw JSONProblem(
                    400, "product_already_exists", "there is a plan of this plan_id already")
            }
            fields = plan.patched(by: fields)
        } else if !isNew, filler.violations.isEmpty {
            throw JSONProblem(404, "product_not_found", "there is no plan of this plan_id")
        }
        fields = fields.withoutRemovals
        try await publish("plans", fields, form, body, &filler)
        return try getPlan(ofText: id)
    }

    private func getPlan(ofText id: JSONValue) throws(JSONProblem) -> JSONValue {
        let plan = catalog().elements("plans").first { $0["plan_id"] == id }
        return .shown(plan ?? .null, .plan, plainContext)
    }

    func publishFeature(isNew: Bool) async throws(JSONProblem) -> JSONValue {
        let form: RequestForm = isNew ? .createFeature : .updateFeature
        let body = try body()
        if try isRetry(of: body["feature_id"], environment.directory.hasPublished(_:feature:)) {
            return try getFeature()
        }
        var (fields, filler) = try form.fields(body, filler(for: body))
        let id = body["feature_id"] ?? .null
        let known = catalog().elements("features").first { $0["feature_id"] == id }
        let isLevel = fields["consumable"].map { $0 == .bool(false) }
        fields.remove("consumable")
        if fields["type"] == .string("metered") {
            if isNew, isLevel == nil {
                filler.fault("consumable", "is required with a type of metered")
            }
            let was = known?.text("type")
            let level = isLevel ?? (was == "allocated" || was == "concurrency")
            if level { fields.set("type", .string(was == "concurrency" ? was! : "allocated")) }
        } else if let isLevel, let was = known?.text("type") {
            if was == "metered", isLevel { fields.set("type", .string("allocated")) }
            if was == "allocated", !isLevel { fields.set("type", .string("metered")) }
        }
        if case .object(let feature)? = known {
            guard !isNew else {
                throw JSONProblem(
                    409, "duplicate_feature_id", "there is a feature of this feature_id already")
            }
            fields = feature.patched(by: fields)
        } else if !isNew, filler.violations.isEmpty {
            throw JSONProblem(404, "feature_not_found", "there is no feature of this feature_id")
        }
        try await publish("features", fields, form, body, &filler)
        let published = catalog().elements("features").first { $0["feature_id"] == id }
        return .shown(published ?? .null, .feature, plainContext)
    }

    /// What the request has published before is shown as it is now.
    func isRetry(
        of id: JSONValue?, _ hasPublished: (String, String) -> Bool?
    ) throws(JSONProblem) -> Bool {
        guard let key = requestKey, !key.isEmpty, case .string(let id)? = id,
            let isSame = hasPublished(key, id)
        else { return false }
        guard isSame, !refusesRetries else {
            throw isSame ? .retried : JSONProblem(ExecuteFault.refused(.requestReused))
        }
        return true
    }

    /// Publishes one plan or feature; everything else stays as it is.
    private func publish(
        _ list: String, _ fields: JSONObject, _ form: RequestForm, _ body: JSONObject,
        _ filler: inout Filler
    ) async throws(JSONProblem) {
        var catalog = JSONObject()
        let currency = names.pricing.currency?.code
        catalog.append("currency", .string(currency ?? "usd"))
        catalog.append(list, .array([.object(fields)]))
        var request: JSONObject = ["catalog": .object(catalog)]
        if let key = requestKey, !key.isEmpty { request.append("request_id", .string(key)) }
        let message = try form.within("catalog.\(list)[0]").filled(request, of: body, filler)
        let (call, found) = try read(message) { (reader, bytes) throws(CallFault) in
            try reader.publish(bytes)
        }
        let service = CatalogService(environment)
        _ = try await waited(message) { () async throws(ExecuteFault) in
            try await service.publish(call, found: found)
        }
    }
}

extension JSONObject {
    /// With what is given in place of what there is.
    fileprivate func patched(by given: JSONObject) -> JSONObject {
        var patched = self
        for member in given.members { patched.set(member.key, member.value) }
        // Written, and not read.
        for name in ["revision", "version"] { patched.remove(name) }
        return patched
    }

    /// What a null of the body removes.
    fileprivate var withoutRemovals: JSONObject {
        var kept = self
        for name in ["price", "free_trial"] where kept["remove_\(name)"] != nil {
            kept.remove("remove_\(name)")
            kept.remove(name)
        }
        return kept
    }
}

extension JSONValue {
    /// Whole numbers, however they are written.
    fileprivate func isEqual(to other: JSONValue?) -> Bool {
        guard case .number(let literal) = self, case .number(let written)? = other,
            let number = DecimalText.parseExactly(literal, digits: 0)
        else { return false }
        return number == DecimalText.parseExactly(written, digits: 0)
    }
}
