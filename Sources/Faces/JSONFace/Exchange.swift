internal import Billing
internal import Customers
internal import Entitlement
internal import RPC
internal import Repository
internal import Usage
internal import Wire

/// One request to one environment.
struct Exchange {
    private let environment: TallyEnvironment
    private let scopes: Scopes
    private let request: PageRequest
    private let names: PricingNames

    init(_ environment: TallyEnvironment, _ scopes: Scopes, _ request: PageRequest) {
        self.environment = environment
        self.scopes = scopes
        self.request = request
        names = environment.directory.current
    }

    /// The handlers: validate, call the service, map.
    func answer(_ route: Route) async throws(JSONProblem) -> JSONValue {
        switch route {
        case .check: try await check()
        case .track: try await track()
        case .getCustomer: try await getCustomer()
        case .getOrCreateCustomer: try await getOrCreateCustomer()
        }
    }

    private func check() async throws(JSONProblem) -> JSONValue {
        let form = try filled(.check)
        var call = try read(form) { (reader, bytes) throws(CallFault) in try reader.check(bytes) }
        if call.deduct, !scopes.contains(.usageWrite) { throw .missing(.usageWrite) }
        // From its text: a double would not hold every decimal.
        if case .feature(var query) = call.subject,
            let required = form.quantity("required_quantity")
        {
            query.required = required
            call.subject = .feature(query)
        }
        let service = EntitlementService(environment)
        let message = try await served(form) { (names, workspace) throws(ExecuteFault) in
            try service.check(call, names: names, in: workspace)
        }
        var context = try context(of: call.customer)
        context.productID = form.text("product_id")
        return try shown(
            message, .checkResponse, context.productID == nil ? .check : .productCheck, context)
    }

    private func track() async throws(JSONProblem) -> JSONValue {
        let form = try filled(.track)
        var call = try read(form) { (reader, bytes) throws(CallFault) in try reader.track(bytes) }
        call.usage.value = form.quantity("value") ?? call.usage.value
        let service = UsageService(environment)
        let message = try await served(form) { (names, workspace) throws(ExecuteFault) in
            try service.track(call, names: names, in: workspace)
        }
        return try shown(message, .trackResponse, .track, try context(of: call.customer))
    }

    private func getCustomer() async throws(JSONProblem) -> JSONValue {
        let form = try filled(.getCustomer)
        let customer = try read(form) { (reader, bytes) throws(CallFault) in
            try reader.getCustomer(bytes)
        }
        let service = CustomersService(environment)
        let message = try await served(form) { (names, workspace) throws(ExecuteFault) in
            try service.get(customer, names: names, in: workspace)
        }
        return try shown(
            message, .getCustomerResponse, .customerReply, try context(of: customer))
    }

    private func getOrCreateCustomer() async throws(JSONProblem) -> JSONValue {
        let form = try filled(.getOrCreateCustomer)
        let call = try read(form) { (reader, bytes) throws(CallFault) in
            try reader.getOrCreateCustomer(bytes)
        }
        let service = CustomersService(environment)
        let message = try await served(form) { (names, workspace) throws(ExecuteFault) in
            try service.getOrCreate(call, names: names, in: workspace)
        }
        return try shown(
            message, .getOrCreateCustomerResponse, .customerReply, try context(of: call.customer))
    }
}

/// The steps that every handler takes.
extension Exchange {
    private func filled(_ form: RequestForm) throws(JSONProblem) -> FilledForm {
        // A call without arguments may come without a body.
        guard !request.body.isEmpty else { return try form.fill(JSONObject(), requestKey: nil) }
        let body: JSONValue
        do throws(JSONSyntaxError) {
            body = try JSONParser.parse(request.body)
        } catch {
            throw .invalid(
                "the body is not JSON: \(error.message), line \(error.line), "
                    + "column \(error.column)")
        }
        guard case .object(let object) = body else { throw .invalid("the body must be an object") }
        return try form.fill(object, requestKey: request.header("idempotency-key"))
    }

    private func read<Call>(
        _ form: FilledForm,
        _ read: (RequestReader, UnsafeRawBufferPointer) throws(CallFault) -> Call
    ) throws(JSONProblem) -> Call {
        let reader = RequestReader(
            arena: Workspace().arena, names: names, fingerprintKey: environment.fingerprintKey)
        do throws(CallFault) {
            return try form.message.withUnsafeBufferPointer { (bytes) throws(CallFault) in
                try read(reader, UnsafeRawBufferPointer(bytes))
            }
        } catch {
            throw JSONProblem(error) { form.key(of: $0) }
        }
    }

    /// Runs a call and waits until its answer may be shown.
    private func served(
        _ form: FilledForm,
        _ serve: (PricingNames, Workspace) throws(ExecuteFault) -> Execution
    ) async throws(JSONProblem) -> [UInt8] {
        while true {
            let (message, point) = try step(form, serve)
            guard await environment.reach(point) else { throw .outcomeUnknown }
            if let message { return message }
        }
    }

    /// No message: to be asked again once the point is durable.
    private func step(
        _ form: FilledForm,
        _ serve: (PricingNames, Workspace) throws(ExecuteFault) -> Execution
    ) throws(JSONProblem) -> (message: [UInt8]?, point: CommitPoint) {
        let workspace = Workspace()
        do throws(ExecuteFault) {
            switch try serve(names, workspace) {
            case .again(let point): return (nil, point)
            case .done(let outcome):
                // The message lies in the workspace's arena.
                return withExtendedLifetime(workspace) {
                    (Array(outcome.message), outcome.point)
                }
            }
        } catch {
            throw JSONProblem(error) { form.key(of: $0) }
        }
    }

    /// Read after the call, of which what it tells never changes: so there is nothing to wait for.
    /// It fails only when something falls due in between and cannot be written.
    private func context(of customer: CustomerID) throws(JSONProblem) -> ReplyContext {
        do throws(ExecuteFault) {
            return try environment.customers(of: customer).read(
                customer, names: names, in: Workspace()
            ) {
                ReplyContext(of: $0, pricing: $1.pricing, environment: environment.name)
            }.answer
        } catch {
            throw .unavailable("the answer is not ready; retry with the same Idempotency-Key")
        }
    }

    private func shown(
        _ message: [UInt8], _ kind: MessageKind, _ shape: ReplyShape, _ context: ReplyContext
    ) throws(JSONProblem) -> JSONValue {
        do throws(MalformedMessage) {
            return shape.value(try MessageJSON.decode(message, as: kind), context)
        } catch {
            throw .internalError("a stored reply cannot be read: \(error.message)")
        }
    }
}
