internal import Billing
internal import Customers
internal import Repository
internal import Wire

/// Customers and entities.
extension Exchange {
    private static let expansions: Set<String> = [
        "invoices", "invoice_previews", "trials_used", "rewards", "entities", "referrals",
        "payment_method", "subscriptions.plan", "purchases.plan", "balances.feature",
        "flags.feature", "billing_controls.auto_topups.purchase_limit",
    ]

    func getCustomer() async throws(JSONProblem) -> JSONValue {
        let form = try filled(.getCustomer)
        let customer = try read(form) { (reader, bytes) throws(CallFault) in
            try reader.getCustomer(bytes)
        }
        let expand = try expanding(form, among: Exchange.expansions)
        let message = try await customerMessage(customer, form)
        return try await shownCustomer(message, customer, expand)
    }

    /// As a message.
    func customerMessage(
        _ customer: CustomerID, _ form: FilledForm
    ) async throws(JSONProblem) -> JSONValue {
        let service = CustomersService(environment)
        let message = try await served(form) { (names, workspace) throws(ExecuteFault) in
            try service.get(customer, names: names, in: workspace)
        }
        return try decoded(message, "GetCustomerResponse")["customer"] ?? .null
    }

    private func shownCustomer(
        _ message: JSONValue, _ customer: CustomerID, _ expand: Set<String>
    ) async throws(JSONProblem) -> JSONValue {
        let context = try context(of: customer, expanding: expand)
        let shown = JSONValue.shown(message, .customer, context)
        guard expand.contains("entities") else { return shown }
        var list: [JSONValue] = []
        for entity in try await allEntities(of: customer) {
            list.append(
                .object([
                    "id": entity["entity_id"] ?? .null, "name": entity["name"] ?? .null,
                    "customer_id": .string(customer.text),
                    "feature_id": entity["feature_id"] ?? .null,
                    "created_at": ReplyShape.Key.time("created_at", from: "create_time")
                        .value(entity, context) ?? .null,
                    "env": .string(environment.name),
                ]))
        }
        return shown.adding("entities", .array(list))
    }

    private func allEntities(of customer: CustomerID) async throws(JSONProblem) -> [JSONValue] {
        var entities: [JSONValue] = []
        var body: JSONObject = ["customer_id": .string(customer.text), "limit": .number("100")]
        while true {
            let page = try await entityPage(try filled(.listEntities, body))
            entities += page.elements("entities")
            guard let token = page.text("next_page_token"), !token.isEmpty else { return entities }
            body.set("start_cursor", .string(token))
        }
    }

    /// As a message.
    fileprivate func entityPage(_ form: FilledForm) async throws(JSONProblem) -> JSONValue {
        let call = try read(form) { (reader, bytes) throws(CallFault) in
            try reader.listEntities(bytes)
        }
        let service = CustomersService(environment)
        let message = try await served(form) { (names, workspace) throws(ExecuteFault) in
            try service.entities(call, names: names, in: workspace)
        }
        return try decoded(message, "ListEntitiesResponse")
    }

    /// Controls are those of a customer who is new; whoever is there keeps what they have.
    func getOrCreateCustomer() async throws(JSONProblem) -> JSONValue {
        let form = try filled(.getOrCreateCustomer, try named(try body()))
        let call = try read(form) { (reader, bytes) throws(CallFault) in
            try reader.getOrCreateCustomer(bytes)
        }
        let expand = try expanding(form, among: Exchange.expansions)
        let controls = try self.controls(form.given)
        let service = CustomersService(environment)
        let message: [UInt8]
        if call.fingerprint.isEmpty {
            message = try await served(form) { (names, workspace) throws(ExecuteFault) in
                try service.getOrCreate(call, names: names, in: workspace)
            }
        } else {
            message = try await waited(form) { () async throws(ExecuteFault) in
                try await service.getOrCreateKnown(call)
            }
        }
        let reply = try decoded(message, "GetOrCreateCustomerResponse")
        guard let controls, reply["created"] == .bool(true) else {
            return try await shownCustomer(reply["customer"] ?? .null, call.customer, expand)
        }
        try await changed(controls.form, controls.call)
        return try await shownCustomer(
            try await customerMessage(call.customer, form), call.customer, expand)
    }

