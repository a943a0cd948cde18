internal import Billing
internal import Customers
internal import Entitlement
internal import Repository
internal import Usage
internal import Wire

/// Checks, usage, holds and balances.
extension Exchange {
    func check() async throws(JSONProblem) -> JSONValue {
        let form = try filled(.check)
        let expand = try expanding(form, among: ["balance.feature", "flag.feature"])
        var call = try read(form) { (reader, bytes) throws(CallFault) in try reader.check(bytes) }
        if call.deduct, !scopes.contains(.usageWrite) { throw .missing(.usageWrite) }
        // From its text: a double would not hold every decimal.
        if case .feature(var query) = call.subject,
            let required = form.quantity("required_quantity")
        {
            query.required = required
            call.subject = .feature(query)
        }
        noteLock(form, of: call.customer)
        let service = EntitlementService(environment)
        let message = try await served(form) { (names, workspace) throws(ExecuteFault) in
            try service.check(call, names: names, in: workspace)
        }
        var context = try context(of: call.customer, expanding: expand)
        context.productID = form.text("product_id")
        context.entityID = form.text("entity_id")
        if form.given["with_preview"] == .bool(true), expand.isEmpty { context.catalog = catalog() }
        return try shown(
            message, "CheckResponse", context.productID == nil ? .check : .productCheck, context)
    }

    func track() async throws(JSONProblem) -> JSONValue {
        let form = try filled(.track)
        var call = try read(form) { (reader, bytes) throws(CallFault) in try reader.track(bytes) }
        call.usage.value = form.quantity("value") ?? call.usage.value
        noteLock(form, of: call.customer)
        let service = UsageService(environment)
        let message = try await served(form) { [call] (names, workspace) throws(ExecuteFault) in
            try service.track(call, names: names, in: workspace)
        }
        var context = try context(of: call.customer)
        context.entityID = form.text("entity_id")
        context.eventName = form.text("event_name")
        return try shown(message, "TrackResponse", .track, context)
    }

    func trackTokens() async throws(JSONProblem) -> JSONValue {
        let form = try filled(.trackTokens)
        let call = try read(form) { (reader, bytes) throws(CallFault) in
            try reader.trackTokens(bytes)
        }
        let service = UsageService(environment)
        let message = try await served(form) { (names, workspace) throws(ExecuteFault) in
            try service.trackTokens(call, names: names, in: workspace)
        }
        var context = try context(of: call.customer)
        context.entityID = form.text("entity_id")
        return try shown(message, "TrackTokensResponse", .track, context)
    }

    private static let batchLimit = 1000

    /// Each is a commit of its own, as if they had been tracked one by one: all of them are looked
    /// at before the first is. With the header, the second time counts nothing again.
    func batchTrack() async throws(JSONProblem) -> JSONValue {
        guard let items = try document().elements, !items.isEmpty,
            items.count <= Exchange.batchLimit
        else { throw .invalid("the body must be a list of 1 to 1000 objects") }
        var calls: [(form: FilledForm, call: TrackCall)] = []
        for (index, item) in items.enumerated() {
            calls.append(try batched(item, at: index))
        }
        let service = UsageService(environment)
        for (form, call) in calls {
            try await served(form) { (names, workspace) throws(ExecuteFault) in
                try service.track(call, names: names, in: workspace)
            }
        }
        return .success
    }

    private func batched(
        _ item: JSONValue, at index: Int
    ) throws(JSONProblem) -> (form: FilledForm, call: TrackCall) {
        do throws(JSONProblem) {
            guard case .object(let object) = item else { throw .invalid("must be an object") }
            if object["overage_behavior"] == .string("reject") || object["lock"] != nil {
                throw .invalid("overage_behavior reject, and lock, are not for a batch")
            }
            let own = object["idempotency_key"] != nil
            let key = own ? "" : requestKey.map { "\($0)/\(index)" } ?? ""
            let form = try RequestForm.track.fill(
                object, requestKey: key, filler(for: object))
            var call = try read(form) { (reader, bytes) throws(CallFault) in
                try reader.track(bytes)
            }
            call.usage.value = form.quantity("value") ?? call.usage.value
            guard environment.state(of: call.customer) != nil else {
                throw JSONProblem(
                    404, "customer_not_found", "there is no customer \"\(call.customer.text)\"")
            }
            return (form, call)
        } catch {
            throw JSONProblem(error.status, error.code, "[\(index)]: \(error.message)")
        }
    }

    private func noteLock(_ form: FilledForm, of customer: CustomerID) {
        guard let id = form.given["lock"]?.text("lock_id") else { return }
        locks.note(id, in: environment.name, of: customer)
    }

    /// The lock's customer is who was heard of last with such an id, or else found among all.
    func finalize() async throws(JSONProblem) -> JSONValue {
        var body = try body()
        guard case .string(let id)? = body["lock_id"] else {
            throw .invalid("lock_id is required")
        }
        if body["customer_id"] == nil {
            body.append("customer_id", .string(try await ownerText(ofLock: id)))
        }
        let form = try filled(.finalize, body)
        let call = try read(form) { (reader, bytes) throws(CallFault) in
            try reader.settleHold(bytes)
        }
        let service = EntitlementService(environment)
        try await served(form) { (names, workspace) throws(ExecuteFault) in
            try service.change(call, names: names, in: workspace)
        }
        return .success
    }

    private func ownerText(ofLock id: String) async throws(JSONProblem) -> String {
        if let known = locks.owner(of: id, in: environment.name),
            environment.state(of: known) != nil
        {
            return known.text
        }
        let owners = try await owners { customer in
            customer.buckets.extras.holds.contains { $0.id == id }
        }
        guard let owner = owners.first else { throw .invalidRequest("no lock \"\(id)\" is open") }
        guard owners.count == 1 else {
            throw .invalidRequest(
                "several customers have a lock \"\(id)\"; send customer_id with it")
        }
        return owner.text
    }

    /// Looks through all customers.
    func owners(
        where holds: @escaping @Sendable (borrowing CustomerState) -> Bool
    ) async throws(JSONProblem) -> [CustomerID] {
        let environment = environment
        return try await lane.run { () throws(ExecuteFault) in
            var found: [CustomerID] = []
            var call = ListCustomersCall(limit: ListCustomersCall.limit)
            do {
                while true {
                    let next = try environment.list(call, checkpoint: {}) { customer, _ in
                        if holds(customer) { found.append(customer.id) }
                        return true
                    }
                    guard let next, found.count < 2 else { return found }
                    call.after = next
                }
            } catch {
                throw ExecuteFault(ofReading: error)
            }
        }
    }

    func changeBalance(_ route: Route) async throws(JSONProblem) -> JSONValue {
        let form =
            switch route {
            case .createBalance: try filled(.createBalance)
            case .updateBalance: try filled(.updateBalance)
            case .deleteBalance: try filled(.deleteBalance)
            default: try filled(.recalculateBalances)
            }
        let call = try read(form) { (reader, bytes) throws(CallFault) in
            switch route {
            case .createBalance: try reader.createBalance(bytes)
            case .updateBalance: try reader.updateBalance(bytes)
            case .deleteBalance: try reader.deleteBalance(bytes)
            default: try reader.recalculateBalances(bytes)
            }
        }
        try await changed(form, call)
        return .success
    }

    /// What changes balances, entities or controls.
    @discardableResult
    func changed(_ form: FilledForm, _ call: ChangeCall) async throws(JSONProblem) -> [UInt8] {
        let service = CustomersService(environment)
        return try await served(form) { (names, workspace) throws(ExecuteFault) in
            try service.change(call, names: names, in: workspace)
        }
    }
}
