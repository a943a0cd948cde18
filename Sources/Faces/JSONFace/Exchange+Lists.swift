internal import Billing
internal import Customers
internal import Repository
internal import Wire

/// Lists of what many customers have.
extension Exchange {
    private static let invoiceLimit = 5000

    /// Of one customer or of all: those that are kept with it, and those on record.
    func listInvoices() async throws(JSONProblem) -> JSONValue {
        let form = try filled(.listInvoices)
        let statuses = Set(form.texts("status").compactMap { InvoiceStatus(word: $0) })
        let processors = Set(form.texts("processor_types"))
        let page = try await places(form, most: Exchange.invoiceLimit) { customer, add in
            let account = customer.account
            for invoice in account.invoices
            where (statuses.isEmpty || statuses.contains(invoice.status))
                && (processors.isEmpty || processors.contains("stripe"))
            {
                add(invoice.time, "inv_\(invoice.number)")
            }
            for invoice in account.externalInvoices
            where (statuses.isEmpty || statuses.contains(invoice.status))
                && (processors.isEmpty || processors.contains(invoice.processor.word))
            {
                add(invoice.time, "\(invoice.processor.word)/\(invoice.id)")
            }
        }
        let shown = try await shown(page.places, form) { message, context in
            ReplyShape.invoices(of: message, context).map { invoice in
                let id = invoice.text("stripe_id") ?? ""
                return (invoice.text("processor_type").map { "\($0)/\(id)" } ?? id, invoice)
            }
        }
        return .object(["list": .array(shown), "next_cursor": page.next ?? .null])
    }

    /// Of all customers, newest first.
    func allEntities(_ body: JSONObject) async throws(JSONProblem) -> JSONValue {
        let form = try filled(.listEntities, body)
        let page = try await places(form, most: ListCustomersCall.limit) { customer, add in
            guard customer.buckets.hasExtras else { return }
            for entity in customer.buckets.extras.entities.all where !entity.id.isEmpty {
                add(entity.created, entity.id.text)
            }
        }
        var list: [JSONValue] = []
        let service = CustomersService(environment)
        var context: ReplyContext?
        for place in page.places {
            let request: JSONObject = [
                "customer_id": .string(place.customer.text), "entity_id": .string(place.name),
            ]
            let form = try filled(.getEntity, request)
            let call = try read(form) { (reader, bytes) throws(CallFault) in
                try reader.getEntity(bytes)
            }
            // Gone meanwhile.
            guard let state = environment.state(of: place.customer),
                state.customer.buckets.extras.entities.find(call.entity) != nil
            else { continue }
            if context?.customerID != place.customer.text {
                context = try self.context(of: place.customer)
                context?.customer = try await customerMessage(place.customer, form)
            }
            let message = try await served(form) { (names, workspace) throws(ExecuteFault) in
                try service.entity(call, names: names, in: workspace)
            }
            let entity = try decoded(message, "GetEntityResponse")["entity"] ?? .null
            if let context { list.append(.shown(entity, .entity, context)) }
        }
        return .object(["list": .array(list), "next_cursor": page.next ?? .null])
    }

    /// Where a page's are, of one customer or of all.
    ///
    /// - Parameter find: tells of each that an account has when it was made, and its name in it.
    private func places(
        _ form: FilledForm, most: Int,
        _ find:
            @escaping @Sendable (
                borrowing CustomerState, (Timestamp, String) -> Void
            ) -> Void
    ) async throws(JSONProblem) -> (places: [ListPlace], next: JSONValue?) {
        var newest = NewestFirst(after: try place(form), limit: try limit(form, most))
        if form.given["customer_id"].map({ $0 != .null }) == true {
            let customer = try read(form) { (reader, bytes) throws(CallFault) in
                try reader.getCustomer(bytes)
            }
            guard let state = environment.state(of: customer) else {
                throw JSONProblem(ExecuteFault.refused(.customerNotFound(customer.text)))
            }
            find(state.customer) { time, name in
                newest.add(ListPlace(time: time, customer: customer, name: name))
            }
        } else {
            newest = try await looked(newest, find)
        }
        let page = newest.page
        return (page.places, page.next.map { .string($0) })
    }

    /// Through all customers, as of one moment each.
    private func looked(
        _ newest: NewestFirst,
        _ find:
            @escaping @Sendable (
                borrowing CustomerState, (Timestamp, String) -> Void
            ) -> Void
    ) async throws(JSONProblem) -> NewestFirst {
        let environment = environment
        return try await lane.run { () throws(ExecuteFault) in
            var newest = newest
            var call = ListCustomersCall(limit: ListCustomersCall.limit)
            do {
                while true {
                    let next = try environment.list(call, checkpoint: {}) { customer, _ in
                        let id = customer.id
                        find(customer) { time, name in
                            newest.add(ListPlace(time: time, customer: id, name: name))
                        }
                        return true
                    }
                    guard let next else { return newest }
                    call.after = next
                }
            } catch {
                throw ExecuteFault(ofReading: error)
            }
        }
    }

    /// What is at these places; what is gone since is left out. Each customer is read once.
    private func shown(
        _ places: [ListPlace], _ form: FilledForm,
        _ show: (JSONValue, ReplyContext) -> [(name: String, value: JSONValue)]
    ) async throws(JSONProblem) -> [JSONValue] {
        var found: [CustomerID: [String: JSONValue]] = [:]
        for place in places where found[place.customer] == nil {
            found[place.customer] = [:]
            guard environment.state(of: place.customer) != nil else { continue }
            let message = try await customerMessage(place.customer, form)
            let context = try context(of: place.customer)
            for part in show(message, context) { found[place.customer]?[part.name] = part.value }
        }
        return places.compactMap { found[$0.customer]?[$0.name] }
    }

    private func place(_ form: FilledForm) throws(JSONProblem) -> ListPlace? {
        guard let token = form.text("start_cursor"), !token.isEmpty else { return nil }
        guard let place = ListPlace(token: token) else {
            throw .invalid("start_cursor is none that this list gave")
        }
        return place
    }

    private func limit(_ form: FilledForm, _ most: Int) throws(JSONProblem) -> Int {
        guard case .number(let literal)? = form.given["limit"],
            let limit = DecimalText.parseExactly(literal, digits: 0)
        else { return 50 }
        guard limit > 0 else { return 50 }
        return Int(min(limit, Int128(most)))
    }
}

extension InvoiceStatus {
    fileprivate init?(word: String) {
        switch word {
        case "open": self = .open
        case "paid": self = .paid
        case "uncollectible": self = .uncollectible
        case "draft": self = .draft
        case "void": self = .void
        default: return nil
        }
    }
}

extension ExternalInvoice.Processor {
    fileprivate var word: String {
        switch self {
        case .stripe: "stripe"
        case .revenueCat: "revenuecat"
        }
    }
}