    /// Whoever has no id gets the one that belongs to their email.
    private func named(_ body: JSONObject) throws(JSONProblem) -> JSONObject {
        guard body["customer_id"] == .null else { return body }
        guard case .string(let email)? = body["email"], !email.isEmpty else {
            throw .invalid("customer_id is null: then an email is required")
        }
        var body = body
        do throws(ExecuteFault) {
            body.set("customer_id", .string(try environment.customerID(ofEmail: email).text))
        } catch {
            throw JSONProblem(error)
        }
        return body
    }

    /// What of a body is controls; nil: nothing.
    private func controls(
        _ body: JSONObject
    ) throws(JSONProblem) -> (form: FilledForm, call: ChangeCall)? {
        let names = ["billing_controls", "config"]
        guard names.contains(where: { !(body[$0] ?? .null).asksForNothing }) else { return nil }
        let form = try filled(.updateControls, body)
        let call = try read(form) { (reader, bytes) throws(CallFault) in
            try reader.updateControls(bytes)
        }
        return (form, call)
    }

    func listCustomers() async throws(JSONProblem) -> JSONValue {
        let form = try filled(.listCustomers)
        let call = try read(form) { (reader, bytes) throws(CallFault) in
            try reader.listCustomers(bytes)
        }
        let service = CustomersService(environment)
        let message = try await lane.run { () throws(ExecuteFault) in
            try service.list(call, checkpoint: {})
        }
        let page = try decoded(message, "ListCustomersResponse")
        var list: [JSONValue] = []
        for customer in page.elements("customers") {
            guard let id = customer.text("customer_id").flatMap({ CustomerID($0) }),
                // Gone meanwhile.
                environment.state(of: id) != nil
            else { continue }
            list.append(.shown(customer, .customer, try context(of: id)))
        }
        return .object([
            "list": .array(list),
            "next_cursor": ReplyShape.Key.cursor.value(page, plainContext) ?? .null,
        ])
    }

    /// The profile and the controls are two commits; that neither is refused is known before the
    /// first.
    func updateCustomer() async throws(JSONProblem) -> JSONValue {
        let form = try filled(.updateCustomer)
        let call = try read(form) { (reader, bytes) throws(CallFault) in
            try reader.updateCustomer(bytes)
        }
        let expand = try expanding(form, among: Exchange.expansions)
        if let controls = try controls(form.given) {
            try foresee(.update(call.update), of: call.customer, form)
            try await changed(controls.form, controls.call)
        }
        let service = CustomersService(environment)
        if call.fingerprint == nil {
            try await served(form) { (names, workspace) throws(ExecuteFault) in
                try service.update(call, names: names, in: workspace)
            }
        } else {
            _ = try await waited(form) { () async throws(ExecuteFault) in
                try await service.updateKnown(call)
            }
        }
        return try await shownCustomer(
            try await customerMessage(call.customer, form), call.customer, expand)
    }

    /// Throws what the command would be refused with.
    func foresee(
        _ command: Command, of customer: CustomerID, _ form: FilledForm
    ) throws(JSONProblem) {
        let customers = environment.customers(of: customer)
        do throws(ExecuteFault) {
            let refusal = try customers.read(customer, names: names, in: Workspace()) {
                (customer, names) -> Refusal? in
                let now = customer.buckets.clock.time(at: customers.environmentTime)
                do throws(Refusal) {
                    _ = try customer.decide(command, pricing: names.pricing, now: now)
                    return nil
                } catch {
                    return error
                }
            }.answer
            if let refusal { throw .refused(refusal) }
        } catch {
            throw JSONProblem(error) { form.key(of: $0) }
        }
    }

