internal import Attach
internal import Billing
internal import Repository
internal import Wire

/// Invoices of other systems that are put on record.
extension Exchange {
    private static let recordLimit = 1000

    /// Those of each customer are one commit; each is looked at before the first one is made. What
    /// is on record is replaced, so that a repetition of one that broke off does what is left.
    func insertInvoices() async throws(JSONProblem) -> JSONValue {
        let body = try body()
        guard let items = body["invoices"]?.elements, items.count <= Exchange.recordLimit else {
            throw .invalid("invoices must be a list of at most \(Exchange.recordLimit) objects")
        }
        var customers: [(id: CustomerID, invoices: [JSONValue])] = []
        var order: [(customer: Int, place: Int)] = []
        for (index, item) in items.enumerated() {
            let (customer, invoice) = try recorded(item, at: "invoices[\(index)]")
            let known = customers.firstIndex { $0.id == customer }
            if known == nil { customers.append((customer, [])) }
            let number = known ?? customers.count - 1
            let isTwice = customers[number].invoices.contains {
                $0["external_id"] == invoice["external_id"]
                    && $0["processor"] == invoice["processor"]
            }
            if isTwice { throw .invalid("invoices[\(index)].stripe_id appears twice") }
            order.append((number, customers[number].invoices.count))
            customers[number].invoices.append(invoice)
        }
        var calls: [(form: FilledForm, call: RecordInvoicesCall)] = []
        for customer in customers {
            let form = try RequestForm.recordInvoices.filled(
                recorded(customer.invoices, of: customer.id), of: body, filler(for: body))
            let call = try read(form) { (reader, bytes) throws(CallFault) in
                try reader.recordExternalInvoices(bytes)
            }
            try foresee(.recordInvoices(call.record), of: call.customer, form)
            calls.append((form, call))
        }
        let service = AttachService(environment)
        var shown: [[JSONValue]] = []
        for (form, call) in calls {
            let message = try await waited(form) { () async throws(ExecuteFault) in
                try await service.record(call)
            }
            let context = try context(of: call.customer)
            shown.append(
                try decoded(message, "RecordExternalInvoicesResponse").elements("invoices")
                    .map { .shown($0, .externalInvoice, context) })
        }
        return .object([
            "invoices": .array(order.map { shown[$0.customer][$0.place].without("entity_id") })
        ])
    }

    /// One of them by itself, so that what is wrong is told of where it is.
    private func recorded(
        _ item: JSONValue, at path: String
    ) throws(JSONProblem) -> (CustomerID, JSONValue) {
        do throws(JSONProblem) {
            guard case .object(let object) = item else { throw .invalid("must be an object") }
            let form = RequestForm.recordInvoice
            let (given, filler) = try form.fields(object, filler(ofInvoice: object))
            var fields = given
            let customer = fields["customer_id"] ?? .null
            fields.remove("customer_id")
            if case .string(let code)? = fields["currency"], !isKnown(code) {
                throw .invalid("currency must be an ISO 4217 code, such as \"usd\"")
            }
            if fields["currency"] == nil, filler.currency == nil {
                throw .invalid("currency is required: nothing is published that says which")
            }
            fields.remove("currency")
            let filled = try form.filled(
                ["customer_id": customer, "invoices": .array([.object(fields)])], of: object,
                filler)
            let call = try read(filled) { (reader, bytes) throws(CallFault) in
                try reader.recordExternalInvoices(bytes)
            }
            return (call.customer, .object(fields))
        } catch {
            var problem = error
            problem.message = "\(path): \(error.message)"
            throw problem
        }
    }

    private func recorded(_ invoices: [JSONValue], of customer: CustomerID) -> JSONObject {
        var message: JSONObject = [
            "customer_id": .string(customer.text), "invoices": .array(invoices),
        ]
        if let requestKey, !requestKey.isEmpty {
            message.append("request_id", .string(requestKey))
        }
        return message
    }

    private func isKnown(_ currency: String) -> Bool {
        Currency(code: currency.lowercased()) != nil
    }

    /// Its amounts are in its own currency, or else in the catalog's.
    private func filler(ofInvoice object: JSONObject) -> Filler {
        var currency: Currency?
        if case .string(let code)? = object["currency"] {
            currency = Currency(code: code.lowercased())
        }
        return Filler(names.pricing, currency: currency)
    }
}

extension JSONValue {
    fileprivate func without(_ key: String) -> JSONValue {
        guard case .object(var object) = self else { return self }
        object.remove(key)
        return .object(object)
    }
}