    func deleteCustomer() async throws(JSONProblem) -> JSONValue {
        let form = try filled(.deleteCustomer)
        let call = try read(form) { (reader, bytes) throws(CallFault) in
            try reader.deleteCustomer(bytes)
        }
        let service = CustomersService(environment)
        _ = try await waited(form) { () async throws(ExecuteFault) in
            try await service.delete(call)
        }
        return .success
    }
}

extension Exchange {
    func createEntity() async throws(JSONProblem) -> JSONValue {
        let form = try filled(.createEntity)
        let call = try read(form) { (reader, bytes) throws(CallFault) in
            try reader.createEntity(bytes)
        }
        let message = try await changed(form, call)
        let entity = try decoded(message, "CreateEntityResponse")["entity"] ?? .null
        return try await shownEntity(entity, call.customer, form)
    }

    func getEntity() async throws(JSONProblem) -> JSONValue {
        try await entity(try filled(.getEntity, try await entityBody()))
    }

    private func entity(_ form: FilledForm) async throws(JSONProblem) -> JSONValue {
        let call = try read(form) { (reader, bytes) throws(CallFault) in
            try reader.getEntity(bytes)
        }
        let service = CustomersService(environment)
        let message = try await served(form) { (names, workspace) throws(ExecuteFault) in
            try service.entity(call, names: names, in: workspace)
        }
        let entity = try decoded(message, "GetEntityResponse")["entity"] ?? .null
        return try await shownEntity(entity, call.customer, form)
    }

    private func shownEntity(
        _ entity: JSONValue, _ customer: CustomerID, _ form: FilledForm
    ) async throws(JSONProblem) -> JSONValue {
        var context = try context(of: customer)
        context.customer = try await customerMessage(customer, form)
        return .shown(entity, .entity, context)
    }

    /// With the customer's id, which may be left out where the entity's is nobody else's.
    private func entityBody() async throws(JSONProblem) -> JSONObject {
        var body = try body()
        guard body["customer_id"] == nil || body["customer_id"] == .null,
            case .string(let id)? = body["entity_id"]
        else { return body }
        guard let entity = InlineText(id) else { throw .invalid("entity_id is too long") }
        let owners = try await owners { customer in
            customer.buckets.extras.entities.all.contains { $0.id == entity }
        }
        guard let owner = owners.first else {
            throw JSONProblem(404, "entity_not_found", "nobody has an entity \"\(id)\"")
        }
        guard owners.count == 1 else {
            throw .invalid("several customers have an entity \"\(id)\"; send customer_id too")
        }
        body.set("customer_id", .string(owner.text))
        return body
    }

    func listEntities() async throws(JSONProblem) -> JSONValue {
        let body = try body()
        guard (body["customer_id"] ?? .null) != .null else { return try await allEntities(body) }
        let form = try filled(.listEntities, body)
        let page = try await entityPage(form)
        guard let customer = form.text("customer_id").flatMap({ CustomerID($0) }) else {
            throw .internalError("a customer was read that has no id")
        }
        var context = try context(of: customer)
        context.customer = try await customerMessage(customer, form)
        return .object([
            "list": .array(page.elements("entities").map { .shown($0, .entity, context) }),
            "next_cursor": ReplyShape.Key.cursor.value(page, context) ?? .null,
        ])
    }

    func updateEntity() async throws(JSONProblem) -> JSONValue {
        let body = try await entityBody()
        let entity = try filled(.getEntity, body)
        let form = try filled(.updateControls, body)
        let call = try read(form) { (reader, bytes) throws(CallFault) in
            try reader.updateControls(bytes)
        }
        try await changed(form, call)
        return try await self.entity(entity)
    }

    func deleteEntity() async throws(JSONProblem) -> JSONValue {
        let form = try filled(.deleteEntity, try await entityBody())
        let call = try read(form) { (reader, bytes) throws(CallFault) in
            try reader.deleteEntity(bytes)
        }
        try await changed(form, call)
        return .success
    }
}
